/** `llm-healthd demo` as a newcomer runs it: everything up at once, and each way to break it shows where it should and nowhere else. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { answers, missing, until } from "../support/programs.ts";
import { byTarget, type Healthd, killLeftovers, runHealthd, type Sample, scrape, startHealthd, targetsAt } from "./healthd.ts";

const MODELS = ["deepseek_v3", "gemini_flash", "gemma_27b", "kimi_k2", "qwen_coder", "qwen_vl", "tongyi_research"];
const ALL = [...MODELS, "files", "frontend", "openrouter", "openrouter_catalog"].toSorted();

afterAll(killLeftovers);

const startDemo = (...args: string[]): Healthd => startHealthd(["demo", "--listen", "127.0.0.1:0", "--log-level", "info", ...args]);
const metricsUrl = (demo: Healthd): Promise<string> => demo.says(/metrics\s+(http:\S+)/);

async function end(demo: Healthd): Promise<void> {
  demo.signal("SIGINT");
  expect(await demo.ended).toEqual({ code: 0, signal: null });
  expect(demo.err()).not.toMatch(/unhandled|prober_fault|"level":"fatal"/i);
}

/** `target reason owner`, of all that is not ok. */
const outcomes = (samples: readonly Sample[]): string[] =>
  samples
    .filter(({ name, labels }) => name === "healthd_probe_last_outcome_info" && labels.reason !== "ok")
    .map(({ labels }) => `${labels.target} ${labels.verdict} ${labels.reason} ${labels.owner}`)
    .toSorted();

/** `target code`, of every code that was ever answered. */
const answered = (samples: readonly Sample[]): string[] =>
  samples
    .filter(({ name, value }) => name === "healthd_probe_responses_total" && value > 0)
    .map(({ labels }) => `${labels.target} ${labels.code}`)
    .toSorted();

const with200 = (...more: string[]): string[] => [...ALL.map((target) => `${target} 200`), ...more].toSorted();

test("a scrape with every target up within ten seconds of the start", async () => {
  const start = performance.now();
  const demo = startDemo();
  const url = await metricsUrl(demo);
  const samples = await scrape(url);
  const seconds = (performance.now() - start) / 1000;
  expect(targetsAt(samples, "healthd_probe_success", 1)).toEqual(ALL);
  process.stdout.write(`demo: every target up on /metrics after ${seconds.toFixed(1)} s\n`);
  expect(seconds).toBeLessThan(10);
  await end(demo);
});

describe.concurrent("a fault changes what it must and nothing else", () => {
  const CASES = [
    {
      fault: "key",
      down: [
        ...MODELS.map((model) => `${model} down unauthorized key`),
        "frontend down app_status app",
        "openrouter down unauthorized key",
      ],
      codes: [...MODELS.map((model) => `${model} 401`), "openrouter 401", "frontend 503"],
      logged: {
        target: "kimi_k2",
        status_code: 401,
        reason: "unauthorized",
        model_id: "moonshotai/kimi-k2:free",
        error_body: /User not found/,
      },
    },
    {
      fault: "model",
      down: ["qwen_coder down model_missing request", "openrouter_catalog degraded model_missing request"],
      codes: ["qwen_coder 400"],
      logged: {
        target: "qwen_coder",
        status_code: 400,
        reason: "model_missing",
        model_id: "qwen/qwen3-coder:free",
        error_body: /is not a valid model ID/,
      },
    },
    {
      fault: "storage",
      down: ["files down s3_slow_down storage", "frontend down app_status app"],
      codes: ["files 503", "frontend 503"],
      logged: { target: "files", status_code: 503, reason: "s3_slow_down", error_body: /ServiceUnavailable/ },
    },
  ] as const;

  test.for(CASES)("--fault $fault", async ({ fault, down, codes, logged }, { expect }) => {
    const demo = startDemo("--fault", fault);
    const url = await metricsUrl(demo);
    let samples: readonly Sample[] = [];
    await until(async () => {
      samples = await scrape(url);
      // The second failure comes a round after the first: what the fault spoils without reason would show by then.
      return outcomes(samples).length >= down.length && (byTarget(samples, "healthd_probe_consecutive_failures")[logged.target] ?? 0) >= 2;
    }, `${down.length} targets not ok, and a round more`);
    expect(outcomes(samples)).toEqual([...down].toSorted());
    // All were up before: only the fault's own codes have come since.
    expect(answered(samples)).toEqual(with200(...codes));
    const failed = down
      .filter((line) => line.includes(" down "))
      .map((line) => line.split(" ")[0])
      .toSorted();
    expect(targetsAt(samples, "healthd_probe_success", 0)).toEqual(failed);
    expect(targetsAt(samples, "healthd_probe_success", 1)).toEqual(ALL.filter((target) => !failed.includes(target)));

    const line = demo.log().find(({ target, verdict }) => target === logged.target && verdict === "down");
    expect(line).toMatchObject({
      ...logged,
      error_body: expect.stringMatching(logged.error_body),
      level: "error",
      request: expect.anything(),
    });
    const secret = /API key\s+(\S+)/.exec(demo.out())?.[1] ?? "";
    const s3Secret = /S3 key\s+\S+ \/ (\S+)/.exec(demo.out())?.[1] ?? "";
    expect([secret.length, s3Secret.length]).toEqual([73, 40]);
    for (const text of [secret, s3Secret, "Authorization", "Bearer"]) expect(demo.err()).not.toContain(text);
    await end(demo);
  });

  test("the printed curl lines: broken, and well again", async ({ expect }) => {
    const demo = startDemo();
    const url = await metricsUrl(demo);
    const control = await demo.says(/PUT\s+(http:\S+\/_simulator\/faults)\/storage/);
    const values = async (): Promise<Readonly<Record<string, string>>> =>
      Object.fromEntries(
        (await scrape(url))
          .filter(({ name }) =>
            ["healthd_probe_success", "healthd_probe_status_code", "healthd_key_valid", "healthd_model_listed"].includes(name),
          )
          .map(({ name, labels, value }) => [`${name} ${labels.target ?? labels.credential}`, String(value)]),
      );
    const before = await values();
    expect((await fetch(`${control}/storage`, { method: "PUT" })).status).toBe(200);
    await until(async () => (await values())["healthd_probe_success frontend"] === "0", "the application to be down");
    await until(async () => (await values())["healthd_probe_success files"] === "0", "the bucket to be down");
    const broken = await values();
    expect(Object.keys(broken)).toEqual(Object.keys(before));
    expect(
      Object.keys(broken)
        .filter((series) => broken[series] !== before[series])
        .toSorted(),
    ).toEqual([
      "healthd_probe_status_code files",
      "healthd_probe_status_code frontend",
      "healthd_probe_success files",
      "healthd_probe_success frontend",
    ]);
    expect((await fetch(control, { method: "DELETE" })).status).toBe(200);
    await until(async () => JSON.stringify(await values()) === JSON.stringify(before), "all to be as before");
    expect(demo.out()).toContain("files is up again");
    await end(demo);
  });
});

const why = missing("prometheus", "prometheus-alertmanager", "ps");
test.skipIf(why !== undefined)(
  `--stack: a newcomer injects a fault and watches one page come${why === undefined ? "" : `: ${why}`}`,
  async () => {
    const demo = startDemo("--stack", "--fault", "storage");
    const prometheus = await demo.says(/Prometheus\s+(http:\S+)\/alerts/);
    expect((await fetch(`${prometheus}/-/healthy`)).status).toBe(200);
    expect(await demo.says(/PAGE: (\w+)/)).toBe("StorageUnavailable");
    expect(demo.out()).toMatch(/files .*: the storage is unavailable.*Owner: storage\. More: llm-healthd explain StorageUnavailable/);
    demo.signal("SIGTERM");
    expect(await demo.ended).toEqual({ code: 0, signal: null });
    // Nothing that it started outlives it.
    expect(processesAt([prometheus])).toEqual([]);
    await expect(fetch(`${prometheus}/-/healthy`)).rejects.toThrow();
    expect(demo.out().match(/PAGE: /g)).toHaveLength(1);
  },
);

/** Command lines of this machine's processes that name one of these addresses. */
function processesAt(urls: readonly string[]): readonly string[] {
  const { status, stdout } = spawnSync("ps", ["-A", "-o", "args="], { encoding: "utf8" });
  expect(status).toBe(0);
  return stdout.split("\n").filter((line) => urls.some((url) => line.includes(new URL(url).host)));
}

test.skipIf(why !== undefined)("--stack, killed outright: what it started ends by itself", async () => {
  // Who is killed cannot clear away its folder.
  const folder = mkdtempSync(join(tmpdir(), "healthd-demo-"));
  const demo = startHealthd(["demo", "--listen", "127.0.0.1:0", "--stack"], { TMPDIR: folder });
  const urls = [await demo.says(/Prometheus\s+(http:\S+)\/alerts/), await demo.says(/Alertmanager\s+(http:\S+)/)];
  for (const url of urls) expect(await answers(`${url}/-/healthy`)).toBe(true);
  expect(processesAt(urls).length).toBeGreaterThanOrEqual(2);
  demo.signal("SIGKILL");
  expect(await demo.ended).toEqual({ code: null, signal: "SIGKILL" });
  await until(() => processesAt(urls).length === 0, "Prometheus and Alertmanager to be gone");
  for (const url of urls) expect(await answers(`${url}/-/healthy`)).toBe(false);
  rmSync(folder, { recursive: true });
});

test("--stack without the programs says what to install, and starts nothing", async () => {
  const { code, out, err } = await runHealthd(["demo", "--stack"], { PATH: "/nowhere" });
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain("does not find prometheus and alertmanager on the PATH");
  expect(err).toContain("apt-get install prometheus prometheus-alertmanager");
});
