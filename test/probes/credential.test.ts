import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Reason } from "../../src/core/reason.ts";
import type { FaultName, Scope } from "../../src/simulator/index.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.simulator.stop());
afterEach(() => world.simulator.faults.clear());

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
  // No provider stands behind a key.
  ["status", { service: "openrouter", status: 503 }, "down", "gateway_error", undefined],
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

describe("whose fault a 401 is", () => {
  // A world of its own for each: what the tests above did to the key would count as its history.
  let fresh: World;
  beforeEach(async () => {
    fresh = await startWorld();
    await fresh.probe("openrouter");
  });
  afterEach(() => fresh.simulator.stop());

  test("a revoked key is bad at the third poll, when chat agrees; good again at the first good answer", async () => {
    fresh.simulator.faults.on("key");
    const valid = async () => (await fresh.probe("openrouter")).evidence.key?.valid;
    expect([await valid(), await valid(), await valid(), await valid()]).toEqual([undefined, undefined, false, false]);
    fresh.simulator.faults.clear();
    expect(await valid()).toBe(true);
  });

  test("401s after server errors are the API's outage, not a bad key", async () => {
    fresh.simulator.faults.on("auth_outage");
    await fresh.probe("openrouter");
    fresh.simulator.faults.clear();
    fresh.simulator.faults.on("key");
    for (let poll = 0; poll < 6; poll++) {
      const outcome = await fresh.probe("openrouter");
      expect(outcome).toMatchObject({ verdict: "down", reason: "gateway_error", evidence: { statusCode: 401 } });
      expect(outcome.evidence.key).toEqual({ formatValid: true });
    }
  });

  test("a key that only /key rejects is not called bad", async () => {
    fresh.simulator.faults.on("status", { service: "openrouter", endpoint: "key", status: 401 });
    for (let poll = 0; poll < 5; poll++) expect((await fresh.probe("openrouter")).evidence.key?.valid).toBeUndefined();
  });

  test("a key that is looked at once an hour is found bad at the third look too", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      fresh.simulator.faults.on("key");
      const seen: (boolean | undefined)[] = [];
      for (let poll = 0; poll < 3; poll++) {
        vi.setSystemTime(Date.now() + 3_600_000);
        seen.push((await fresh.probe("openrouter")).evidence.key?.valid);
      }
      expect(seen).toEqual([undefined, undefined, false]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("a 401 while the models fare badly for everybody is the API's outage", async () => {
    const server = createServer((request, response) => {
      const endpoints = { data: { endpoints: [{ uptime_last_5m: 41.5, uptime_last_30m: 80, uptime_last_1d: 99 }] } };
      if (request.url?.endsWith("/endpoints")) response.end(JSON.stringify(endpoints));
      else response.writeHead(401).end('{"error":{"message":"User not found.","code":401}}');
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", () => done()));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;
    const sick = await startWorld(`credentials:\n  openrouter: { api_key: $KEY, base_url: "${base}" }\nmodels: { m: a/b }\n`);
    try {
      for (let poll = 0; poll < 5; poll++) {
        expect(await sick.probe("openrouter")).toMatchObject({ reason: "gateway_error", evidence: { key: { formatValid: true } } });
      }
    } finally {
      await sick.simulator.stop();
      server.close();
    }
  });

  test("a sibling that has been bad all along is no sign of an outage", async () => {
    const two = await startWorld(
      'credentials:\n  ours: { api_key: $KEY, base_url: "$API" }\n  dead: { api_key: sk-or-v1-0000000000000000000000000000, base_url: "$API" }\n',
    );
    try {
      await two.probe("ours");
      for (let poll = 0; poll < 3; poll++) await two.probe("dead");
      two.simulator.faults.on("key");
      const seen: (boolean | undefined)[] = [];
      for (let poll = 0; poll < 3; poll++) {
        await two.probe("dead");
        seen.push((await two.probe("ours")).evidence.key?.valid);
      }
      expect(seen).toEqual([undefined, undefined, false]);
    } finally {
      await two.simulator.stop();
    }
  });

  test("asking chat about the key costs nothing", async () => {
    fresh.simulator.faults.on("key");
    const before = fresh.simulator.requests.length;
    await fresh.probe("openrouter");
    const chats = fresh.simulator.requests.slice(before).filter(({ endpoint }) => endpoint === "chat");
    expect(chats.map(({ body }) => body)).toEqual([{ messages: [] }]);
  });
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
