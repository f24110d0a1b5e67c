import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Reason } from "../../src/core/reason.ts";
import type { FaultName, Scope } from "../../src/simulator/index.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.simulator.stop());
afterEach(async () => {
  world.simulator.faults.clear();
  // Good again: nothing of the test before is held against the key.
  await world.probe("openrouter");
});

test("a good key: limits, usage, free requests, balance; nothing that identifies the account", async () => {
  const { verdict, evidence } = await world.probe("openrouter");
  expect(verdict).toBe("up");
  expect(evidence.key).toMatchObject({
    formatValid: true,
    valid: true,
    usageUsd: { daily: expect.any(Number), total: expect.any(Number) },
  });
  expect(evidence.key?.freeRequestsLimit).toBeGreaterThan(0);
  expect(evidence.key?.accountCreditsRemainingUsd).toEqual(expect.any(Number));
  expect(JSON.stringify(evidence)).not.toMatch(/user_|label|sk-or/);
});

type Row = readonly [fault: FaultName, scope: Scope, verdict: string, reason: Reason, valid: boolean | undefined];

test.each<Row>([
  ["key", {}, "down", "unauthorized", undefined],
  ["auth_outage", {}, "down", "gateway_error", undefined],
  ["key_limit", {}, "degraded", "key_limit", true],
  ["key_expiring", {}, "up", "ok", true],
  ["key_older_fields", {}, "up", "ok", true],
  ["credits_forbidden", {}, "up", "ok", true],
  ["status", { service: "openrouter", status: 500 }, "down", "gateway_error", undefined],
  ["status", { service: "openrouter", status: 429 }, "down", "rate_limited", undefined],
  ["html", { service: "openrouter", status: 520 }, "down", "gateway_error", undefined],
  ["html", { service: "openrouter", status: 403 }, "down", "gateway_error", undefined],
  ["reset", { service: "openrouter" }, "down", "connection_reset", undefined],
  ["slow_headers", { service: "openrouter" }, "down", "timeout_headers", undefined],
  ["stalled_body", { service: "openrouter" }, "down", "timeout_stall", undefined],
  ["empty_body", { service: "openrouter" }, "down", "body_malformed", undefined],
  ["broken_json", { service: "openrouter" }, "down", "body_malformed", undefined],
  ["wrong_types", { service: "openrouter" }, "down", "body_malformed", undefined],
])("%s %j is %s, %s; key valid: %s", async (fault, scope, verdict, reason, valid) => {
  world.simulator.faults.on(fault, scope);
  const outcome = await world.probe("openrouter", /slow|stalled/.test(fault) ? 500 : 5_000);
  expect({ verdict: outcome.verdict, reason: outcome.reason, valid: outcome.evidence.key?.valid }).toEqual({ verdict, reason, valid });
});

test("a revoked key is bad at the third poll, when chat agrees; good again at the first good answer", async () => {
  world.simulator.faults.on("key");
  const valid = async () => (await world.probe("openrouter")).evidence.key?.valid;
  expect([await valid(), await valid(), await valid(), await valid()]).toEqual([undefined, undefined, false, false]);
  world.simulator.faults.clear();
  expect(await valid()).toBe(true);
});

test("401s after server errors are the API's outage, not a bad key", async () => {
  world.simulator.faults.on("auth_outage");
  await world.probe("openrouter");
  world.simulator.faults.clear();
  world.simulator.faults.on("key");
  for (let poll = 0; poll < 6; poll++) {
    const outcome = await world.probe("openrouter");
    expect(outcome).toMatchObject({ verdict: "down", reason: "gateway_error", evidence: { statusCode: 401 } });
    expect(outcome.evidence.key).toEqual({ formatValid: true });
  }
});

test("a key that only /key rejects is not called bad", async () => {
  world.simulator.faults.on("status", { service: "openrouter", endpoint: "key", status: 401 });
  for (let poll = 0; poll < 5; poll++) expect((await world.probe("openrouter")).evidence.key?.valid).toBeUndefined();
});

test("asking chat about the key costs nothing", async () => {
  world.simulator.faults.on("key");
  const before = world.simulator.requests.length;
  await world.probe("openrouter");
  const chats = world.simulator.requests.slice(before).filter(({ endpoint }) => endpoint === "chat");
  expect(chats.map(({ body }) => body)).toEqual([{ messages: [] }]);
});

test("an expired key is known by its date", async () => {
  const later = await startWorld(undefined, { now: () => Date.now() - 365 * 86_400_000 });
  try {
    later.simulator.faults.on("key_expiring");
    expect(await later.probe("openrouter")).toMatchObject({ verdict: "down", reason: "key_expired" });
  } finally {
    await later.simulator.stop();
  }
});
