/** /api/v1/events and /api/v1/incidents over a real history. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { reasonNames } from "../../src/core/reason.ts";
import type { History } from "../../src/history/history.ts";
import { cause, files, fine, type HistoryWorld, historyWorld, kimi, limited, recordAt } from "../support/history.ts";
import { ask, SECRET, type Served, serve } from "./setup.ts";

const HOUR = 3_600_000;

let world: HistoryWorld;
let history: History;
let served: Served;
beforeEach(async () => {
  world = historyWorld();
  history = world.open();
  served = await serve({
    events: (query) => history.events(query),
    incidents: (...query) => history.incidents(...query),
    clock: world.clock,
  });
});
afterEach(async () => {
  await served[Symbol.asyncDispose]();
  world.end();
});
const get = async (path: string): Promise<{ status: number; body: unknown; text: string }> => {
  const { status, text } = await ask(served.url + path);
  return { status, text, body: JSON.parse(text) };
};
const reasonsAt = async (query: string): Promise<string[]> =>
  ((await get(`/api/v1/events?${query}`)).body as { reason: string }[]).map(({ reason }) => reason);

test("the events, as they are asked for", async () => {
  const now = world.clock.wall();
  history.take(recordAt(now - 3 * HOUR, files, limited({ statusCode: 503 })));
  history.take(recordAt(now - HOUR, kimi, fine));
  history.take(recordAt(now, kimi, limited({ errorBody: `{"a":"${SECRET}"}`, request: { method: "POST" } })));
  const { status, body, text } = await get("/api/v1/events");
  expect(status).toBe(200);
  expect(body).toEqual([
    expect.objectContaining({ target: "files", status_code: 503, error_body: null, request: null }),
    expect.objectContaining({ target: "kimi", status_code: 429, error_body: '{"a":"[hidden]"}', request: { method: "POST" } }),
  ]);
  expect(text).not.toContain(SECRET);
  expect(await reasonsAt("target=kimi&code=429&reason=rate_limited&since=2h&limit=10")).toEqual(["rate_limited"]);
  expect(await reasonsAt("code=404")).toEqual([]);
  expect(await reasonsAt("limit=1")).toHaveLength(1);
  expect(await reasonsAt("since=2026-11-23T11:00:00Z")).toHaveLength(1);
  expect(await reasonsAt("since=2026-11-23")).toHaveLength(2);
});

test("the incidents, open and over, each with its length", async () => {
  const since = world.clock.wall();
  const key = { ...cause, owner: "key", reason: "unauthorized", subject: "openrouter" } as const;
  history.follow([
    { ...cause, since },
    { ...key, since },
  ]);
  await world.clock.advance(90_000);
  history.follow([{ ...cause, since }]);
  await world.clock.advance(30_000);
  const { body } = await get("/api/v1/incidents");
  expect(body).toEqual([
    expect.objectContaining({
      subject: "files",
      owner: "storage",
      reason: "s3_slow_down",
      explains: ["files", "frontend"],
      message: "503 SlowDown",
      open: true,
      opened_at: "2026-11-23T12:00:00.000Z",
      closed_at: null,
      duration_seconds: 120,
    }),
    expect.objectContaining({ subject: "openrouter", open: false, closed_at: "2026-11-23T12:01:30.000Z", duration_seconds: 90 }),
  ]);
  expect((await get("/api/v1/incidents?since=20s")).body).toEqual([expect.objectContaining({ subject: "files" })]);
  expect((await get("/api/v1/incidents?limit=1")).body).toEqual([expect.objectContaining({ subject: "openrouter" })]);
});

describe("a parameter that means nothing is refused, and what it should be is said", () => {
  test.each([
    ["events?code=4xx", "code: expected a status code of up to three digits"],
    ["events?code=-1", "code: expected"],
    ["events?reason=solar_flare", `reason: expected one of ${reasonNames.slice(0, 3).join(", ")}`],
    ["events?reason=toString", "reason: expected one of"],
    ["events?since=yesterday", "since: expected a duration such as 2h, or a time such as"],
    ["events?since=2026-13-45T00:00:00Z", "since: expected"],
    ["events?since=24 Nov 2026", "since: expected"],
    ["events?limit=0", "limit: expected a whole number from 1 to 200"],
    ["events?limit=201", "limit: expected"],
    ["events?limit=1e2", "limit: expected"],
    ["events?limit=5&limit=6", "limit: given more than once"],
    ["events?targt=kimi", "Unknown parameter; there are target, code, reason, since, limit."],
    ["events?__proto__=1", "Unknown parameter"],
    ["events?constructor=1", "Unknown parameter"],
    ["incidents?target=kimi", "Unknown parameter; there are since, limit."],
    ["incidents?limit=1001", "limit: expected a whole number from 1 to 1000"],
  ])("%s", async (path, words) => {
    const { status, body } = await get(`/api/v1/${path}`);
    expect(status).toBe(400);
    expect((body as { error: string }).error).toContain(words);
  });
});

test("whatever is asked, the answer is JSON: a list, or a complaint that repeats nothing", { timeout: 60_000 }, async () => {
  history.take(recordAt(world.clock.wall(), kimi, limited()));
  const name = fc.oneof(fc.constantFrom("target", "code", "reason", "since", "limit"), fc.string({ maxLength: 12 }));
  const value = fc.oneof(fc.string({ maxLength: 30, unit: "binary" }), fc.constantFrom("429", "1d", "9".repeat(400), "%00", "' or 1=1"));
  // Shorter than the longest URL that is taken, however it is spelt.
  const query = fc.array(fc.tuple(name, value), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(query, async (pairs) => {
      const text = pairs.map(([key, content]) => `${encodeURIComponent(key.toWellFormed())}=${encodeURIComponent(content.toWellFormed())}`);
      const { status, body } = await get(`/api/v1/events?${text.join("&")}`);
      expect([200, 400]).toContain(status);
      expect(Array.isArray(body)).toBe(status === 200);
    }),
    { numRuns: 300 },
  );
});

test("a history that cannot be read is said, and is no bug", async () => {
  history.close();
  const { status, body } = await get("/api/v1/events");
  expect({ status, body }).toEqual({ status: 503, body: { error: "The history cannot be read now: it is closed." } });
});

test("uptime, on the page and in the API", async () => {
  await using other = await serve({
    targets: () => [{ target: kimi, consecutiveFailures: 0, uptime: { "24h": 0.99996, "7d": 0.5, "30d": 1 } }],
  });
  const page = (await ask(`${other.url}/`)).text;
  expect(page).toContain("99.99 % in 24 h");
  expect(page).toContain("7 days: 50 %, 30 days: 100 %");
  const [row] = JSON.parse((await ask(`${other.url}/api/v1/targets`)).text);
  expect(row.uptime).toEqual({ "24h": 0.99996, "7d": 0.5, "30d": 1 });
});
