import { afterEach, describe, expect, test } from "vitest";
import { type FaultName, type Scope, type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { asking, FREE, hello, PAID, read } from "./asking.ts";

let nowMs = Date.parse("2026-11-23T15:00:00Z");
const from = asking({ now: () => nowMs });
const on = (name: FaultName, scope?: Scope): void => from.simulator.faults.on(name, scope);
const GPT = "openai/gpt-4o";
const balance = async (): Promise<number> => {
  const { total_credits, total_usage } = (await from.get("/credits")).at("data") as { total_credits: number; total_usage: number };
  return total_credits - total_usage;
};

describe("S19: 402 follows from the balance", () => {
  test("nothing left stops paid models, a debt stops free ones too, and /credits tells", async () => {
    on("balance");
    expect(await balance()).toBeCloseTo(0, 9);
    const paid = await from.chat({ model: PAID, messages: hello });
    expect([paid.status, paid.at("error.metadata.limit_source")]).toEqual([402, "openrouter_credits"]);
    expect(paid.at("error.message")).toMatch(/^Insufficient credits\./);
    expect((await from.chat({ model: FREE, messages: hello })).status).toBe(200);
    on("balance", { usd: -2 });
    expect(await balance()).toBeCloseTo(-2, 9);
    expect((await from.chat({ model: FREE, messages: hello })).status).toBe(402);
  });

  test("max_tokens that cost more than there is: how many are wanted, how many can be afforded", async () => {
    on("balance", { usd: 0.01 });
    const refused = await from.chat({ model: GPT, messages: hello, max_tokens: 4_000 });
    expect(refused.status).toBe(402);
    // 0.01 USD less 7 prompt tokens at 2.5e-6, at 1e-5 a token.
    expect(refused.at("error.message")).toMatch(/You requested up to 4000 tokens, but can only afford 998\. /);
    expect((await from.chat({ model: GPT, messages: hello, max_tokens: 900 })).status).toBe(200);
    expect((await from.chat({ model: GPT, messages: hello })).at("error.message")).toMatch(/up to \d{5,6} tokens/);
  });

  test("an account may begin with little, and spend it", async () => {
    const poor: Simulator = await startSimulator({ balanceUsd: 0.0003, firstTokenMs: 0, tokenMs: 0, catalogueSize: 0 });
    try {
      const ask = async (): Promise<number> => {
        const headers = { authorization: `Bearer ${poor.credentials.apiKey}` };
        const body = JSON.stringify({ model: GPT, messages: hello, max_tokens: 16 });
        return (await read(await fetch(`${poor.openrouterUrl}/chat/completions`, { method: "POST", headers, body }))).status;
      };
      // 1.8e-4 USD each: 16 tokens at 1e-5 and 7 at 2.5e-6.
      expect([await ask(), await ask()]).toEqual([200, 402]);
    } finally {
      await poor.stop();
    }
  });
});

test.each([
  ["key_budget", {}, "member", 0.1, 200, undefined],
  ["key_budget", { usd: 0 }, "member", 0, 403, "openrouter_workspace_budget"],
  ["workspace_budget", {}, "workspace", 0, 403, "openrouter_workspace_budget"],
  ["guardrail_budget", {}, "workspace", 0, 403, "openrouter_guardrail_budget"],
] as const)("%s %o: /key tells of the budget, chat keeps to it", async (fault, scope, owner, left, status, source) => {
  expect((await from.get("/key")).at("data.effective_budget")).toBeUndefined();
  on(fault, scope);
  expect((await from.get("/key")).at("data.effective_budget")).toMatchObject({ scope: owner, remaining_usd: left, limit_usd: 10 });
  const asked = await from.chat({ model: FREE, messages: hello });
  expect(asked.status).toBe(status);
  expect(asked.at("error.metadata.limit_source")).toBe(source);
});

test("S20: a key's limit that is met by spending refuses like one that was set so", async () => {
  on("key_limit_low");
  expect((await from.chat({ model: PAID, messages: hello })).status).toBe(200);
  from.simulator.faults.clear();
  on("key_limit", { status: 402 });
  const refused = await from.chat({ model: PAID, messages: hello });
  expect([refused.status, refused.at("error.metadata")]).toEqual([
    402,
    { limit_source: "openrouter_key_limit", scope: "key_limit", limit_usd: 5, spend_usd: 5.01, resets_at: null },
  ]);
});

describe("S2: outage", () => {
  const DOORS = ["/key", "/credits", "/models/user", "/keys", "/generation?id=x"];
  afterEach(() => from.simulator.faults.clear());

  test("a fifth of the calls fail first; then no key is known anywhere, and public doors stay open", async () => {
    on("outage", { ms: 60_000 });
    const first: number[] = [];
    for (let count = 0; count < 100; count++) first.push((await from.get("/key")).status);
    expect(new Set(first)).toEqual(new Set([200, 500]));
    const failed = first.filter((status) => status === 500).length;
    expect(failed).toBeGreaterThanOrEqual(10);
    expect(failed).toBeLessThanOrEqual(30);
    nowMs += 60_000;
    for (const door of DOORS) expect((await from.get(door)).text, door).toBe('{"error":{"message":"User not found.","code":401}}');
    expect((await from.chat({ model: FREE, messages: hello })).at("error.message")).toBe("User not found.");
    expect((await from.get("/models/count")).status).toBe(200);
    from.simulator.faults.off("outage");
    expect((await from.get("/key")).status).toBe(200);
  });

  test("the first phase takes five minutes unless scoped", async () => {
    on("outage");
    nowMs += 299_000;
    expect((await from.get("/key")).status).not.toBe(401);
    nowMs += 1_000;
    expect((await from.get("/key")).status).toBe(401);
  });
});
