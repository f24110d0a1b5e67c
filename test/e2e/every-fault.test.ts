/** The daemon under every fault the simulator knows, one after another: it keeps looking, never trips over itself, and sees the end of each. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Log } from "../../src/base/log.ts";
import type { Config, Timing } from "../../src/config/config.ts";
import type { SkipCause } from "../../src/core/outcome.ts";
import type { ProbeRecord } from "../../src/core/probe.ts";
import { type Daemon, startDaemon } from "../../src/daemon/daemon.ts";
import { IN_MEMORY } from "../../src/history/database.ts";
import { faultNames } from "../../src/simulator/index.ts";
import { until } from "../support/programs.ts";
import { STANDARD, startWorld, type World } from "../support/world.ts";
import { scrape } from "./healthd.ts";

/** Faster than a config may ask for: some seventy faults are to be seen in a minute. */
const PACE: Timing = { every: { seconds: 0.25 }, timeoutSeconds: 0.4 };
const hurried = (config: Config): Config => ({
  ...config,
  credentials: config.credentials.map((credential) => ({ ...credential, ...PACE, catalog: PACE })),
  entries: config.entries.map((entry) => ({ ...entry, ...PACE })),
});

/** What the daemon logs of itself; the records are looked at as they are. */
function quietLog(errors: string[]): Log {
  const ignore = (): void => undefined;
  const error = (_: unknown, message: string): void => void errors.push(message);
  return { error, fatal: error, warn: ignore, info: ignore, debug: ignore, trace: ignore, isLevelEnabled: () => false } as unknown as Log;
}

/** A bucket that has stopped answering is given three seconds more to take its canary back; and as much again for a slow machine. */
const BUCKET_MS = 8_000;

let world: World;
let daemon: Daemon;
const latest = new Map<string, ProbeRecord>();
const bugs: string[] = [];
const onBug = (error: unknown): void => void bugs.push(error instanceof Error ? (error.stack ?? error.message) : String(error));

/** Of runs that began later than this, in milliseconds since 1970. */
const since = (moment: number): readonly ProbeRecord[] => [...latest.values()].filter(({ startedAt }) => startedAt > moment);
/** The API asked to wait, for hours even: whoever is parked then looks again when it may, which a test cannot wait for. */
const parked = (): boolean =>
  [...latest.values()].some(({ outcome }) =>
    outcome.verdict === "skipped" ? isParked(outcome.cause) : outcome.evidence.backoff !== undefined,
  );
const isParked = (cause: SkipCause): boolean => cause === "quota" || cause === "backoff";
const upSince = (moment: number): boolean => {
  const seen = since(moment);
  // The counter of free requests comes from a cache of a minute: as long as it says that nothing is left, nothing is asked for.
  const well = ({ outcome }: ProbeRecord): boolean =>
    outcome.verdict === "up" || (outcome.verdict === "skipped" && outcome.cause === "quota");
  return seen.length === world.planned.length && seen.every(well);
};

const take = (record: ProbeRecord): void => {
  latest.set(record.target.name, record);
  if (record.outcome.verdict !== "skipped" && record.outcome.reason === "prober_fault") {
    bugs.push(`${record.target.name}: prober_fault: ${record.outcome.evidence.stack}`);
  }
};

async function start(): Promise<void> {
  const begun = Date.now();
  const started = await startDaemon({
    config: hurried(world.config),
    listen: { host: "127.0.0.1", port: 0 },
    log: quietLog(bugs),
    redactor: world.redactor,
    read: () => ({ ok: true, config: world.config, warnings: [], files: new Map() }),
    historyPath: IN_MEMORY,
    sinks: [{ take }],
  });
  if (!started.ok) throw new Error(started.why);
  daemon = started.daemon;
  await until(() => upSince(begun), "the first round", BUCKET_MS);
}

beforeAll(async () => {
  process.on("unhandledRejection", onBug).on("uncaughtExceptionMonitor", onBug);
  world = await startWorld(STANDARD, { catalogueSize: 40 });
  await start();
});
afterEach(() => world.simulator.faults.clear());
afterAll(async () => {
  await daemon.stop();
  await world.simulator.stop();
  process.off("unhandledRejection", onBug).off("uncaughtExceptionMonitor", onBug);
});

test.each(faultNames)("%s", async (fault) => {
  const begun = Date.now();
  world.simulator.faults.on(fault);
  // An account with so few requests has none left for probes, after all that this suite has asked: its models are not due any more.
  const due = world.planned.filter(({ spend }) => spend === undefined || !fault.startsWith("free_daily")).length;
  await until(() => since(begun).length >= due, `a run of every target under ${fault}`, BUCKET_MS);
  world.simulator.faults.clear();
  if (parked()) {
    await daemon.stop();
    await start();
  }
  const ended = Date.now();
  await until(() => upSince(ended), `every target to be up after ${fault}`, BUCKET_MS).catch((error) => {
    const left = [...latest.values()].filter(({ outcome }) => outcome.verdict !== "up");
    throw new Error(`${error.message}: ${left.map(({ target, outcome }) => `${target.name} ${JSON.stringify(outcome)}`).join("\n")}`);
  });
  expect(bugs).toEqual([]);
});

test("nothing was lost on the way to the metrics page", async () => {
  const samples = await scrape(`${daemon.url}/metrics`);
  expect(samples.find(({ name }) => name === "healthd_unexported_readings_total")?.value ?? 0).toBe(0);
  expect(samples.filter(({ name, labels }) => name === "healthd_probe_failures_total" && labels.reason === "prober_fault")).toEqual([]);
});
