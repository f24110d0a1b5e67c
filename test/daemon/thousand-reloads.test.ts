/** A daemon that is reloaded a thousand times while it probes and is scraped: whoever is not concerned never notices. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { ProbeRecord } from "../../src/core/probe.ts";
import { type RunningDaemon, runDaemon, sampleOf } from "../support/daemon.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { until } from "../support/programs.ts";

const RELOADS = 1000;
const EVERY_SECONDS = 2;
/** The connections that this test's own requests keep open for a while: a leak would be one at every reload. */
const OWN_CONNECTIONS = 8;
const BASE = `credentials:
  openrouter: { api_key: $KEY, base_url: "$API", every: 2s, timeout: 2s, catalog: { every: 2s, timeout: 2s } }
  spare: { api_key: $KEY, base_url: "$API", every: 2s, timeout: 2s, catalog: { every: 10m } }
models:
  coder: { id: "qwen/qwen3-coder:free", credential: openrouter }
  tools: { id: "qwen/qwen3-coder:free", credential: openrouter, expect: { answer: ok, tools: true } }
buckets:
  files: { bucket: $BUCKET, endpoint: "$S3", region: $REGION, access_key_id: $S3_KEY, secret_access_key: $S3_SECRET }
apps:
  frontend: { url: "$APP", needs: [files, openrouter] }
defaults: { every: 2s, timeout: 2s }
budget: { free_quota_share: 1, free_requests_per_minute: 100000 }
`;
/** No reload concerns these. */
const STEADY = ["openrouter", "coder", "tools", "tools_answer", "files", "frontend"];

/** What somebody does to a config, over and over; each time with names and values that were never there before. */
const EDITS: readonly ((nth: number) => string)[] = [
  (nth) => BASE.replace("buckets:", `  extra_${nth}: { id: "google/gemma-3-27b-it:free", credential: spare }\nbuckets:`),
  (nth) => BASE.replace("apps:\n", `apps:\n  page_${nth}: { url: "$APP", needs: [files] }\n`),
  (nth) => BASE.replace("spare: { api_key: $KEY", `spare: { api_key: sk-or-v1-${String(nth).padStart(32, "0")}`),
  (nth) => BASE.replace("apps:\n", `apps:\n  changing: { url: "$APP?v=${nth % 7}" }\n`),
  (nth) => BASE.replace("  spare:", `  spare_${nth}:`),
  (nth) => `${BASE}models_${nth}: {}\n`,
  () => BASE,
];

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const heap = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};
const seriesOf = (page: string): string[] => [...page.matchAll(/^healthd_[^ ]+/gm)].map(([series]) => series).toSorted();

const inFlight = async ({ metrics }: RunningDaemon) => sampleOf(await metrics(), "healthd_probes_in_flight");

/** Time passes, and while probes run, the config changes: as many reloads as asked for, most of them in the middle of a probe. */
async function reloadOften(running: RunningDaemon, clock: FakeClock, count: number, from: number): Promise<number> {
  const { write, daemon, metrics } = running;
  let nth = from;
  let refused = 0;
  const reload = async (): Promise<void> => {
    write((EDITS[nth % EDITS.length] ?? EDITS[0])?.(nth) ?? BASE);
    nth++;
    const answer = await fetch(`${daemon.url}/-/reload`, { method: "POST" });
    if (answer.status !== 200) refused++;
    await answer.text();
    if (nth % 10 === 0) await Promise.all([metrics(), metrics()]);
  };
  while (nth < from + count) {
    await reload();
    await clock.advance(20);
    // Half a second has passed: on a slow machine too, no probe is to run into its timeout.
    if (nth % 25 === 0) await until(async () => (await inFlight(running)) === 0, "the probes to end");
  }
  write(BASE);
  await daemon.reload();
  return refused;
}

/** Turns between the first record and the last that left no record, by when each was due. */
function lostTurns(records: readonly ProbeRecord[]): number {
  const dues = records.flatMap(({ startedAt, latenessSeconds }) =>
    latenessSeconds === undefined ? [] : [startedAt / 1000 - latenessSeconds],
  );
  // The first run comes off the grid.
  const [, first = 0] = dues;
  const last = dues.at(-1) ?? 0;
  return Math.round((last - first) / EVERY_SECONDS) + 1 - (dues.length - 1);
}

test("a thousand reloads under load", async () => {
  const clock = createFakeClock(systemClock.wall());
  const running = await runDaemon(BASE, { requestsKept: 10 }, clock);
  const quiet = async (): Promise<void> => {
    while ((await running.get("/-/ready")).status !== 200 || (await inFlight(running)) !== 0) await clock.advance(10);
  };
  /** The fewest that a whole interval sees: what was seen is written a moment later, on a timer that comes and goes. */
  const timersAtRest = async (): Promise<number> => {
    let fewest = Number.POSITIVE_INFINITY;
    for (let at = 0; at < EVERY_SECONDS * 1000; at += 50) {
      await clock.advance(50);
      await quiet();
      fewest = Math.min(fewest, clock.pending);
    }
    return fewest;
  };
  const resources = (): number => process.getActiveResourcesInfo().length;
  try {
    // Whatever is made only once is made before it is counted.
    await reloadOften(running, clock, 100, 0);
    await quiet();
    const timers = await timersAtRest();
    const before = { series: seriesOf(await running.metrics()), timers, resources: resources(), heap: heap() };

    const refused = await reloadOften(running, clock, RELOADS, 100);
    expect(refused).toBe([...Array(RELOADS).keys()].filter((nth) => (nth + 100) % EDITS.length === 5).length);
    await quiet();

    const page = await running.metrics();
    const after = seriesOf(page);
    expect(after.filter((series) => !before.series.includes(series))).toEqual([]);
    expect(before.series.filter((series) => !after.includes(series))).toEqual([]);
    for (const name of STEADY) {
      const own = running.records.filter(({ target }) => target.name === name);
      expect(own.length).toBeGreaterThan(10);
      expect({ name, lost: lostTurns(own) }).toEqual({ name, lost: 0 });
      expect(own.filter(({ outcome }) => outcome.verdict !== "up").map(({ outcome }) => outcome)).toEqual([]);
      const counter = `healthd_probes_total{kind="${own[0]?.target.kind}",target="${name}",verdict="up"}`;
      expect({ name, counted: sampleOf(page, counter) }).toEqual({ name, counted: own.length });
    }
    expect(await timersAtRest()).toBe(before.timers);
    const most = before.resources + OWN_CONNECTIONS;
    await until(() => resources() <= most, `no more than ${most} handles and timers`);
    process.stdout.write(`heap ${(before.heap / 1e6).toFixed(1)} MB before, ${(heap() / 1e6).toFixed(1)} MB after ${RELOADS} reloads\n`);
    expect(heap() - before.heap).toBeLessThan(10e6);
  } finally {
    await running.end();
  }
}, 120_000);
