import { beforeEach, describe, expect, test } from "vitest";
import type { Target } from "../../src/core/probe.ts";
import { fraction, type Pace, planPaces } from "../../src/schedule/planner.ts";
import { createTimetable, type Timetable } from "../../src/schedule/timetable.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { aTarget } from "../support/targets.ts";

interface Tick {
  readonly name: string;
  readonly at: number;
  readonly lateness: number;
}

let clock: FakeClock;
let ticks: Tick[];
let missed: string[];
let timetable: Timetable;

beforeEach(() => {
  clock = createFakeClock();
  ticks = [];
  missed = [];
  timetable = createTimetable(clock, {
    due: (target, lateness) => ticks.push({ name: target.name, at: clock.monotonic(), lateness }),
    missed: (target) => missed.push(target.name),
  });
});

const paceOf = (target: Target): Pace => {
  const pace = planPaces([{ target }], new Map()).get(target.name);
  if (pace === undefined) throw new Error("no pace");
  return pace;
};
const add = (target: Target, lastRunAt?: number): void => timetable.add(target, paceOf(target), lastRunAt);

const gaps = (times: readonly number[]): number[] => times.slice(1).map((at, index) => at - (times[index] ?? 0));

describe("intervals", () => {
  test("the first run comes within seconds, however long the interval", async () => {
    add(aTarget({ every: { seconds: 86_400 } }));
    await clock.advance(3_000);
    expect(ticks).toHaveLength(1);
  });

  test("of so many that first runs would take an interval, the first is the first turn: no more at a time than ever after", async () => {
    const many = [...Array(1500).keys()].map((at) => ({ target: aTarget({ name: `app_${at}`, kind: "app", every: { seconds: 10 } }) }));
    for (const [at, pace] of [...planPaces(many, new Map()).values()].entries()) timetable.add(many[at]?.target ?? aTarget(), pace);
    await clock.advance(10_200);
    expect(new Set(ticks.map(({ name }) => name)).size).toBe(1500);
    await clock.advance(9_900);
    const byTarget = [...Map.groupBy(ticks, ({ name }) => name).values()].map((some) => gaps(some.map(({ at }) => at)));
    expect(Math.min(...byTarget.flat())).toBeGreaterThan(9_990);
    const seconds = Map.groupBy(ticks, ({ at }) => Math.floor(at / 1000));
    expect(Math.max(...[...seconds.values()].map(({ length }) => length))).toBeLessThan(200);
  });

  test("what costs nothing runs before any model", async () => {
    add(aTarget({ name: "qwen", kind: "model", every: { seconds: 0.001 } }));
    add(aTarget({ name: "openrouter", kind: "credential", every: { seconds: 0.001 } }));
    await clock.advance(501);
    expect(ticks[0]?.name).toBe("openrouter");
  });

  test("ticks keep their phase exactly over a week: no creep", async () => {
    add(aTarget({ every: { seconds: 600 } }));
    await clock.advance(7 * 86_400_000);
    const regular = gaps(ticks.slice(1).map(({ at }) => at));
    expect(regular.length).toBeGreaterThan(1000);
    expect(Math.max(...regular) - Math.min(...regular)).toBeLessThan(1e-3);
    expect((ticks.at(-1)?.at ?? 0) - (ticks[1]?.at ?? 0)).toBeCloseTo(600_000 * regular.length, 3);
  });

  test("what is due together begins one after the other, and none waits longer than 3 ms", async () => {
    const together = ["a", "b", "c", "d"].map((name) => aTarget({ name, every: { seconds: 60 } }));
    const pace = { ...paceOf(aTarget()), intervalSeconds: 60, phaseSeconds: 30, firstDelaySeconds: 1 };
    for (const target of together) timetable.add(target, pace);
    await clock.advance(1_500);
    ticks.length = 0;
    for (const { name } of together) timetable.again(name, clock.wall() + 500);
    await clock.advance(600);
    const [first = 0] = ticks.map(({ at }) => at);
    expect(ticks.map(({ name, at, lateness }) => [name, at - first, lateness])).toEqual([
      ["a", 0, 0],
      ["b", 2, 0.002],
      ["c", 3, 0.003],
      ["d", 3, 0.003],
    ]);
  });

  test("first runs that fall together begin 5 ms apart, on time", async () => {
    const pace = { ...paceOf(aTarget()), intervalSeconds: 60, phaseSeconds: 30, firstDelaySeconds: 1 };
    for (const name of ["a", "b", "c", "d"]) timetable.add(aTarget({ name, every: { seconds: 60 } }), pace);
    await clock.advance(1_500);
    const [first = 0] = ticks.map(({ at }) => at);
    expect(ticks.map(({ name, at, lateness }) => [name, at - first, lateness])).toEqual([
      ["a", 0, 0],
      ["b", 5, 0],
      ["c", 10, 0],
      ["d", 15, 0],
    ]);
  });

  test("whose phases fall together take their turns 5 ms apart, on time, for good; who leaves makes room", async () => {
    const pace = { ...paceOf(aTarget()), intervalSeconds: 60, phaseSeconds: 30.002, firstDelaySeconds: 1 };
    for (const name of ["a", "b", "c"]) timetable.add(aTarget({ name, every: { seconds: 60 } }), pace);
    await clock.advance(3_600_000);
    const turns = ["a", "b", "c"].map((name) => ticks.filter((tick) => tick.name === name).slice(1));
    for (const own of turns) {
      expect(own.length).toBeGreaterThan(50);
      expect(new Set(gaps(own.map(({ at }) => at)))).toEqual(new Set([60_000]));
      expect(Math.max(...own.map(({ lateness }) => lateness))).toBe(0);
    }
    const [first = 0] = turns.map(([turn]) => turn?.at);
    expect(turns.map(([turn]) => (turn?.at ?? 0) - first)).toEqual([0, 5, 10]);
    const free = timetable.nextRunAt("b");
    timetable.remove("b");
    timetable.add(aTarget({ name: "d", every: { seconds: 60 } }), pace, clock.wall());
    expect(timetable.nextRunAt("d")).toBe(free);
  });

  test("an interval in which all places are taken is taken all the same", async () => {
    const pace = { ...paceOf(aTarget()), intervalSeconds: 1, phaseSeconds: 0.5, firstDelaySeconds: 0.1 };
    const names = Array.from({ length: 250 }, (_, at) => `t${at}`);
    for (const name of names) timetable.add(aTarget({ name, every: { seconds: 1 } }), pace);
    await clock.advance(10_000);
    for (const name of names) expect(ticks.filter((tick) => tick.name === name).length).toBeGreaterThanOrEqual(9);
    expect(missed).toEqual([]);
  });

  test("one that is removed while it waits for another does not begin", async () => {
    const pace = { ...paceOf(aTarget()), firstDelaySeconds: 1 };
    timetable.add(aTarget({ name: "a" }), pace);
    timetable.add(aTarget({ name: "b" }), pace);
    await clock.advance(1_500);
    ticks.length = 0;
    for (const name of ["a", "b"]) timetable.again(name, clock.wall() + 500);
    await clock.advance(501);
    expect(ticks.map(({ name }) => name)).toEqual(["a"]);
    timetable.remove("b");
    await clock.advance(100);
    expect(ticks.map(({ name }) => name)).toEqual(["a"]);
  });

  test("a restart keeps the phase: the name and the epoch fix it", async () => {
    const phase = async (startedAt: number): Promise<number> => {
      const own = createFakeClock(startedAt);
      const seen: number[] = [];
      const target = aTarget({ every: { seconds: 300 } });
      createTimetable(own, { due: () => seen.push(own.wall()), missed: () => undefined }).add(target, paceOf(target));
      await own.advance(1_200_000);
      return Math.round((seen.at(-1) ?? 0) % 300_000);
    };
    const noon = Date.UTC(2026, 10, 23, 12);
    expect(await phase(noon + 17_345)).toBe(await phase(noon + 201_007));
  });

  test("no target is probed twice within half an interval after the start", async () => {
    for (let index = 0; index < 200; index++) add(aTarget({ name: `t${index}`, every: { seconds: 300 } }));
    await clock.advance(900_000);
    for (let index = 0; index < 200; index++) {
      const own = ticks.filter(({ name }) => name === `t${index}`).map(({ at }) => at);
      expect(Math.min(...gaps(own))).toBeGreaterThanOrEqual(150_000);
      expect(Math.max(...gaps(own))).toBeLessThanOrEqual(450_000);
    }
  });

  test("targets spread evenly over their interval", () => {
    const tenths = Array.from({ length: 10_000 }, (_, index) => Math.floor(fraction(`model_${index}`) * 10));
    const buckets = Array.from({ length: 10 }, (_, tenth) => tenths.filter((one) => one === tenth).length);
    expect(Math.min(...buckets)).toBeGreaterThan(900);
    expect(Math.max(...buckets)).toBeLessThan(1100);
  });

  test("a jump of the wall clock changes no tick", async () => {
    add(aTarget({ every: { seconds: 60 } }));
    await clock.advance(300_000);
    clock.jump(-3_600_000);
    await clock.advance(300_000);
    expect(gaps(ticks.slice(1).map(({ at }) => at)).every((gap) => Math.abs(gap - 60_000) < 1e-3)).toBe(true);
  });

  test("ticks that a stalled process missed are counted, and the phase is kept", async () => {
    add(aTarget({ every: { seconds: 60 } }));
    await clock.advance(200_000);
    const before = ticks.at(-1)?.at ?? 0;
    clock.freeze(250_000);
    await clock.advance(130_000);
    const [late, ...after] = ticks.filter(({ at }) => at > before);
    const last = after.at(-1)?.at ?? 0;
    expect(late?.lateness).toBeGreaterThan(100);
    expect(missed.length).toBeGreaterThanOrEqual(3);
    // Every interval since the stall began is either a tick or counted as missed, and the grid is the same.
    expect((last - before) / 60_000).toBeCloseTo(1 + after.length + missed.length, 6);
  });

  test("a target that ran shortly before a restart waits for its turn, one that missed its turn does not", async () => {
    add(aTarget({ name: "recent", every: { seconds: 3600 } }), clock.wall() - 60_000);
    add(aTarget({ name: "long_ago", every: { seconds: 3600 } }), clock.wall() - 7_200_000);
    await clock.advance(10_000);
    expect(ticks.map(({ name }) => name)).toEqual(["long_ago"]);
    await clock.advance(5_400_000);
    expect(ticks.map(({ name }) => name)).toContain("recent");
  });

  test("an extra tick comes once, and does not move the grid", async () => {
    add(aTarget({ every: { seconds: 600 } }));
    await clock.advance(1_300_000);
    const before = ticks.length;
    timetable.again("frontend", clock.wall() + 5_000);
    await clock.advance(5_000);
    expect(ticks.length).toBe(before + 1);
    await clock.advance(1_800_000);
    const grid = ticks
      .slice(1, before)
      .concat(ticks.slice(before + 1))
      .map(({ at }) => at);
    expect(Math.max(...gaps(grid)) - Math.min(...gaps(grid))).toBeLessThan(1e-3);
  });

  test("a target without room in the budget is never due", async () => {
    const target = aTarget();
    timetable.add(target, { ...paceOf(target), intervalSeconds: Number.POSITIVE_INFINITY, longestSeconds: Number.POSITIVE_INFINITY });
    await clock.advance(86_400_000);
    expect(ticks).toEqual([]);
    expect(timetable.nextRunAt("frontend")).toBeUndefined();
  });

  test("a removed target is never due again, and stop leaves no timer", async () => {
    add(aTarget({ name: "a" }));
    add(aTarget({ name: "b" }));
    timetable.remove("a");
    await clock.advance(200_000);
    expect(ticks.map(({ name }) => name)).not.toContain("a");
    timetable.stop();
    expect(clock.pending).toBe(0);
  });
});
