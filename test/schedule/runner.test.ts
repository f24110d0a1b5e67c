import { beforeEach, expect, test } from "vitest";
import { createLog } from "../../src/base/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { type Outcome, up } from "../../src/core/outcome.ts";
import type { Planned, ProbeRecord } from "../../src/core/probe.ts";
import { createRunner, type Runner } from "../../src/schedule/runner.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { aTarget } from "../support/targets.ts";

const log = createLog({ level: "fatal", redactor: createRedactor() });
const fine: Outcome = up({ statusCode: 200, via: "header" });

let clock: FakeClock;
let records: ProbeRecord[];
let runner: Runner;

const planned = (run: (signal: AbortSignal) => Promise<Outcome>, name = "frontend"): Planned => ({
  target: aTarget({ name }),
  probe: { run },
});
/** Ends only when it is aborted, as a probe of a black hole does. */
const hanging = (signal: AbortSignal): Promise<Outcome> =>
  new Promise((resolve) =>
    signal.addEventListener("abort", () =>
      resolve({ verdict: "down", reason: "timeout_headers", evidence: { statusCode: 0, via: "none" } }),
    ),
  );
const verdicts = (): string[] =>
  records.map(({ outcome }) => (outcome.verdict === "skipped" ? outcome.cause : `${outcome.verdict} ${outcome.reason}`));

beforeEach(() => {
  clock = createFakeClock();
  records = [];
  runner = createRunner({ clock, log, sinks: [{ take: (record) => records.push(record) }] });
});

test("an outcome becomes a record with its times", async () => {
  const record = await runner.now(
    planned(async () => {
      await clock.advance(1_500);
      return fine;
    }),
  );
  expect(record).toMatchObject({ outcome: fine, durationSeconds: 1.5 });
  expect(records).toEqual([record]);
});

test("a probe that throws is an outcome, and the next one runs", async () => {
  await runner.now(planned(() => Promise.reject(new TypeError("boom"))));
  await runner.now(
    planned(() => {
      throw new Error("at once");
    }),
  );
  await runner.now(planned(async () => fine));
  expect(verdicts()).toEqual(["down prober_fault", "down prober_fault", "up ok"]);
  expect(records[0]?.outcome).toMatchObject({ evidence: { message: "boom", stack: expect.stringContaining("TypeError") } });
});

test("a target never overlaps itself: the second tick is skipped, a demand joins the run", async () => {
  const one = planned(hanging);
  runner.tick(one, 0);
  runner.tick(one, 0.5);
  const joined = runner.now(one);
  expect(runner.inFlight()).toBe(1);
  await clock.advance(10_000);
  expect(await joined).toBe(records[1]);
  expect(verdicts()).toEqual(["overlap", "down timeout_headers"]);
});

test("who waits for all runs to end hears of it once the last has ended or is abandoned", async () => {
  expect(runner.ended()).toBeUndefined();
  runner.tick(planned(hanging, "one"), 0);
  runner.tick(planned(hanging, "two"), 0);
  let heard = false;
  void runner.ended()?.then(() => {
    heard = true;
  });
  runner.abandon("one");
  await clock.advance(1);
  expect(heard).toBe(false);
  await clock.advance(10_000);
  expect(heard).toBe(true);
  expect(runner.ended()).toBeUndefined();
});

test("the timeout aborts the probe, and a probe that ignores it is written off", async () => {
  runner.tick(planned(hanging, "obeys"), 0);
  runner.tick(
    planned(() => new Promise(() => undefined), "ignores"),
    0,
  );
  await clock.advance(16_000);
  expect(verdicts()).toEqual(["down timeout_headers", "down prober_fault"]);
  expect(clock.pending).toBe(0);
});

test("a sink that throws costs no other sink its record", async () => {
  const seen: ProbeRecord[] = [];
  const failing = {
    take() {
      throw new Error("full");
    },
  };
  await createRunner({ clock, log, sinks: [failing, { take: (record) => seen.push(record) }] }).now(planned(async () => fine));
  expect(seen).toHaveLength(1);
});

test("stopping lets runs end within the grace time, then aborts them; what it aborted is skipped, not down", async () => {
  const quick = planned(async () => {
    await new Promise<void>((done) => clock.after(1_000, done));
    return fine;
  }, "quick");
  runner.tick(quick, 0);
  runner.tick(planned(hanging, "slow"), 0);
  const stopped = runner.stop(5);
  runner.tick(
    planned(async () => fine, "late"),
    0,
  );
  await clock.advance(5_000);
  await stopped;
  expect(verdicts()).toEqual(["stopping", "up ok", "stopping"]);
  expect(clock.pending).toBe(0);
});
