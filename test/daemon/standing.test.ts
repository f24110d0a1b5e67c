/** Whether probing is said to go on exactly as long as it does. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { createLog } from "../../src/base/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { loadConfig } from "../../src/config/load.ts";
import { createProbing, type Probing } from "../../src/daemon/probing.ts";
import { alive } from "../../src/daemon/standing.ts";
import { IN_MEMORY } from "../../src/history/database.ts";
import { openLedger } from "../../src/history/ledger.ts";
import { createContext, sections } from "../../src/probes/index.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";

const HOUR = 3_600_000;
/** Nothing answers there: how probes end does not matter here, only that they begin. */
const APP = 'apps: { site: { url: "http://127.0.0.1:1/", every: 1m, timeout: 5s } }\n';
const KEY = 'credentials: { openrouter: { api_key: none, flavor: openai, base_url: "http://127.0.0.1:1/v1" } }\n';

let probing: Probing | undefined;
let clock: FakeClock;
afterEach(() => probing?.stop(0));

function start(yaml: string, timers: Clock["after"] = (ms, callback) => clock.after(ms, callback)): Probing {
  const loaded = loadConfig({ file: "x.yaml", text: yaml, sections, env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
  const redactor = createRedactor();
  const own: Clock = { monotonic: clock.monotonic, wall: clock.wall, after: timers };
  const started = createProbing({
    clock: own,
    log: createLog({ level: "fatal", redactor }),
    ledger: openLedger(IN_MEMORY, clock.wall(), (error) => {
      throw error;
    }),
    context: createContext(redactor),
    sinks: [],
  });
  started.apply(loaded.config);
  probing = started;
  return started;
}

/** Whether it was said to be alive at every minute of these hours. */
async function aliveFor(hours: number, started: Probing): Promise<boolean> {
  for (let minute = 0; minute < hours * 60; minute++) {
    await clock.advance(60_000, () => started.inFlight() === 0);
    if (!alive(started).ok) return false;
  }
  return true;
}

beforeEach(() => {
  clock = createFakeClock(systemClock.wall());
});

describe("silence that is as it should be", () => {
  // Expressions are read by the system's own time: so these are about hours and days that do not come soon.
  const later = (days: number, hours: number): Date => new Date(systemClock.wall() + days * 24 * HOUR + hours * HOUR);
  test.each([
    ["an interval of a day", "1d"],
    ["a cron expression that runs every minute of one hour a day", `* ${later(0, 20).getHours()} * * *`],
    ["a cron expression that runs once a month", `0 9 ${later(10, 0).getDate()} * *`],
  ])("%s", async (_, every) => expect(await aliveFor(15, start(APP.replace("every: 1m", `every: "${every}"`)))).toBe(true));

  test("nothing to do in this shard", async () => {
    const started = start(`${APP}shard: { index: 999, total: 1000 }\n`);
    expect(started.targets()).toEqual([]);
    expect(await aliveFor(2, started)).toBe(true);
  });

  test("a budget that stretches intervals to hours, or has no room at all", async () => {
    const models = `${KEY}models: { a: { id: a, every: 1m, timeout: 5s }, b: { id: b, every: 1m, timeout: 5s } }\n`;
    const slow =
      'credentials: { openrouter: { api_key: none, flavor: openai, every: 1d, catalog: { every: 1d }, base_url: "http://127.0.0.1:1/v1" } }\n';
    for (const usd of [0.002, 0]) {
      const started = start(`${models.replace(KEY, slow)}budget: { usd_per_day: ${usd} }\n`);
      expect(started.paceOf("a")?.intervalSeconds).toBeGreaterThan(3600);
      expect(await aliveFor(30, started)).toBe(true);
    }
  });
});

describe("silence that is not", () => {
  test("no timer fires any more, and then they do again", async () => {
    const started = start(APP);
    expect(await aliveFor(1, started)).toBe(true);
    clock.freeze(60_000);
    expect(alive(started)).toEqual({ ok: true });
    clock.freeze(2 * HOUR);
    expect(alive(started)).toEqual({ ok: false, why: expect.stringMatching(/^site has been due for 1h59m|^site has been due for 2h/) });
    await clock.advance(60_000, () => started.inFlight() === 0);
    expect(alive(started)).toEqual({ ok: true });
  });

  test("one target's timer is lost while the others go on", async () => {
    let lost = false;
    const started = start(`${KEY}${APP}`, (ms, callback) => clock.after(ms, () => (lost && ms > 50_000 ? undefined : callback())));
    expect(await aliveFor(1, started)).toBe(true);
    lost = true;
    expect(await aliveFor(1, started)).toBe(false);
    expect(alive(started)).toMatchObject({ ok: false, why: expect.stringContaining("has been due for") });
  });

  test("a timetable that has let go of everything", () => {
    const started = start(APP);
    void started.stop(0);
    expect(alive(started)).toEqual({ ok: false, why: "site is never due again" });
  });
});
