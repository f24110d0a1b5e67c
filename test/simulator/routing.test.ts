import { describe, expect, test } from "vitest";
import type { FaultName, Scope } from "../../src/simulator/index.ts";
import { type Asked, asking, eventsOf, FREE, hello, look, PAID } from "./asking.ts";

let nowMs = Date.parse("2026-11-23T15:00:00Z");
const from = asking({ now: () => nowMs });
const on = (name: FaultName, scope?: Scope): void => from.simulator.faults.on(name, scope);
const ENABLED = { "x-openrouter-metadata": "enabled" };
const asked = (body: object): Promise<Asked> =>
  from.chat({ model: FREE, messages: hello, max_tokens: 16, ...body }, from.simulator.credentials.apiKey, ENABLED);

describe("S28: openrouter_metadata", () => {
  test("comes only when asked for: beside the answer, in a stream's last chunk", async () => {
    expect((await from.chat({ model: FREE, messages: hello })).text).not.toContain("openrouter_metadata");
    const whole = await asked({});
    const provider = whole.at("provider");
    expect(whole.at("openrouter_metadata")).toEqual({
      requested: FREE,
      strategy: "direct",
      region: "iad",
      summary: `available=1, selected=${provider}`,
      attempt: 1,
      is_byok: false,
      endpoints: { total: 1, available: [{ provider, model: FREE, selected: true }] },
      attempts: [{ provider, model: FREE, status: 200 }],
    });
    const { text } = await asked({ stream: true });
    const carriers = eventsOf(text).filter((event) => look(event, "openrouter_metadata"));
    expect(carriers).toEqual([eventsOf(text).at(-1)]);
    expect(look(carriers[0], "openrouter_metadata.attempt")).toBe(1);
  });

  test.each([
    ["~anthropic/claude-sonnet-latest", "latest"],
    ["openrouter/auto", "auto"],
    [`${PAID}:nitro`, "direct"],
  ])("%s is routed by strategy %s", async (model, strategy) => {
    expect((await asked({ model })).at("openrouter_metadata")).toMatchObject({ requested: model, strategy });
  });

  test("fallback_used: the first provider failed, another answered, and only the metadata tells", async () => {
    const usual = (await asked({})).at("provider");
    on("fallback_used");
    for (const answer of [await asked({}), await asked({ stream: true })]) {
      const last = answer.text.startsWith("{") ? JSON.parse(answer.text) : eventsOf(answer.text).at(-1);
      expect(answer.status).toBe(200);
      expect(look(last, "provider")).toBe(usual);
      expect(look(last, "openrouter_metadata")).toMatchObject({
        attempt: 2,
        attempts: [
          { provider: "Nebius", model: FREE, status: 503 },
          { provider: usual, model: FREE, status: 200 },
        ],
      });
    }
  });

  test("without fallbacks, or pinned to the one that fails, that is a 503", async () => {
    on("fallback_used");
    for (const provider of [{ allow_fallbacks: false }, { only: ["nebius"] }]) {
      const refused = await asked({ provider });
      expect([refused.status, refused.at("error.metadata.provider_name")]).toEqual([503, "Nebius"]);
      expect(refused.at("openrouter_metadata")).toMatchObject({ attempt: 1, attempts: [{ provider: "Nebius", status: 503 }] });
    }
  });

  test.each<[FaultName, number, number | undefined]>([
    ["model", 400, 0],
    ["credits", 402, 0],
    ["harness", 403, 0],
    ["model_unrouted", 404, 0],
    ["provider_rejects", 400, 1],
    ["provider", 502, 1],
    ["key", 401, undefined],
    ["free_daily", 429, undefined],
    ["shared_pool", 429, undefined],
    ["internal", 500, undefined],
  ])("beside the error of %s (%i) stands attempt %s", async (fault, status, attempt) => {
    on(fault);
    const refused = await asked({});
    expect(refused.status).toBe(status);
    expect(refused.at("openrouter_metadata.attempt")).toBe(attempt);
  });
});

describe("S22: the account's settings rule a model out", () => {
  test.each<[FaultName, string, RegExp]>([
    ["model_blocked", "Filter by Data Policy", /data policy \(Free model training\)/],
    ["model_unpublishable", "Filter by Data Policy", /data policy \(Free model publication\)/],
    ["model_guarded", "Filter by Guardrails", /^0 endpoints out of 1 requested are available matching your guardrail restrictions/],
  ])("%s fails at %s and is not in /models/user", async (fault, step, message) => {
    on(fault);
    const refused = await asked({});
    expect(refused.status).toBe(404);
    expect(refused.at("error.message")).toMatch(message);
    expect(refused.at("error.metadata.failed_routing_step")).toBe(step);
    expect((refused.at("error.metadata.routing_funnel") as unknown[]).at(-1)).toEqual({ step, endpoint_count: 0 });
    expect((await from.get("/models/user")).text).not.toContain(`"id":"${FREE}"`);
  });

  test("a guardrail's refusal counts the reasons, a pin's names the providers, an ended variant's has a funnel", async () => {
    on("model_guarded");
    expect((await asked({})).at("error.metadata.ineligibility_reasons")).toMatchObject([{ count: 1 }]);
    from.simulator.faults.clear();
    const pinned = await asked({ provider: { only: ["nobody"] } });
    expect(pinned.at("error.metadata.requested_providers")).toEqual(["nobody"]);
    expect(pinned.at("error.metadata.available_providers")).toHaveLength(1);
    on("free_ended");
    expect((await asked({})).at("error.metadata.routing_funnel")).toEqual([{ step: "Initial Endpoints", endpoint_count: 0 }]);
  });
});

describe("S25, S26: what a provider says of coming back", () => {
  test.each<[FaultName, Scope, number, string | null, unknown]>([
    ["shared_pool", {}, 429, "17", 17],
    ["shared_pool_silent", {}, 429, null, undefined],
    ["provider_busy", {}, 503, "30", undefined],
    ["provider", { status: 503 }, 503, null, undefined],
  ])("%s %o: %i, Retry-After %s", async (fault, scope, status, header, seconds) => {
    on(fault, { model: FREE, ...scope });
    const refused = await asked({});
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([status, header]);
    expect(refused.at("error.metadata.retry_after_seconds")).toBe(seconds);
    expect(refused.at("error.metadata.raw")).toEqual(expect.any(String));
    expect((await from.chat({ model: PAID, messages: hello })).status).toBe(200);
  });
});

describe("S29: /generation", () => {
  test("is not found at first, then tells of every attempt", async () => {
    on("fallback_used");
    const id = String((await asked({ stream: true })).headers.get("x-generation-id"));
    const early = await from.get(`/generation?id=${id}`);
    expect([early.status, early.at("error.message")]).toEqual([404, "Resource not found"]);
    nowMs += 2_000;
    const { status, at } = await from.get(`/generation?id=${id}`);
    expect(status).toBe(200);
    expect(at("data")).toMatchObject({ id, streamed: true, finish_reason: "length", tokens_completion: 16, total_cost: 0 });
    expect(at("data.provider_responses")).toMatchObject([{ provider_name: "Nebius", status: 503 }, { status: 200 }]);
  });

  test("404 for what was never made, 400 without an id, 401 without a key", async () => {
    expect((await from.get("/generation?id=gen-1-x")).status).toBe(404);
    expect((await from.get("/generation")).status).toBe(400);
    expect((await from.get("/generation?id=gen-1-x", "")).status).toBe(401);
  });
});

test("S6, S9: the lists come in pages when asked", async () => {
  for (const path of ["/models", "/models/user"]) {
    const { at } = await from.get(`${path}?offset=400&limit=100`);
    expect([(at("data") as unknown[]).length, at("total_count"), at("links.next")]).toEqual([30, 430, null]);
    expect((await from.get(`${path}?limit=20`)).at("links.next")).toBe(`/api/v1${path}?offset=20&limit=20`);
  }
});

test("S8: who takes tools, and how often each endpoint was up", async () => {
  expect((await from.get(`/models/${FREE}/endpoints`)).at("data.endpoints.0.supports_tool_choice")).toMatchObject({ auto: true });
  const gemma = await from.get("/models/google/gemma-3-27b-it:free/endpoints");
  expect(gemma.at("data.endpoints.0.supports_tool_choice")).toMatchObject({ auto: false });
  for (const window of ["5m", "30m", "1d"]) {
    const uptime = gemma.at(`data.endpoints.0.uptime_last_${window}`);
    expect(uptime === null || (Number(uptime) >= 0 && Number(uptime) <= 100), String(uptime)).toBe(true);
  }
});
