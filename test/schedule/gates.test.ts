import { beforeEach, describe, expect, test } from "vitest";
import { down, type Evidence, type Outcome, up } from "../../src/core/outcome.ts";
import type { ProbeRecord, Spend } from "../../src/core/probe.ts";
import { IN_MEMORY } from "../../src/history/database.ts";
import { type Ledger, openLedger } from "../../src/history/ledger.ts";
import { budgetGate, budgetLeft, type Purse } from "../../src/schedule/gates/budget.ts";
import { createQuotaGate } from "../../src/schedule/gates/quota.ts";
import type { Allowance } from "../../src/schedule/planner.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { aTarget } from "../support/targets.ts";

const MINUTE = 60_000;
const MIDNIGHT = Date.UTC(2026, 10, 24);
const free: Spend = { credential: "openrouter", free: true, usd: 0, tokens: 40, usdPerToken: { input: 0, output: 0 } };
const paid: Spend = { credential: "openrouter", free: false, usd: 0.02, tokens: 40, usdPerToken: { input: 0, output: 0 } };
const spends: Readonly<Record<string, Spend>> = { qwen: free, kimi: free, gpt: paid };
const target = (name: string) => aTarget({ name, kind: "model", credential: "openrouter" });
const key = aTarget({ name: "openrouter", kind: "credential", credential: "openrouter" });

let clock: FakeClock;
beforeEach(() => {
  clock = createFakeClock(Date.UTC(2026, 10, 23, 12));
});

describe("budget", () => {
  let ledger: Ledger;
  let purse: Purse;
  const allowance: Allowance = { freeRequestsPerDay: 50, freeQuotaShare: 0.2, freeRequestsPerMinute: 4, usdPerDay: 0.05 };
  beforeEach(() => {
    ledger = openLedger(IN_MEMORY, clock.wall(), () => undefined);
    purse = { clock, ledger, spendOf: ({ name }) => spends[name], allowanceOf: () => allowance };
  });
  const refusal = (name: string) => budgetGate(purse).refuse(target(name));

  test("the day's share of the free requests, and not one more; anew at 00:00 UTC", async () => {
    for (let run = 0; run < 10; run++) {
      expect(refusal("qwen")).toBeUndefined();
      ledger.begin("qwen", free, clock.wall());
      await clock.advance(10 * MINUTE);
    }
    expect(refusal("kimi")).toEqual({ cause: "budget", until: MIDNIGHT });
    expect(budgetLeft(purse, "openrouter", allowance).freeRequests).toBe(0);
    await clock.advance(MIDNIGHT - clock.wall());
    expect(refusal("kimi")).toBeUndefined();
  });

  test("no more in a minute than the config allows, and it says until when", async () => {
    for (let run = 0; run < 4; run++) ledger.begin("qwen", free, clock.wall());
    expect(refusal("kimi")).toEqual({ cause: "budget", until: clock.wall() + MINUTE });
    await clock.advance(MINUTE + 1);
    expect(refusal("kimi")).toBeUndefined();
  });

  test("money is counted apart from free requests, estimates until the true cost is known", () => {
    ledger.begin("gpt", paid, clock.wall());
    const settle = ledger.begin("gpt", paid, clock.wall());
    expect(refusal("gpt")).toEqual({ cause: "budget", until: MIDNIGHT });
    expect(refusal("qwen")).toBeUndefined();
    settle(0.001);
    expect(refusal("gpt")).toBeUndefined();
  });

  test("a free model whose answers cost money is stopped by the money as well", () => {
    const costly: Purse = { ...purse, spendOf: () => ({ ...free, usd: 0.03 }) };
    expect(budgetGate(costly).refuse(target("qwen"))).toBeUndefined();
    ledger.begin("qwen", { ...free, usd: 0.03 }, clock.wall());
    expect(budgetGate(costly).refuse(target("qwen"))).toEqual({ cause: "budget", until: MIDNIGHT });
  });

  test("what costs nothing is never refused", () => expect(refusal("openrouter")).toBeUndefined());
});

describe("quota", () => {
  const make = () => createQuotaGate({ clock, spendOf: ({ name }) => spends[name] });
  const record = (name: string, outcome: Outcome): ProbeRecord => ({
    target: name === "openrouter" ? key : target(name),
    outcome,
    startedAt: clock.wall(),
    durationSeconds: 0.1,
  });
  const answered: Evidence = { statusCode: 429, via: "header" };
  const told = (remaining: number, limit = 1000): Outcome =>
    up({
      statusCode: 200,
      via: "header",
      key: { formatValid: true, valid: true, freeRequestsLimit: limit, freeRequestsRemaining: remaining },
    });

  test("the day's quota spent parks every free model until 00:00 UTC, and no paid one", async () => {
    const gate = make();
    gate.take(record("qwen", down("quota_exhausted", { ...answered, backoff: { scope: "account_day" } })));
    expect(gate.refuse(target("kimi"))).toEqual({ cause: "quota", until: MIDNIGHT });
    expect(gate.refuse(target("gpt"))).toBeUndefined();
    await clock.advance(MIDNIGHT - clock.wall());
    expect(gate.refuse(target("kimi"))).toBeUndefined();
  });

  test("the minute's quota spent parks them to the next minute", () => {
    const gate = make();
    gate.take(record("qwen", down("rate_limited", { ...answered, backoff: { scope: "account_minute" } })));
    const until = gate.refuse(target("kimi"))?.until ?? 0;
    expect(until - clock.wall()).toBeLessThanOrEqual(MINUTE);
    expect(until % MINUTE).toBe(0);
  });

  test("a shared pool parks that model only: as long as asked, or longer each time", async () => {
    const gate = make();
    const pool = (seconds?: number) =>
      record("qwen", down("rate_limited", { ...answered, backoff: { scope: "target", ...(seconds === undefined ? {} : { seconds }) } }));
    gate.take(pool(17));
    expect(gate.refuse(target("qwen"))).toEqual({ cause: "backoff", until: clock.wall() + 17_000 });
    expect(gate.refuse(target("kimi"))).toBeUndefined();
    gate.take(record("qwen", up({ statusCode: 200, via: "header" })));
    expect(gate.refuse(target("qwen"))).toBeUndefined();
    const waits: number[] = [];
    for (let time = 0; time < 6; time++) {
      gate.take(pool());
      waits.push(((gate.refuse(target("qwen"))?.until ?? 0) - clock.wall()) / MINUTE);
    }
    expect(waits).toEqual([5, 10, 20, 40, 60, 60]);
  });

  test("an hour at most, whatever was asked", () => {
    const gate = make();
    gate.take(record("qwen", down("provider_error", { ...answered, backoff: { scope: "target", seconds: 86_400 } })));
    expect(gate.refuse(target("qwen"))).toEqual({ cause: "backoff", until: clock.wall() + 60 * MINUTE });
  });

  test("the last requests are left to the application", () => {
    const gate = make();
    gate.take(record("openrouter", told(51)));
    expect(gate.refuse(target("qwen"))).toBeUndefined();
    gate.take(record("openrouter", told(50)));
    expect(gate.refuse(target("qwen"))).toEqual({ cause: "quota", until: MIDNIGHT });
    gate.take(record("openrouter", told(3, 50)));
    expect(gate.refuse(target("qwen"))).toEqual({ cause: "quota", until: MIDNIGHT });
  });

  test("bought credits free what was parked", async () => {
    const gate = make();
    gate.take(record("qwen", down("quota_exhausted", { ...answered, backoff: { scope: "account_day" } })));
    gate.take(record("openrouter", told(900)));
    await clock.advance(MINUTE);
    expect(gate.refuse(target("qwen"))).toBeUndefined();
  });
});
