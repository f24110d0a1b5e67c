import { expect, test } from "vitest";
import type { FaultName, Scope } from "../../src/simulator/index.ts";
import { faultNames, faultTable } from "../../src/simulator/index.ts";
import { asking, FREE, hello, PAID } from "./asking.ts";

const NOW = Date.parse("2026-11-23T15:00:10Z");
const from = asking({ now: () => NOW });
const on = (name: FaultName, scope?: Scope): void => from.simulator.faults.on(name, scope);

/** Refusals of a chat request: status, message, one field of the metadata, and a header where it matters. */
const REFUSALS: readonly [FaultName, Scope, number, string, string, unknown][] = [
  ["credits", {}, 402, "Insufficient credits.", "limit_source", "openrouter_credits"],
  ["unaffordable", {}, 402, "This request requires more credits, or fewer max_tokens.", "limit_source", "openrouter_credits"],
  ["over_weight", {}, 402, "This request exceeds your available credits.", "reason", "weight_exceeds_budget"],
  ["in_flight", {}, 402, "current in-flight requests", "reason", "in_flight_budget_exhausted"],
  ["key_limit", {}, 403, "Key limit exceeded (total limit).", "limit_source", "openrouter_key_limit"],
  ["key_limit", { status: 402 }, 402, "Key limit exceeded (total limit).", "limit_source", "openrouter_key_limit"],
  ["workspace_budget", {}, 403, "Workspace budget", "limit_source", "openrouter_workspace_budget"],
  ["guardrail_budget", {}, 403, "Guardrail budget", "limit_source", "openrouter_guardrail_budget"],
  ["harness", {}, 403, `${FREE} is only available on agentic harnesses.`, "failed_routing_step", "Gate Free Endpoints by Agentic Harness"],
  ["attestation", {}, 403, "18+ age confirmation", "missing_attestation_types", ["age_18plus"]],
  ["region", {}, 403, "is not available in your region", "error_type", "permission_denied"],
  ["moderation", {}, 403, "flagged", "reasons", ["violence"]],
  ["guardrail", {}, 403, "Request blocked:", "patterns", ["secret"]],
  ["free_daily", {}, 429, "Rate limit exceeded: free-models-per-day-high-balance. ", "limit_source", "openrouter_free_tier_daily"],
  ["free_daily_unpaid", {}, 429, "Rate limit exceeded: free-models-per-day. Add 10 credits", "limit_source", "openrouter_free_tier_daily"],
  ["free_per_minute", {}, 429, "Rate limit exceeded: free-models-per-min. ", "limit_source", "openrouter_free_tier_per_minute"],
  ["shared_pool", {}, 429, "Provider returned error", "limit_source", "upstream_provider_shared_pool"],
  ["provider", {}, 502, "Provider returned error", "error_type", "provider_unavailable"],
  ["provider", { status: 503 }, 503, "Provider returned error", "error_type", "provider_overloaded"],
  ["provider", { status: 504 }, 504, "Provider returned error", "error_type", "timeout"],
  ["provider", { status: 524 }, 524, "Provider returned error", "error_type", "timeout"],
  ["provider", { status: 529 }, 529, "Provider returned error", "error_type", "provider_overloaded"],
  ["provider_rejects", {}, 400, "Provider returned error", "error_type", "invalid_request"],
  ["internal", {}, 500, "Internal Server Error", "error_type", undefined],
  ["operation_timeout", {}, 408, "Operation timed out.", "error_type", undefined],
  [
    "free_ended",
    {},
    404,
    `This model is unavailable for free. The paid version is available now - use this slug instead: ${PAID}`,
    "x",
    undefined,
  ],
];

test.each(REFUSALS)("%s %o refuses chat with %i", async (name, scope, status, message, field, value) => {
  on(name, scope);
  const asked = await from.chat({ model: FREE, messages: hello, stream: true });
  expect(asked.status).toBe(status);
  expect(asked.headers.get("content-type")).toBe("application/json");
  expect(asked.at("error.code")).toBe(status);
  expect(asked.at("error.message")).toContain(message);
  expect(asked.at(`error.metadata.${field}`)).toEqual(value);
  expect(asked.at("user_id")).toMatch(/^user_/);
  expect(Object.keys(asked.at("error") as object).slice(0, 2)).toEqual(["message", "code"]);
  from.simulator.faults.clear();
  expect((await from.chat({ model: FREE, messages: hello })).status).toBe(200);
});

test.each(["free_daily", "free_daily_unpaid", "free_per_minute", "free_ended"] as const)(
  "S23, S24: %s leaves paid models alone",
  async (name) => {
    on(name);
    expect((await from.chat({ model: PAID, messages: hello })).status).toBe(200);
  },
);

test("S23, S24: resets are epoch milliseconds in text: the next minute, the next midnight UTC", async () => {
  on("free_per_minute");
  const minute = await from.chat({ model: FREE, messages: hello });
  expect(minute.at("error.metadata.headers.X-RateLimit-Reset")).toBe(String(Date.parse("2026-11-23T15:01:00Z")));
  from.simulator.faults.clear();
  on("free_daily");
  const day = await from.chat({ model: FREE, messages: hello });
  expect(day.at("error.metadata.headers")).toEqual({
    "X-RateLimit-Limit": "1000",
    "X-RateLimit-Remaining": "0",
    "X-RateLimit-Reset": String(Date.parse("2026-11-24T00:00:00Z")),
  });
  expect(day.headers.get("retry-after")).toBeNull();
  expect((await from.get("/key")).at("data.free_model_daily_requests")).toMatchObject({ limit: 1000, used: 1060, remaining: 0 });
});

test("in-flight holds say when to come back", async () => {
  on("in_flight");
  expect((await from.chat({ model: FREE, messages: hello })).headers.get("retry-after")).toBe("120");
});

test("key: a revoked key is unknown wherever one is needed, and public doors stay open", async () => {
  on("key");
  for (const path of ["/key", "/auth/key", "/credits", "/models/user"]) {
    expect((await from.get(path)).text, path).toBe('{"error":{"message":"User not found.","code":401}}');
  }
  expect((await from.chat({ model: FREE, messages: hello })).status).toBe(401);
  expect((await from.get("/key", "")).at("error.message")).toBe("Missing Authentication header");
  expect((await from.get("/models")).status).toBe(200);
});

test("auth_outage: 500 before a key is looked at", async () => {
  on("auth_outage");
  expect((await from.get("/key")).status).toBe(500);
});

test.each([FREE, PAID])("model: %s leaves the catalogue everywhere, others stay", async (model) => {
  on("model", model === FREE ? {} : { model });
  const chat = await from.chat({ model, messages: hello });
  expect([chat.status, chat.at("error.message")]).toEqual([400, `${model} is not a valid model ID`]);
  expect((await from.get(`/model/${model}`)).status).toBe(404);
  expect((await from.get("/models")).text).not.toContain(`"id":"${model}"`);
  expect((await from.get("/models")).at("total_count")).toBe(429);
  expect((await from.chat({ model: model === FREE ? PAID : FREE, messages: hello })).status).toBe(200);
});

test("new_error_form: the refusal of an unknown model without a code", async () => {
  on("new_error_form");
  const { status, at } = await from.chat({ model: "no/such", messages: hello });
  expect(status).toBe(400);
  expect(at("error.availability.code")).toBe("model_not_found");
  expect(at("error.http_status")).toBe(400);
  expect(at("error.code")).toBeUndefined();
});

test("model_paid: a free model costs, in the list and in usage, and no longer fits a cap of nothing", async () => {
  on("model_paid");
  expect((await from.get(`/model/${FREE}`)).at("data.pricing.prompt")).toBe("0.0000002");
  expect((await from.chat({ model: FREE, messages: hello })).at("usage.cost")).toBeGreaterThan(0);
  const capped = await from.chat({ model: FREE, messages: hello, provider: { max_price: { prompt: 0, completion: 0 } } });
  expect(capped.at("error.metadata.failed_routing_step")).toBe("Filter by Max Price");
});

test("model_leaving, model_unrouted, provider_degraded, vision_lost, model_substituted", async () => {
  on("model_leaving");
  expect((await from.get(`/model/${FREE}`)).at("data.expiration_date")).toBe("2026-11-30");
  on("provider_degraded");
  const degraded = await from.get(`/models/${FREE}/endpoints`);
  expect(degraded.at("data.endpoints.0")).toMatchObject({ status: -2, uptime_last_5m: 92.1 });
  on("model_unrouted");
  expect((await from.get(`/models/${FREE}/endpoints`)).at("data.endpoints")).toEqual([]);
  expect((await from.chat({ model: FREE, messages: hello })).status).toBe(404);
  from.simulator.faults.clear();
  on("vision_lost");
  expect((await from.get("/model/google/gemini-2.0-flash-exp:free")).at("data.architecture.input_modalities")).toEqual(["text"]);
  on("model_substituted");
  expect((await from.chat({ model: FREE, messages: hello })).at("model")).toBe("mistralai/mistral-nemo");
});

test.each([
  ["key_expiring", "expires_at", "2026-11-26T15:00:10.000Z"],
  ["key_limit", "limit_remaining", 0],
  ["key_older_fields", "free_model_daily_requests", undefined],
] as const)("%s shows in /key as %s", async (name, field, value) => {
  expect((await from.get("/key")).at(`data.${field}`)).not.toEqual(value);
  on(name);
  expect((await from.get("/key")).at(`data.${field}`)).toEqual(value);
});

test("key_limit_low and credits_low", async () => {
  on("key_limit_low");
  on("credits_low");
  expect((await from.get("/key")).at("data.limit_remaining")).toBeCloseTo(0.1, 9);
  const { total_credits, total_usage } = (await from.get("/credits")).at("data") as { total_credits: number; total_usage: number };
  expect(total_credits - total_usage).toBeCloseTo(0.5, 9);
});

test("a scope narrows: to a model, an endpoint, a number of requests", async () => {
  const statusOf = async (model: string): Promise<number> => (await from.chat({ model, messages: hello })).status;
  on("provider", { model: PAID, times: 2 });
  expect([await statusOf(FREE), await statusOf(PAID)]).toEqual([200, 502]);
  expect(from.simulator.faults.active()).toEqual([{ name: "provider", scope: { model: PAID, times: 2 }, left: 1 }]);
  expect([await statusOf(PAID), await statusOf(PAID)]).toEqual([502, 200]);
  expect(from.simulator.faults.active()).toEqual([]);
  on("status", { service: "openrouter", endpoint: "key", status: 418 });
  expect([(await from.get("/key")).status, await statusOf(FREE)]).toEqual([418, 200]);
  on("model", { times: 1 });
  expect([await statusOf(PAID), await statusOf(FREE), await statusOf(FREE)]).toEqual([200, 400, 200]);
});

test("every fault has a line of help, a service and a name to type", () => {
  expect(faultNames.length).toBeGreaterThan(75);
  for (const name of faultNames) {
    expect(name).toMatch(/^[a-z0-9_]+$/);
    expect(faultTable[name].description.length, name).toBeLessThanOrEqual(140);
    expect(faultTable[name].description, name).toMatch(/^[\w/].{10,}[^.]$/);
  }
  expect(new Set(from.simulator.faults.list().map(({ service }) => service))).toEqual(new Set(["any", "openrouter", "s3", "app"]));
});
