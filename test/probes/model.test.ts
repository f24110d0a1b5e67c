import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Via } from "../../src/core/outcome.ts";
import type { Reason } from "../../src/core/reason.ts";
import type { FaultName, Scope } from "../../src/simulator/index.ts";
import { STANDARD, startWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.simulator.stop());
afterEach(() => world.simulator.faults.clear());

const chats = (): Record<string, unknown>[] =>
  world.simulator.requests.filter(({ path }) => path.endsWith("/chat/completions")).map(({ body }) => body as Record<string, unknown>);

test("a healthy model: tokens, cost, times and who served it", async () => {
  const outcome = await world.probe("qwen_coder");
  expect(outcome).toMatchObject({
    verdict: "up",
    reason: "ok",
    evidence: {
      statusCode: 200,
      via: "header",
      completion: {
        outputTokens: 16,
        costUsd: 0,
        finishReason: "length",
        servedModel: expect.stringContaining("qwen3-coder"),
        provider: expect.any(String),
      },
    },
  });
  const { completion, durationSeconds = 0, phases, requestId } = outcome.evidence;
  expect(requestId).toMatch(/^gen-/);
  expect(completion?.firstTokenSeconds?.answer).toBeGreaterThan(0.004);
  expect(completion?.firstTokenSeconds?.answer).toBeLessThan(durationSeconds);
  expect(completion?.perOutputTokenSeconds).toBeGreaterThan(0);
  expect(Object.keys(phases ?? {})).toEqual(["connect", "request", "first_byte", "transfer"]);
  const total = Object.values(phases ?? {}).reduce((sum, one) => sum + one, 0);
  expect(total).toBeLessThanOrEqual(durationSeconds + 1e-6);
});

test("what is asked: streamed, at least 16 tokens, reasoning held down, no cached answer", async () => {
  await world.probe("qwen_coder");
  expect(chats().at(-1)).toMatchObject({ model: "qwen/qwen3-coder:free", stream: true, max_tokens: 16, reasoning: { enabled: false } });
  const headers = world.simulator.requests.at(-1)?.headers;
  expect(headers).toMatchObject({ "x-openrouter-cache": "false" });
});

test("a vision model is sent a PNG with its question", async () => {
  expect((await world.probe("gemini_flash")).verdict).toBe("up");
  const [message] = (chats().at(-1)?.messages ?? []) as { content: { type: string; image_url?: { url: string } }[] }[];
  expect(message?.content.map(({ type }) => type)).toEqual(["text", "image_url"]);
  expect(message?.content[1]?.image_url?.url).toMatch(/^data:image\/png;base64,iVBORw0KGgo/);
});

type Row = readonly [fault: FaultName, scope: Scope, reason: Reason, statusCode: number, via: Via];

/** Every way a completion fails here, told apart. */
const TABLE: readonly Row[] = [
  ["key", {}, "unauthorized", 401, "header"],
  ["model", {}, "model_missing", 400, "header"],
  ["new_error_form", {}, "ok", 200, "header"],
  ["provider", {}, "provider_error", 502, "header"],
  ["provider", { status: 503 }, "provider_overloaded", 503, "header"],
  ["provider", { status: 504 }, "provider_error", 504, "header"],
  ["provider", { status: 524 }, "provider_error", 524, "header"],
  ["provider", { status: 529 }, "provider_overloaded", 529, "header"],
  ["provider_rejects", {}, "bad_request", 400, "header"],
  ["internal", {}, "gateway_error", 500, "header"],
  ["operation_timeout", {}, "provider_error", 408, "header"],
  ["free_ended", {}, "model_no_longer_free", 404, "header"],
  ["credits", {}, "payment_required", 402, "header"],
  ["unaffordable", {}, "payment_required", 402, "header"],
  ["key_limit", {}, "key_limit", 403, "header"],
  ["workspace_budget", {}, "key_limit", 403, "header"],
  ["harness", {}, "forbidden", 403, "header"],
  ["region", {}, "forbidden", 403, "header"],
  ["moderation", {}, "forbidden", 403, "header"],
  ["free_daily", {}, "quota_exhausted", 429, "header"],
  ["free_per_minute", {}, "rate_limited", 429, "header"],
  ["shared_pool", {}, "rate_limited", 429, "header"],
  ["model_unrouted", {}, "model_unavailable", 404, "header"],
  ["model_blocked", {}, "forbidden", 404, "header"],
  ["slow_first_token", {}, "timeout_first_token", 200, "header"],
  ["stream_error", {}, "provider_overloaded", 503, "stream"],
  ["stream_truncated", {}, "stream_truncated", 200, "header"],
  ["stream_silent", {}, "timeout_first_token", 200, "header"],
  ["stream_stalled", {}, "timeout_stall", 200, "header"],
  ["stream_crlf", {}, "ok", 200, "header"],
  ["stream_open", {}, "ok", 200, "header"],
  ["stream_late_usage", {}, "ok", 200, "header"],
  ["empty_output", {}, "empty_output", 200, "header"],
  ["status", { service: "openrouter", status: 503 }, "provider_overloaded", 503, "header"],
  ["html", { service: "openrouter", status: 503 }, "gateway_error", 503, "header"],
  ["html", { service: "openrouter", status: 200 }, "body_malformed", 200, "header"],
  ["reset", { service: "openrouter" }, "connection_reset", 0, "none"],
  ["hang_up", { service: "openrouter" }, "connection_reset", 0, "none"],
  ["reset_body", { service: "openrouter" }, "connection_reset", 200, "header"],
  ["slow_headers", { service: "openrouter" }, "timeout_headers", 0, "none"],
  ["empty_body", { service: "openrouter" }, "empty_output", 200, "header"],
  ["broken_json", { service: "openrouter" }, "stream_malformed", 200, "header"],
  ["huge_body", { service: "openrouter" }, "body_too_large", 200, "header"],
];

describe("faults", () => {
  test.each(TABLE)("%s %j is %s, code %d in the %s", async (fault, scope, reason, statusCode, via) => {
    world.simulator.faults.on(fault, scope);
    const slow = /slow|silent|stalled/.test(fault);
    const outcome = await world.probe("qwen_coder", slow ? 600 : 8_000);
    const { statusCode: code, via: where } = outcome.evidence;
    expect({ reason: outcome.reason, code, where }).toEqual({ reason, code: statusCode, where: via });
    expect(outcome.verdict).toBe(reason === "ok" ? "up" : reason === "rate_limited" || reason === "quota_exhausted" ? "degraded" : "down");
  });

  test("what was no event of the stream is told", async () => {
    world.simulator.faults.on("broken_json", { service: "openrouter" });
    expect((await world.probe("qwen_coder")).evidence.message).toMatch(/^an event that is no JSON object: \{/);
  });

  test("a vision model that takes no images any more", async () => {
    world.simulator.faults.on("vision_lost");
    expect(await world.probe("gemini_flash")).toMatchObject({ reason: "vision_unsupported", evidence: { statusCode: 404 } });
  });

  test("a model that does not exist costs nothing, once the catalogue said so", async () => {
    const other = await startWorld(
      'credentials:\n  openrouter: { api_key: $KEY, base_url: "$API" }\nmodels: { typo: moonshot/kimi-dev-72b }\n',
    );
    const spend = () => other.planned.find(({ target }) => target.name === "typo")?.spend?.();
    expect(spend()).toMatchObject({ usd: expect.closeTo(0.0005, 3), guessed: true });
    await other.probe("openrouter_catalog");
    expect(spend()?.usd).toBe(0);
    expect(spend()).not.toHaveProperty("guessed");
    await other.simulator.stop();
  });

  test("a refused connection", async () => {
    const other = await startWorld();
    await other.simulator.stop();
    expect(await other.probe("qwen_coder")).toMatchObject({ reason: "connect_refused", evidence: { statusCode: 0, via: "none" } });
  });

  test("the whole error body and the request's context are evidence, the key is not", async () => {
    world.simulator.faults.on("model");
    const { evidence } = await world.probe("qwen_coder");
    expect(evidence.errorBody).toContain("qwen/qwen3-coder:free is not a valid model ID");
    expect(evidence.request).toMatchObject({ method: "POST", model: "qwen/qwen3-coder:free", max_tokens: 16 });
    const { apiKey } = world.simulator.credentials;
    expect(JSON.stringify(evidence)).not.toContain(apiKey);
    expect(evidence.errorBody).toContain('"user_id":"[hidden]"');
  });
});

describe("what the catalogue says of a model shapes the probe", () => {
  test("a model that must reason gets room for it, and its reasoning is told from its answer", async () => {
    const mandatory = await startWorld(
      `credentials:\n  openrouter: { api_key: $KEY, base_url: "$API" }\nmodels: { thinker: "$MANDATORY" }\n`.replace(
        "$MANDATORY",
        await mandatoryModel(),
      ),
    );
    try {
      await mandatory.probe("openrouter_catalog");
      const { verdict, evidence } = await mandatory.probe("thinker");
      const sent = mandatory.simulator.requests.at(-1)?.body as Record<string, unknown>;
      expect(sent).toMatchObject({ max_tokens: 272, reasoning: { effort: "low" } });
      expect(verdict).toBe("up");
      const { reasoning = 0, answer = 0 } = evidence.completion?.firstTokenSeconds ?? {};
      expect(reasoning).toBeGreaterThan(0);
      expect(answer).toBeGreaterThan(reasoning);
      expect(evidence.completion?.outputReasoningTokens).toBeGreaterThan(0);
    } finally {
      await mandatory.simulator.stop();
    }
  });

  test("require_free caps the price at nothing", async () => {
    const frugal = await startWorld(`${STANDARD}policy: { require_free: true }\n`);
    try {
      await frugal.probe("qwen_coder");
      expect(frugal.simulator.requests.at(-1)?.body).toMatchObject({ provider: { max_price: { prompt: 0, completion: 0 } } });
    } finally {
      await frugal.simulator.stop();
    }
  });
});

async function mandatoryModel(): Promise<string> {
  const response = await fetch(`${world.simulator.openrouterUrl}/models`);
  const { data } = (await response.json()) as { data: { id: string; reasoning?: { mandatory?: boolean } }[] };
  return data.find(({ reasoning }) => reasoning?.mandatory === true)?.id ?? "none";
}
