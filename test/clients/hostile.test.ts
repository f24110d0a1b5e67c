/** Answers that no API gives on purpose, each a bug that once was. */
import { describe, expect, test } from "vitest";
import { createRedactor } from "../../src/base/redact.ts";
import { backoffOf } from "../../src/clients/openrouter/backoff.ts";
import { readCatalogue } from "../../src/clients/openrouter/catalogue.ts";
import { classify } from "../../src/clients/openrouter/classify.ts";
import { type Connection, evidenceOf, readAnswer } from "../../src/clients/openrouter/connection.ts";
import { Transcript } from "../../src/clients/openrouter/transcript.ts";

const KEY = "gsk_planted0123456789abcdefghijklmnopqrstuvwxyz0123456789";
const connection: Connection = { flavor: "openai", baseUrl: "http://x/v1", apiKey: KEY, headers: {}, redactor: createRedactor([KEY]) };
const call = { method: "POST", path: "/chat/completions" } as const;
const answer = (status: number, text: string, headers = {}) =>
  readAnswer({ status, headers, body: Buffer.from(text), durationSeconds: 1, phases: {} }, call);

describe("no error body is a bug of ours", () => {
  test.each([
    [
      "a cause nested five thousand deep",
      `{"error":{"message":"P","code":502,"metadata":{"raw":${"[".repeat(5000)}${"]".repeat(5000)}}}}`,
      "provider_error",
    ],
    ["a wait that is an object", '{"error":{"code":429,"metadata":{"retry_after_seconds":{"toString":1,"valueOf":1}}}}', "rate_limited"],
    ["a header that is an object", '{"error":{"code":429,"metadata":{"headers":{"Retry-After":{"valueOf":1}}}}}', "rate_limited"],
    [
      "two hundred thousand arrays",
      `{"error":{"code":503,"metadata":{"retry_after_seconds":${"[".repeat(200_000)}${"]".repeat(200_000)}}}}`,
      "provider_overloaded",
    ],
  ])("%s", (_, text, reason) => {
    const read = answer(502, text);
    const [found] = [classify(answer(JSON.parse(text).error.code, text)) ?? "ok"];
    expect(found).toBe(reason);
    expect(() => [evidenceOf(connection, read, found), backoffOf(found, read, 0)]).not.toThrow();
  });
});

test("a secret that stands across the cut is hidden whole", () => {
  const text = `${"x".repeat(16 * 1024 - 30)}${KEY}${"y".repeat(1000)}`;
  const { errorBody } = evidenceOf(connection, answer(400, text), "bad_request");
  expect(errorBody).toHaveLength(16 * 1024);
  expect(errorBody).not.toContain("gsk_");
});

test("a request id that is the key is hidden", () => {
  expect(evidenceOf(connection, answer(200, "{}", { "x-request-id": KEY }), "ok").requestId).toBe("[hidden]");
});

test.each([
  ['{"error":[{"message":"quota","code":429}]}', "rate_limited", 429],
  ['{"errors":[{"message":"over","code":503}]}', "provider_overloaded", 503],
  ['{"detail":"Not authenticated"}', "gateway_error", 500],
  ['{"object":"error","message":"too long","type":"BadRequestError","code":429}', "rate_limited", 429],
  ['{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}', "rate_limited", 429],
  ['{"error":{"message":"Rate limit reached","type":"rate_limit_error"}}', "rate_limited", 429],
  ['{"error":{"message":"no","type":"invalid_request_error","code":null}}', "bad_request", 400],
  ['{"error":{"message":"no","type":"insufficient_quota","code":"insufficient_quota"}}', "payment_required", 429],
  ['{"error":{"message":"no","type":"invalid_request_error","code":"invalid_api_key"}}', "unauthorized", 401],
  ['{"error":{"message":"no","type":"invalid_request_error","code":"model_not_found"}}', "model_missing", 404],
  ['{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', "provider_overloaded", 529],
])("%s inside a 200 is an error all the same", (text, reason, code) => {
  const read = answer(200, text);
  expect({ reason: classify(read), code: read.statusCode, via: read.via }).toEqual({ reason, code, via: "body" });
});

test.each(['{"error":{},"choices":[{"message":{"content":"hi"}}]}', '{"error":"","choices":[{"message":{"content":"hi"}}]}'])(
  "%s is no error",
  (text) => {
    expect(classify(answer(200, text))).toBeUndefined();
  },
);

test("a wish to wait is heard with a 5xx and a 429, not with a 400", () => {
  const asked = (status: number, code: number) =>
    backoffOf(
      classify(answer(status, `{"error":{"code":${code}}}`)) ?? "ok",
      answer(status, `{"error":{"code":${code}}}`, { "retry-after": "30" }),
      0,
    );
  expect([asked(503, 503)?.seconds, asked(429, 429)?.seconds, asked(400, 400)]).toEqual([30, 30, undefined]);
});

const NOW = Date.parse("2026-11-28T12:00:00Z");
const LIMITED = "Rate limit exceeded: free-models-per-day";
const reset = (value: unknown): string =>
  JSON.stringify({ error: { code: 429, message: LIMITED, metadata: { headers: { "X-RateLimit-Reset": value } } } });
test.each([
  ["milliseconds since 1970", reset(String(NOW + 3600_000)), {}, 3600],
  ["seconds since 1970", reset(NOW / 1000 + 60), {}, 60],
  ["seconds", reset("30"), {}, 30],
  ["a header", '{"error":{"code":429}}', { "x-ratelimit-reset": String(NOW + 5000) }, 5],
  ["a moment that is over", reset(String(NOW - 5000)), {}, undefined],
  ["a day's limit that was not the one met", '{"error":{"code":429}}', { "x-ratelimit-reset": String(NOW + 7200_000) }, undefined],
  ["days ahead", reset(String(NOW + 72 * 3600_000)), {}, undefined],
  ["Retry-After, which is sharper", reset(String(NOW + 3600_000)), { "retry-after": "7" }, 7],
])("when a limit is lifted is read: %s", (_, text, headers, seconds) => {
  const read = answer(429, text, headers);
  expect(backoffOf(classify(read) ?? "ok", read, NOW)?.seconds).toBe(seconds);
});

test("when a limit is lifted is no wish to wait of a 503", () => {
  expect(backoffOf("provider_overloaded", answer(503, "{}", { "x-ratelimit-reset": "600" }), NOW)).toBeUndefined();
});

test("a negative cost or count is none: it would fill a budget instead of emptying it", () => {
  const transcript = new Transcript();
  transcript.addMessage({ choices: [{ message: { content: "hi" } }], usage: { prompt_tokens: -5, completion_tokens: -1, cost: -1000 } }, 1);
  expect(transcript.completion()).not.toHaveProperty("costUsd");
  expect(transcript.completion()).not.toHaveProperty("inputTokens");
});

test.each([1.5, 1e18, "12", null])("%s tokens are no count", (prompt_tokens) => {
  const transcript = new Transcript();
  transcript.addMessage({ choices: [{ message: { content: "hi" } }], usage: { prompt_tokens, completion_tokens: 2 } }, 1);
  expect(transcript.completion()).not.toHaveProperty("inputTokens");
  expect(transcript.completion()).toMatchObject({ outputTokens: 2 });
});

test.each([
  ["length", true],
  ["stop", false],
  ["content_filter", false],
])("counted tokens without a text, finished by %s, are an answer: %s", (finish_reason, alive) => {
  const transcript = new Transcript();
  transcript.addMessage({ choices: [{ message: { content: "" }, finish_reason }], usage: { completion_tokens: 20 } }, 1);
  expect(transcript.alive).toBe(alive);
});

test("a null among the choices is nothing, and what is said beside it counts", () => {
  const transcript = new Transcript();
  for (const choices of [[null], [null, { delta: { content: "hi" } }]]) transcript.addMessage({ choices }, 1);
  expect(transcript).toMatchObject({ malformed: undefined, text: "hi" });
});

test.each([
  // Google's
  ['[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]', "unauthorized"],
  // xAI's
  ['{"code":"Client specified an invalid argument","error":"Incorrect API key provided: xa***ab."}', "unauthorized"],
  // Anthropic's
  [
    '{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}',
    "payment_required",
  ],
  // LiteLLM's
  [
    '{"error":{"message":"Budget has been exceeded! Current cost: 1.2, Max budget: 1.0","type":"budget_exceeded","code":"400"}}',
    "key_limit",
  ],
  // Of the key that the provider was given: it is not ours.
  [
    '{"error":{"code":400,"message":"Provider returned error","metadata":{"provider_name":"Google","raw":"API key not valid."}}}',
    "bad_request",
  ],
])("%s with a 400 is no wrong request", (text, reason) => {
  expect(classify(answer(400, text))).toBe(reason);
});

test.each([
  ['{"message":"Endpoint request timed out"}', "Endpoint request timed out"],
  [
    '{"detail":[{"loc":["body","messages",0],"msg":"Field required","type":"missing"},{"msg":"too long"}]}',
    "body.messages.0: Field required; too long",
  ],
])("the words of a gateway or a framework are told: %s", (text, message) => {
  expect(evidenceOf(connection, answer(504, text), "provider_error").message).toBe(message);
});

test("where a redirect leads is told", () => {
  const read = answer(307, "", { location: "https://elsewhere.example/login" });
  expect(evidenceOf(connection, read, classify(read) ?? "ok")).toMatchObject({
    message: "a redirect (307) to https://elsewhere.example/login",
  });
});

test("a message beside nothing else inside a 200 is no error", () => {
  expect(classify(answer(200, '{"message":"warming up"}'))).toBeUndefined();
});

test("a tool call with an absurd index makes no array of millions", () => {
  const transcript = new Transcript();
  transcript.addMessage({ choices: [{ delta: { tool_calls: [{ index: 1e9, function: { name: "x", arguments: "{}" } }] } }] }, 1);
  expect(transcript.toolCalls).toHaveLength(0);
});

test.each([
  ["null", "undefined"],
  ['""', "undefined"],
  ["false", "undefined"],
  ["[]", "undefined"],
  ['"0"', "true"],
  ['"0.0000001"', "false"],
])("a price of %s is free: %s", (price, free) => {
  const catalogue = readCatalogue(`{"data":[{"id":"a/b","pricing":{"prompt":${price},"completion":${price}}}]}`);
  expect(String(catalogue?.get("a/b")?.free)).toBe(free);
});

test("a price per request is a price", () => {
  const catalogue = readCatalogue('{"data":[{"id":"a/b","pricing":{"prompt":"0","completion":"0","request":"0.05"}}]}');
  expect(catalogue?.get("a/b")?.free).toBe(false);
});

test("a catalogue without a model is none", () => expect(readCatalogue('{"data":[]}')).toBeUndefined());

test.each(["toString", "constructor", "__proto__", "valueOf"])(
  "an error of the type %s, which every object has, is of none that we know",
  (type) => {
    const known = answer(200, '{"error":{"metadata":{"error_type":"no_such_type"}}}');
    const read = answer(200, `{"error":{"metadata":{"error_type":"${type}"}}}`);
    expect(read.statusCode).toBe(known.statusCode);
    expect(classify(read)).toBe(classify(known));
  },
);
