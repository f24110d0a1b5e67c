/** The free limits as the account meets them: by asking, not by a fault. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../src/simulator/index.ts";
import { type Asked, FREE, hello, PAID, read } from "./asking.ts";

const START = Date.parse("2026-11-23T15:00:10Z");
const OTHER_FREE = "moonshotai/kimi-k2:free";
// Costs nothing and is not called so: no quota.
const GRATIS = "nvidia/nemotron-nano-9b-v2";

let nowMs = START;
let simulator: Simulator;
const start = async (options: SimulatorOptions): Promise<void> => {
  simulator = await startSimulator({ firstTokenMs: 0, tokenMs: 0, catalogueSize: 0, now: () => nowMs, ...options });
};
beforeEach(() => {
  nowMs = START;
});
afterEach(() => simulator.stop());

const headers = (): Record<string, string> => ({ authorization: `Bearer ${simulator.credentials.apiKey}` });
async function chat(model: string): Promise<Asked> {
  const body = JSON.stringify({ model, messages: hello, max_tokens: 1 });
  return read(await fetch(`${simulator.openrouterUrl}/chat/completions`, { method: "POST", headers: headers(), body }));
}
async function statuses(model: string, count: number): Promise<number[]> {
  const seen: number[] = [];
  for (let left = count; left > 0; left--) seen.push((await chat(model)).status);
  return seen;
}
const told = async (): Promise<unknown> =>
  (await read(await fetch(`${simulator.openrouterUrl}/key`, { headers: headers() }))).at("data.free_model_daily_requests");

describe("S23: a minute", () => {
  test("takes twenty requests over all :free models, whole or not; the next minute takes more", async () => {
    await start({});
    expect(new Set([...(await statuses(FREE, 10)), ...(await statuses(OTHER_FREE, 10))])).toEqual(new Set([200]));
    const refused = await chat(FREE);
    expect(refused.status).toBe(429);
    expect(JSON.parse(refused.text)).toEqual({
      error: {
        message: "Rate limit exceeded: free-models-per-min. ",
        code: 429,
        metadata: {
          headers: {
            "X-RateLimit-Limit": "20",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": String(Date.parse("2026-11-23T15:01:00Z")),
          },
          limit_source: "openrouter_free_tier_per_minute",
          remedy_hint: expect.any(String),
          provider_name: null,
        },
      },
      user_id: expect.stringMatching(/^user_/),
    });
    expect([...refused.headers.keys()].filter((name) => /ratelimit|retry/.test(name))).toEqual([]);
    expect([(await chat(PAID)).status, (await chat(GRATIS)).status, (await chat(OTHER_FREE)).status]).toEqual([200, 200, 429]);
    expect([simulator.account.freeUsed(), simulator.account.rejected()]).toEqual([22, 2]);
    nowMs += 50_000;
    expect((await chat(FREE)).status).toBe(200);
  });

  test("is not counted when that is switched off", async () => {
    await start({ freeRequestsPerMinute: null });
    expect(new Set(await statuses(FREE, 30))).toEqual(new Set([200]));
  });

  test("may be told in headers", async () => {
    await start({ freeRequestsPerMinute: 1, rateLimitHeaders: true });
    await chat(FREE);
    const refused = await chat(FREE);
    expect([refused.status, refused.headers.get("x-ratelimit-limit"), refused.headers.get("x-ratelimit-remaining")]).toEqual([
      429,
      "1",
      "0",
    ]);
    expect(refused.headers.get("x-ratelimit-reset")).toBe(String(Date.parse("2026-11-23T15:01:00Z")));
    expect(refused.headers.get("retry-after")).toBeNull();
  });
});

describe("S24: a day", () => {
  test.each([
    [50, "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day"],
    [1000, "Rate limit exceeded: free-models-per-day-high-balance. "],
  ])("of %i requests, other applications' included, ends at midnight UTC", async (limit, message) => {
    await start({ freeRequestsPerDay: limit, freeRequestsPerMinute: null });
    simulator.account.useFreeRequests(limit - 1);
    const [last, refused] = [await chat(FREE), await chat(OTHER_FREE)];
    expect([last.status, refused.status]).toEqual([200, 429]);
    expect(refused.at("error.message")).toBe(message);
    expect(refused.at("error.metadata.limit_source")).toBe("openrouter_free_tier_daily");
    expect(refused.at("error.metadata.headers")).toEqual({
      "X-RateLimit-Limit": String(limit),
      "X-RateLimit-Remaining": "0",
      "X-RateLimit-Reset": String(Date.parse("2026-11-24T00:00:00Z")),
    });
    expect((await chat(PAID)).status).toBe(200);
    nowMs = Date.parse("2026-11-24T00:00:00Z");
    expect((await chat(FREE)).status).toBe(200);
    expect([simulator.account.freeUsed(), simulator.account.rejected()]).toEqual([1, 1]);
  });

  test("is told by /key a minute late: used grows past the limit, nothing remains", async () => {
    await start({ freeRequestsPerDay: 50, freeRequestsPerMinute: null });
    expect(await told()).toEqual({ limit: 50, used: 0, remaining: 50 });
    simulator.account.useFreeRequests(49);
    expect(await statuses(FREE, 4)).toEqual([200, 429, 429, 429]);
    expect(await told()).toEqual({ limit: 50, used: 0, remaining: 50 });
    nowMs += 60_000;
    expect(await told()).toEqual({ limit: 50, used: 53, remaining: 0 });
  });

  test("counts what a provider refused too", async () => {
    await start({});
    simulator.faults.on("provider");
    expect([await statuses(FREE, 2), simulator.account.freeUsed()]).toEqual([[502, 502], 2]);
  });
});

test("a week of one request every half hour passes in a moment, and no limit is met", async () => {
  await start({ freeRequestsPerDay: 50 });
  const perDay: number[] = [];
  for (let half = 0; half < 7 * 48; half++) {
    nowMs = Date.parse("2026-11-23T00:00:00Z") + half * 1_800_000;
    expect((await chat(FREE)).status).toBe(200);
    if (half % 48 === 47) perDay.push(simulator.account.freeUsed());
  }
  expect(perDay).toEqual(Array(7).fill(48));
  expect(simulator.account.rejected()).toBe(0);
});
