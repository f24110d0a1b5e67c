import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { SECOND_LOOK_SECONDS } from "../../src/schedule/second-look.ts";
import { CALM, type RunningDaemon, runDaemon, sampleOf } from "../support/daemon.ts";
import { until } from "../support/programs.ts";

let running: RunningDaemon;
beforeAll(async () => {
  running = await runDaemon();
  await running.round();
});
afterAll(() => running.end());
afterEach(async () => {
  running.simulator.faults.clear();
  running.write(CALM);
  await running.daemon.reload();
});

const TARGETS = ["openrouter", "openrouter_catalog", "qwen_coder", "gemini_flash", "deepseek_v3", "files", "files_read", "frontend"];
const success = (page: string): Record<string, number> =>
  Object.fromEntries(
    [...page.matchAll(/^healthd_probe_success\{.*?target="(.*?)".*\} (\d)$/gm)].map(([, name, value]) => [name, Number(value)]),
  );

test("every target is up within seconds of the start, and ready says so", async () => {
  expect(success(await running.metrics())).toEqual(Object.fromEntries(TARGETS.map((name) => [name, 1])));
  expect((await running.get("/-/ready")).status).toBe(200);
  expect((await running.get("/livez")).status).toBe(200);
});

test("/probe runs one target now", async () => {
  const page = await (await running.get("/probe?target=qwen_coder")).text();
  expect(sampleOf(page, "probe_success")).toBe(1);
  expect(sampleOf(page, "probe_http_status_code")).toBe(200);
});

describe("a fault changes exactly what it should", () => {
  const ROWS = [
    // The revoked key fails all that needs it: the key check, the models, and the application.
    ["key", 401, ["openrouter", "qwen_coder", "gemini_flash", "deepseek_v3", "frontend"], "unauthorized"],
    ["model", 400, ["qwen_coder"], "model_missing"],
    ["storage", 503, ["files", "files_read", "frontend"], "s3_slow_down"],
  ] as const;
  test.each(ROWS)("%s (%d)", async (fault, code, failing, reason) => {
    await running.round();
    const before = await running.metrics();
    running.simulator.faults.on(fault);
    await running.round();
    const page = await running.metrics();
    expect(
      Object.entries(success(page))
        .filter(([, up]) => up === 0)
        .map(([name]) => name)
        .toSorted(),
    ).toEqual([...failing].toSorted());
    const [first = ""] = failing;
    const kind = { openrouter: "credential", qwen_coder: "model", files: "bucket" }[first as string];
    const responses = `healthd_probe_responses_total{kind="${kind}",target="${first}",code="${code}",via="header"}`;
    expect(sampleOf(page, responses)).toBeGreaterThan(sampleOf(before, responses) ?? Number.NaN);
    expect(page).toMatch(
      new RegExp(`healthd_probe_last_outcome_info\\{kind="${kind}",target="${first}",verdict="down",reason="${reason}",owner="\\w+"\\} 1`),
    );

    const line = running.log().findLast(({ target, verdict }) => target === first && verdict === "down");
    expect(line).toMatchObject({ level: "error", kind, reason, status_code: code, via: "header", request: expect.any(Object) });
    expect(line?.error_body).toEqual(expect.stringMatching(/User not found|not a valid model ID|ServiceUnavailable/));
    running.simulator.faults.clear();
    await running.round();
    expect(Object.values(success(await running.metrics())).every((up) => up === 1)).toBe(true);
  });
});

interface FaultRow {
  readonly owner: string;
  readonly reason: string;
  readonly subject: string;
  readonly explains: readonly string[];
  readonly since: string;
  readonly evidence: readonly { readonly target: string; readonly status_code: number; readonly error_body: string }[];
}
const faults = async (): Promise<FaultRow[]> => (await (await running.get("/api/v1/faults")).json()) as FaultRow[];

/** When they began, of those after so many records. */
const looksAt = (name: string, since: number): readonly number[] =>
  running.records.slice(since).flatMap(({ target, startedAt }) => (target.name === name ? [startedAt] : []));

test("what a failing application needs is looked at soon: the cause is named long before its next turn", async () => {
  await running.round();
  const before = running.records.length;
  running.simulator.faults.on("storage");
  await running.get("/probe?target=frontend");
  await until(
    async () => (await faults()).some(({ subject, explains }) => subject === "files" && explains.includes("frontend")),
    "the bucket to explain the application",
  );
  const [failed = Number.NaN] = looksAt("frontend", before);
  expect((looksAt("files", before)[0] ?? Number.NaN) - failed).toBeLessThan(SECOND_LOOK_SECONDS * 1000);
  running.simulator.faults.clear();
  await running.round();
}, 60_000);

test("what a fault explained is looked at again soon after it ends, long before its second look or its next turn", async () => {
  await running.round();
  running.simulator.faults.on("storage");
  await running.get("/probe?target=files");
  const before = running.records.length;
  await running.get("/probe?target=frontend");
  await until(async () => (await faults()).some(({ explains }) => explains.includes("frontend")), "the bucket to explain the application");
  running.simulator.faults.clear();
  await running.get("/probe?target=files");
  await until(async () => success(await running.metrics()).frontend === 1, "the application to be seen up");
  const looks = looksAt("frontend", before);
  expect((looks.at(-1) ?? Number.NaN) - (looks[0] ?? Number.NaN)).toBeLessThan(SECOND_LOOK_SECONDS * 1000);
}, 60_000);

describe("one broken thing is one fault, with all that it explains", () => {
  test.each([
    ["key", "key", "unauthorized", "openrouter", ["deepseek_v3", "frontend", "gemini_flash", "openrouter", "qwen_coder"]],
    ["storage", "storage", "s3_slow_down", "files", ["files", "frontend"]],
    ["provider", "provider", "provider_error", "openrouter", ["deepseek_v3", "gemini_flash", "qwen_coder"]],
  ] as const)("%s", async (fault, owner, reason, subject, explains) => {
    const before = running.log().length;
    running.simulator.faults.on(fault);
    await running.round();
    const found = async () => (await faults()).find((one) => one.subject === subject);
    // Records come one by one: the fault grows with them.
    await until(
      async () => (await found())?.explains.toSorted().join() === explains.join(),
      `the fault to explain ${explains.join()}`,
      5_000,
    );
    expect(await found()).toMatchObject({ owner, reason, subject });
    const kind = fault === "storage" ? 'kind="bucket"' : 'kind="credential",credential="openrouter"';
    const labels = `{owner="${owner}",reason="${reason}",subject="${subject}",${kind}}`;
    const page = await running.metrics();
    expect(sampleOf(page, `healthd_fault_active${labels}`)).toBe(explains.length);
    expect(sampleOf(page, `healthd_fault_sightings${labels}`)).toBeGreaterThanOrEqual(1);
    const { status_code: code, error_body: body } = (await found())?.evidence.find(({ target }) => target === explains.at(-1)) ?? {};
    expect({ code, body }).toEqual({ code: expect.any(Number), body: expect.any(String) });
    expect(sampleOf(page, `healthd_fault_down${labels}`)).toBe(1);
    const since = Date.parse((await found())?.since ?? "") / 1000;
    expect(sampleOf(page, `healthd_fault_start_timestamp_seconds${labels}`)).toBe(since);
    running.simulator.faults.clear();
    // The root first: what it had explained is no news before it is looked at again.
    await running.get(`/probe?target=${explains.find((name) => name === subject) ?? explains[0]}`);
    const others = explains.filter((name) => name !== subject);
    const inItsPlace = async (): Promise<boolean> => (await faults()).some((one) => others.some((name) => name === one.subject));
    if (subject !== "openrouter" || fault === "key")
      await until(async () => !(await faults()).some((one) => one.subject === subject), "the fault to close");
    expect(await inItsPlace()).toBe(false);
    await running.round();
    await until(async () => (await faults()).length === 0, "all to be well");
    expect(await running.metrics()).not.toContain("healthd_fault_active{");
    const told = running
      .log()
      .slice(before)
      .filter((line) => line.subject === subject && line.reason === reason)
      .map((line) => line.fault);
    expect(told).toEqual(["open", "closed"]);
  });
});

describe("reload", () => {
  test("a removed target's series leave at once, the others' counters go on", async () => {
    const counter = 'healthd_probes_total{kind="model",target="qwen_coder",verdict="up"}';
    const before = sampleOf(await running.metrics(), counter) ?? 0;
    running.write(CALM.replace(/^ {2}deepseek_v3.*\n/m, ""));
    expect(await running.daemon.reload()).toEqual({ ok: true });
    const page = await running.metrics();
    expect(page).not.toContain("deepseek_v3");
    expect(sampleOf(page, counter)).toBeGreaterThanOrEqual(before);
    await running.round();
    expect(await running.metrics()).not.toContain("deepseek_v3");
  });

  test("a wrong config is refused with its reason, and the old one runs on", async () => {
    running.write("models: 5\n");
    const response = await fetch(`${running.daemon.url}/-/reload`, { method: "POST" });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("test.yaml:1:");
    expect(sampleOf(await running.metrics(), "healthd_config_last_reload_successful")).toBe(0);
    await running.round();
    expect(running.log().some(({ msg }) => msg === "the new config is wrong; the old one stays in force")).toBe(true);
    running.write(CALM);
    await running.daemon.reload();
    expect(sampleOf(await running.metrics(), "healthd_config_last_reload_successful")).toBe(1);
  });

  test("a changed target is probed as it is now", async () => {
    running.write(CALM.replace("qwen/qwen3-coder:free", "qwen/qwen3-coder-480b"));
    await running.daemon.reload();
    await running.round();
    expect(await running.metrics()).toMatch(/healthd_probe_success\{kind="model",target="qwen_coder",credential="openrouter"\} 0/);
  });

  test("/config shows the config without its secrets", async () => {
    const text = await (await running.get("/config")).text();
    const { apiKey, secretAccessKey } = running.simulator.credentials;
    expect(text).toContain("qwen_coder: qwen/qwen3-coder:free");
    expect(text).not.toContain(apiKey);
    expect(text).not.toContain(secretAccessKey);
  });
});

test("no log line, metric, page or API answer holds a secret", async () => {
  running.simulator.faults.on("key");
  await running.round();
  const pages = await Promise.all(
    ["/", "/metrics", "/api/v1/targets", "/api/v1/targets/openrouter", "/config"].map(async (path) => (await running.get(path)).text()),
  );
  const everything = pages.join("\n") + JSON.stringify(running.log());
  const { apiKey, secretAccessKey, accessKeyId } = running.simulator.credentials;
  for (const secret of [apiKey, apiKey.slice(10, 40), secretAccessKey, accessKeyId]) expect(everything).not.toContain(secret);
  expect(everything).toContain("unauthorized");
});

test("stopping: a scrape still works while a probe hangs, and it ends within the grace time", async () => {
  const other = await runDaemon(
    CALM.replace("timeout: 900ms }\n", "timeout: 20s }\n").replaceAll("every: 1s, timeout: 20s", "every: 30s, timeout: 20s"),
  );
  try {
    other.simulator.faults.on("slow_headers", { service: "openrouter", ms: 60_000 });
    const probing = other.get("/probe?target=qwen_coder");
    await until(async () => sampleOf(await other.metrics(), "healthd_probes_in_flight") === 1, "the probe to hang");
    const from = performance.now();
    const stopped = other.daemon.stop();
    expect(sampleOf(await other.metrics(), "healthd_probes_in_flight")).toBe(1);
    await stopped;
    expect(performance.now() - from).toBeLessThan(10_000);
    expect((await probing).status).toBe(503);
  } finally {
    await other.simulator.stop();
  }
}, 20_000);

test("an address that is taken is refused with what to do, and nothing is left running", async () => {
  const { startDaemon } = await import("../../src/daemon/daemon.ts");
  const port = Number(new URL(running.daemon.url).port);
  const loaded = await import("../../src/config/load.ts");
  const { sections } = await import("../../src/probes/index.ts");
  const config = loaded.loadConfig({ file: "x.yaml", text: "apps: { a: { url: http://127.0.0.1:1 } }", sections, env: {} });
  if (!config.ok) throw new Error("config");
  const { createRedactor } = await import("../../src/base/redact.ts");
  const { createLog } = await import("../../src/base/log.ts");
  const redactor = createRedactor();
  const log = createLog({ level: "fatal", redactor });
  const listen = { host: "127.0.0.1", port };
  const started = await startDaemon({ config: config.config, listen, log, redactor, read: () => config, historyPath: ":memory:" });
  expect(started).toMatchObject({ ok: false, why: expect.stringContaining("--listen HOST:PORT") });
});
