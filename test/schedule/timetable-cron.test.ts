/** Cron expressions in the timetable. node-cron reads the real Date, which is kept at the clock's time. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import { intervalSeconds, planPaces } from "../../src/schedule/planner.ts";
import { createTimetable } from "../../src/schedule/timetable.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { aTarget } from "../support/targets.ts";

const NOON = Date.UTC(2026, 10, 23, 12);

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOON }));
afterEach(() => void vi.useRealTimers());

/** Times of its runs, in milliseconds from the start. */
async function runs(cron: string, clock: Clock, wait: () => Promise<void>): Promise<number[]> {
  const target = aTarget({ every: { cron } });
  const pace = planPaces([{ target }], new Map()).get(target.name);
  if (pace === undefined) throw new Error("no pace");
  const times: number[] = [];
  const start = clock.monotonic();
  const timetable = createTimetable(clock, { due: () => times.push(clock.monotonic() - start), missed: () => undefined });
  timetable.add(target, pace);
  await wait();
  timetable.stop();
  return times;
}

test("runs once at once, then when the expression says", async () => {
  const clock = createFakeClock(NOON);
  const [first, ...regular] = await runs("*/10 * * * *", clock, async () => {
    for (let second = 0; second < 1801; second++) {
      await clock.advance(1000);
      vi.setSystemTime(clock.wall());
    }
  });
  expect(first).toBeLessThan(3000);
  expect(regular.map((at) => Math.round(at / 60_000))).toEqual([10, 20, 30]);
});

test("each of its times once, though a wall clock shows whole milliseconds and timers fire a hair early", async () => {
  const clock = createFakeClock(NOON + 0.2);
  let readings = 0;
  const machine: Clock = {
    // Time passes between two looks at it.
    monotonic: () => clock.monotonic() + readings++ / 1e4,
    wall: () => Math.floor(clock.wall()),
    after: (ms, callback) =>
      clock.after(Math.trunc(ms), () => {
        vi.setSystemTime(machine.wall());
        callback();
      }),
  };
  const [, ...regular] = await runs("*/2 * * * * *", machine, () => clock.advance(120_000));
  const gaps = regular.slice(1).map((at, index) => at - (regular[index] ?? 0));
  expect(regular.length).toBeGreaterThanOrEqual(58);
  expect(Math.min(...gaps)).toBeGreaterThan(1_990);
  expect(Math.max(...gaps)).toBeLessThan(2_010);
});

test("its interval is the time between two runs", () => {
  expect(intervalSeconds({ cron: "*/10 * * * *" })).toBe(600);
});
