import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { CALM, type RunningDaemon, runDaemon, sampleOf } from "../support/daemon.ts";
import { until } from "../support/programs.ts";

let running: RunningDaemon;
let seen: number;
beforeAll(async () => {
  running = await runDaemon();
});
afterAll(() => running.end());
beforeEach(async () => {
  running.simulator.faults.clear();
  await follow(CALM);
  await until(async () => (await running.get("/-/ready")).status === 200, "every target to have been looked at");
  await running.round();
  seen = running.records.length;
});

/** What the reload says it did. */
async function follow(yaml: string): Promise<{ added: string[]; removed: string[]; changed: string[]; unchanged: number }> {
  running.write(yaml);
  expect(await running.daemon.reload()).toEqual({ ok: true });
  const line = running.log().findLast(({ msg }) => msg === "config reloaded");
  return line as unknown as { added: string[]; removed: string[]; changed: string[]; unchanged: number };
}
const scheduledSince = (from: number): string[] =>
  running.records
    .slice(from)
    .filter(({ latenessSeconds }) => latenessSeconds !== undefined)
    .map(({ target }) => target.name)
    .toSorted();
const looked = (...names: string[]) =>
  until(() => names.every((name) => scheduledSince(seen).includes(name)), `a scheduled look at ${names.join(", ")}`, 8_000);

interface TargetRow {
  readonly target: string;
  readonly reason: string | null;
  readonly next_run_at: string | null;
}
const rows = async (): Promise<TargetRow[]> => (await (await running.get("/api/v1/targets")).json()) as TargetRow[];
const nextRuns = async (): Promise<Record<string, number>> =>
  Object.fromEntries((await rows()).map(({ target, next_run_at }) => [target, Date.parse(next_run_at ?? "")]));
/** To half a second: two clocks are read for it. */
const near = (runs: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(runs).map(([target, at]) => [target, expect.closeTo(at, -3)]));

test("a comment changes nothing: every target keeps its turn", async () => {
  const before = await nextRuns();
  expect(await follow(`# better\n${CALM}`)).toMatchObject({ added: [], removed: [], changed: [], unchanged: 8 });
  expect(await nextRuns()).toEqual(near(before));
});

test("targets that an entry brings along go on when it does", async () => {
  const tools = CALM.replace(
    "qwen_coder: qwen/qwen3-coder:free",
    'qwen_coder: { id: "qwen/qwen3-coder:free", expect: { answer: ok, tools: true } }',
  );
  expect((await follow(tools)).added).toHaveLength(1);
  await until(async () => (await running.get("/-/ready")).status === 200, "the new one to have been looked at");
  const before = await nextRuns();
  expect(Object.keys(before)).toHaveLength(9);
  expect(await follow(`# better\n${tools}`)).toMatchObject({ added: [], removed: [], changed: [] });
  expect(await nextRuns()).toEqual(near(before));
});

test("a model that is corrected is looked at at once, and its old failures are not held against it", async () => {
  await follow(CALM.replace("qwen/qwen3-coder:free", "qwen/qwen3-coder-480b"));
  await looked("qwen_coder");
  await until(async () => (await running.metrics()).includes('subject="qwen_coder"'), "the fault to be there");
  seen = running.records.length;
  await follow(CALM);
  const page = await running.metrics();
  expect(page).not.toContain('subject="qwen_coder"');
  expect(page).not.toContain("qwen3-coder-480b");
  expect((await rows()).find(({ target }) => target === "qwen_coder")?.reason ?? null).toBe(null);
  await looked("qwen_coder");
  expect(running.records.findLast(({ target }) => target.name === "qwen_coder")?.outcome.verdict).toBe("up");
});

test("a model that moves from free to paid begins new counters under its new id", async () => {
  await follow(CALM.replace("qwen/qwen3-coder:free", "qwen/qwen3-coder"));
  expect(sampleOf(await running.metrics(), 'healthd_probes_total{kind="model",target="qwen_coder",verdict="up"}')).toBe(0);
  await looked("qwen_coder");
  expect(await running.metrics()).toMatch(/healthd_model_cost_usd_total\{[^}]*model="qwen\/qwen3-coder"\} [0-9.e-]+/);
});

test("a renamed target: the old name's series leave, the new one is looked at", async () => {
  expect(await follow(CALM.replace("deepseek_v3:", "deepseek:"))).toMatchObject({ added: ["deepseek"], removed: ["deepseek_v3"] });
  expect(await running.metrics()).not.toContain("deepseek_v3");
  await looked("deepseek");
});

test("another key restarts all that goes through it and nothing else; counters go on", async () => {
  const counter = 'healthd_probes_total{kind="credential",target="openrouter",verdict="up"}';
  const before = sampleOf(await running.metrics(), counter);
  const { changed } = await follow(CALM.replace("$KEY", running.simulator.credentials.managementKey));
  expect(changed.toSorted()).toEqual(["deepseek_v3", "gemini_flash", "openrouter", "openrouter_catalog", "qwen_coder"]);
  expect(sampleOf(await running.metrics(), counter)).toBe(before);
  await looked("openrouter", "openrouter_catalog");
});

test("a name that stands for another kind keeps no series of the old one", async () => {
  const app = CALM.replace(/^ {2}files_read:.*\n/m, "").replace("apps:\n", 'apps:\n  files_read: { url: "$APP" }\n');
  expect((await follow(app)).changed).toEqual(["files_read"]);
  const page = await running.metrics();
  expect(page).not.toContain('kind="bucket",target="files_read"');
  expect(page).toContain('healthd_probes_total{kind="app",target="files_read",verdict="up"} 0');
  await looked("files_read");
});

test("another shard: what it takes over is looked at, though its config is the same", async () => {
  const names = async () => (await rows()).map(({ target }) => target).toSorted();
  const all = await names();
  await follow(`${CALM}shard: { index: 0, total: 2 }\n`);
  const first = await names();
  seen = running.records.length;
  await follow(`${CALM}shard: { index: 1, total: 2 }\n`);
  const second = await names();
  expect([...new Set([...first, ...second])].toSorted()).toEqual(all);
  const takenOver = second.filter((name) => !first.includes(name));
  expect(takenOver.length).toBeGreaterThan(0);
  expect(sampleOf(await running.metrics(), "healthd_shard_index")).toBe(1);
  await looked(...takenOver);
});

test("a run of a target that changes meanwhile is ended, and says nothing of what the target is now", async () => {
  running.simulator.faults.on("slow_headers", { service: "app", ms: 20_000 });
  const asked = running.get("/probe?target=frontend");
  await until(async () => sampleOf(await running.metrics(), "healthd_probes_in_flight") === 1, "the probe to hang");
  running.simulator.faults.clear();
  await follow(CALM.replace("needs: [files, openrouter]", "needs: [files]"));
  await looked("frontend");
  await (await asked).text();
  const since = running.records.slice(seen).filter(({ target }) => target.name === "frontend");
  expect(since.map(({ outcome, target }) => [outcome.verdict, target.needs])).toEqual([["up", ["files"]]]);
});

test("a credential that goes takes its budget along", async () => {
  const two = CALM.replace("credentials:\n", 'credentials:\n  spare: { api_key: $KEY, base_url: "$API" }\n').replaceAll(
    /^( {2}\w+): (\S+:free)$/gm,
    "$1: { id: $2, credential: openrouter }",
  );
  await follow(two.replace("expect: { vision", "credential: openrouter, expect: { vision"));
  expect(await running.metrics()).toContain('healthd_budget_usd_remaining{credential="spare"}');
  await follow(CALM);
  expect(await running.metrics()).not.toContain("spare");
});

test("two reloads at once follow each other", async () => {
  running.write(CALM.replace("deepseek_v3:", "deepseek:"));
  const asked = await Promise.all(Array.from({ length: 10 }, () => fetch(`${running.daemon.url}/-/reload`, { method: "POST" })));
  expect(asked.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
  expect((await rows()).map(({ target }) => target).filter((name) => name.startsWith("deepseek"))).toEqual(["deepseek"]);
});
