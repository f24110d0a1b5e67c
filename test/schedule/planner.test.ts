import { describe, expect, test } from "vitest";
import type { Config } from "../../src/config/config.ts";
import type { Spend, Target } from "../../src/core/probe.ts";
import { type Allowance, allowanceOf, planPaces, runsPerDay } from "../../src/schedule/planner.ts";
import { aTarget } from "../support/targets.ts";

const allowance = (over: Partial<Allowance> = {}): Allowance => ({
  freeRequestsPerDay: 50,
  freeQuotaShare: 0.2,
  freeRequestsPerMinute: 4,
  usdPerDay: 0.05,
  ...over,
});
const model = (name: string, spend: Partial<Spend> = {}, every: Target["every"] = { seconds: 300 }) => ({
  target: aTarget({ name, kind: "model", credential: "openrouter", every }),
  spend: { credential: "openrouter", free: true, usd: 0, tokens: 40, usdPerToken: { input: 0, output: 0 }, ...spend },
});
const seven = ["a", "b", "c", "d", "e", "f", "g"].map((name) => model(name));
const paces = (some: Parameters<typeof planPaces>[0], over: Partial<Allowance> = {}) =>
  planPaces(some, new Map([["openrouter", allowance(over)]]));

describe("free models", () => {
  test.each([
    [50, 10],
    [1000, 200],
  ])("seven models on %d free requests a day use %d, no more and hardly less", (limit, allowed) => {
    const all = [...paces(seven, { freeRequestsPerDay: limit }).values()];
    expect(all.reduce((sum, pace) => sum + runsPerDay(pace), 0)).toBeCloseTo(allowed, 6);
    expect(all.every(({ stretched }) => stretched)).toBe(true);
  });

  test("they take their turns evenly: no two near each other, no gap", () => {
    const all = [...paces(seven).values()];
    const phases = all.map(({ phaseSeconds }) => phaseSeconds).toSorted((one, other) => one - other);
    const interval = all[0]?.intervalSeconds ?? 0;
    const gaps = phases.map((phase, at) => (phases[at + 1] ?? (phases[0] ?? 0) + interval) - phase);
    for (const gap of gaps) expect(gap).toBeCloseTo(interval / 7, 6);
  });

  test("of thousands, the first runs after the start come no faster than they can be measured", () => {
    const many = [...Array(3000).keys()].map((at) => ({ target: aTarget({ name: `app_${at}`, kind: "app", every: { seconds: 600 } }) }));
    const delays = [...paces(many).values()].map(({ firstDelaySeconds }) => firstDelaySeconds);
    expect(Math.max(...delays)).toBeLessThan(30);
    // Making them all known takes a moment: whoever is due meanwhile is late.
    expect(Math.min(...delays)).toBeGreaterThan(0.08);
    const seconds = Map.groupBy(delays, (delay) => Math.floor(delay));
    expect(Math.max(...[...seconds.values()].map(({ length }) => length))).toBeLessThan(150);
    expect(Math.max(...[...paces(many.slice(0, 200)).values()].map(({ firstDelaySeconds }) => firstDelaySeconds))).toBeLessThan(2);
  });

  test("the first runs after the start keep to the requests a minute", () => {
    const delays = [...paces(seven).values()].map(({ firstDelaySeconds }) => firstDelaySeconds);
    expect(delays.filter((delay) => delay < 60)).toHaveLength(4);
    expect(Math.max(...delays)).toBeLessThan(70);
  });

  test("where there is room, all is as configured", () => {
    const all = paces(seven, { freeRequestsPerDay: 100_000 });
    expect([...all.values()].every(({ intervalSeconds, stretched }) => intervalSeconds === 300 && !stretched)).toBe(true);
  });

  test("no share, no run", () => {
    expect([...paces(seven, { freeQuotaShare: 0 }).values()].map(({ intervalSeconds }) => intervalSeconds)).toEqual(
      Array.from({ length: 7 }, () => Number.POSITIVE_INFINITY),
    );
  });
});

test("paid models fit into the money of the day", () => {
  const some = [model("cheap", { free: false, usd: 0.0001 }), model("dear", { free: false, usd: 0.01 })];
  const planned = paces(some);
  const cost = some.reduce(
    (sum, { target, spend }) => sum + runsPerDay(planned.get(target.name) ?? ({ intervalSeconds: 1 } as never)) * spend.usd,
    0,
  );
  expect(cost).toBeLessThanOrEqual(0.05 + 1e-9);
  expect(cost).toBeGreaterThan(0.0499);
});

test("what costs nothing keeps its pace, whatever the models use", () => {
  const key = { target: aTarget({ name: "openrouter", kind: "credential", every: { seconds: 60 } }) };
  expect(paces([key, ...seven]).get("openrouter")).toMatchObject({ intervalSeconds: 60, stretched: false });
});

test("accounts do not pay for each other", () => {
  const other = {
    ...model("other"),
    spend: { credential: "second", free: true, usd: 0, tokens: 40, usdPerToken: { input: 0, output: 0 } },
  };
  const all = planPaces(
    [...seven, other],
    new Map([
      ["openrouter", allowance()],
      ["second", allowance()],
    ]),
  );
  expect(runsPerDay(all.get("other") ?? ({ intervalSeconds: 1 } as never))).toBeCloseTo(10, 6);
});

describe("cron expressions", () => {
  test.each([
    // Three runs a day, a minute apart: not 1440 of them.
    ["0,1,2 9 * * *", 3],
    ["*/10 * * * *", 144],
    ["0 0 * * 1", 1 / 7],
  ])("%s is counted over days, not by its next two runs", (cron, expected) => {
    const [pace] = [...paces([model("m", {}, { cron })], { freeRequestsPerDay: 100_000 }).values()];
    expect(pace === undefined ? 0 : runsPerDay(pace)).toBeCloseTo(expected, 1);
  });

  test("one of them does not starve the others", () => {
    const planned = paces([model("morning", {}, { cron: "0,1,2 9 * * *" }), model("other")], { freeRequestsPerDay: 50, freeQuotaShare: 1 });
    expect(runsPerDay(planned.get("other") ?? ({ intervalSeconds: Number.POSITIVE_INFINITY } as never))).toBeCloseTo(47, 1);
  });

  test("its longest pause is what a fault can hide in", () => {
    expect(paces([model("m", {}, { cron: "0,1,2 9 * * *" })], { freeRequestsPerDay: 100_000 }).get("m")?.longestSeconds).toBe(86_280);
  });
});

test("shards divide the budget: each has a ledger of its own", () => {
  const config = { budget: { freeQuotaShare: 0.2, freeRequestsPerMinute: 4, usdPerDay: 0.05 }, shard: { index: 0, total: 4 } } as Config;
  expect(allowanceOf(config, 1000)).toEqual({
    freeRequestsPerDay: 1000,
    freeQuotaShare: 0.05,
    freeRequestsPerMinute: 1,
    usdPerDay: 0.0125,
  });
});
