/**
 * Whatever bytes come back: no throw, bounded memory, and a reason from the closed list. A taste in every test run; `npm run fuzz` runs a
 * million cases (docs/fuzzing.md has the last result).
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createRedactor } from "../../src/base/redact.ts";
import { backoffOf } from "../../src/clients/openrouter/backoff.ts";
import { readCatalogue } from "../../src/clients/openrouter/catalogue.ts";
import { classify } from "../../src/clients/openrouter/classify.ts";
import { type Connection, evidenceOf, readAnswer } from "../../src/clients/openrouter/connection.ts";
import { createSseReader } from "../../src/clients/openrouter/sse.ts";
import { Transcript } from "../../src/clients/openrouter/transcript.ts";
import { reasonNames } from "../../src/core/reason.ts";

const FACTOR = Number(process.env.FUZZ ?? 1);
const runs = (count: number) => ({ numRuns: count * FACTOR });
const connection: Connection = { flavor: "openrouter", baseUrl: "http://x/api/v1", apiKey: "k", headers: {}, redactor: createRedactor() };
const call = { method: "POST", path: "/chat/completions" } as const;

/** Values of any type where the API promises one, and texts that the table looks for. */
const words = fc.constantFrom(
  ...[
    "model_not_found",
    "capacity_exhausted",
    "provider_overloaded",
    "openrouter_free_tier_daily",
    "Filter by Image Support",
    "server_error",
  ],
  ...[
    "x is not a valid model ID",
    "Rate limit exceeded: free-models-per-day",
    "Key limit exceeded (total limit)",
    "401",
    "503",
    "",
    "[DONE]",
  ],
);
const value: fc.Arbitrary<unknown> = fc.oneof(
  words,
  fc.integer(),
  fc.double(),
  fc.constant(null),
  fc.boolean(),
  fc.string(),
  fc.jsonValue({ maxDepth: 2 }),
);
const errorValue = fc.oneof(
  value,
  fc.record(
    {
      message: value,
      code: value,
      type: value,
      error_type: value,
      http_status: value,
      availability: fc.oneof(value, fc.record({ code: value, retryable: value }, { requiredKeys: [] })),
      metadata: fc.oneof(
        value,
        fc.record(
          {
            error_type: value,
            limit_source: value,
            failed_routing_step: value,
            provider_name: value,
            raw: value,
            headers: value,
            retry_after_seconds: value,
          },
          { requiredKeys: [] },
        ),
      ),
    },
    { requiredKeys: [] },
  ),
);
const piece = fc.oneof(
  value,
  fc.record({ content: value, reasoning: value, role: value, tool_calls: fc.oneof(value, fc.array(value)) }, { requiredKeys: [] }),
);
const choice = fc.oneof(
  value,
  fc.record({ delta: piece, message: piece, finish_reason: value, error: errorValue, index: value }, { requiredKeys: [] }),
);
const message = fc.oneof(
  value,
  fc.record(
    {
      id: value,
      model: value,
      provider: value,
      choices: fc.oneof(value, fc.array(choice)),
      usage: fc.oneof(
        value,
        fc.record({ prompt_tokens: value, completion_tokens: value, cost: value, completion_tokens_details: value }, { requiredKeys: [] }),
      ),
      error: errorValue,
      openrouter_metadata: fc.oneof(value, fc.record({ attempt: value, attempts: value }, { requiredKeys: [] })),
    },
    { requiredKeys: [] },
  ),
);
const body = fc.oneof(
  message.map((one) => JSON.stringify(one) ?? ""),
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constant("<html>Attention Required! | Cloudflare</html>"),
);
const status = fc.oneof(fc.constantFrom(0, 200, 400, 401, 402, 403, 404, 429, 500, 502, 503, 520), fc.integer({ min: 100, max: 999 }));

test("any answer has a reason from the closed list, or none when it is no error", () => {
  fc.assert(
    fc.property(
      status,
      body,
      fc.dictionary(fc.constantFrom("retry-after", "x-generation-id", "content-type"), fc.string()),
      (code, text, headers) => {
        const fault = code === 0 ? { fault: { reason: "connection_reset" as const, message: "gone" } } : {};
        const answer = readAnswer({ status: code, headers, body: Buffer.from(text), durationSeconds: 1, phases: {}, ...fault }, call);
        const reason = classify(answer);
        if (reason === undefined) expect(code >= 200 && code < 300).toBe(true);
        else expect(reasonNames).toContain(reason);
        expect(answer.statusCode).toBeGreaterThanOrEqual(0);
        const evidence = evidenceOf(connection, answer, reason ?? "ok");
        expect((evidence.errorBody ?? "").length).toBeLessThanOrEqual(16 * 1024);
        const backoff = backoffOf(reason ?? "ok", answer, 0);
        if (backoff?.seconds !== undefined) expect(backoff.seconds).toBeGreaterThan(0);
      },
    ),
    runs(800),
  );
});

const frame = fc.oneof(
  body.map((text) => `data: ${text}\n\n`),
  fc.constantFrom(": OPENROUTER PROCESSING\n\n", "data: [DONE]\n\n", "event: x\r\n", "\r", "data:\n\n", "\uFEFF"),
  fc.string({ unit: "binary" }),
);

test("any stream, cut anywhere, is heard to its end: numbers are numbers, times are in order", () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(400), { maxLength: 6 }), (frames, cuts) => {
      const bytes = Buffer.from(frames.join(""));
      const reader = createSseReader();
      const transcript = new Transcript();
      let at = 0;
      for (const end of [...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]) {
        for (const item of reader.push(bytes.subarray(at, end)) ?? []) transcript.add(item, at + 1);
        at = end;
      }
      for (const item of reader.end()) transcript.add(item, at + 1);
      const { firstTokenSeconds, inputTokens, outputTokens, costUsd, perOutputTokenSeconds } = transcript.completion();
      for (const number of [inputTokens, outputTokens, costUsd, perOutputTokenSeconds])
        expect(number === undefined || typeof number === "number").toBe(true);
      for (const first of Object.values(firstTokenSeconds ?? {})) expect(first).toBeLessThanOrEqual(transcript.lastTokenSeconds ?? 0);
      expect(transcript.toolCalls.length).toBeLessThan(1000);
    }),
    runs(500),
  );
});

test("any text as a catalogue is one, or is none", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.record({ data: fc.oneof(value, fc.array(value)) }).map((one) => JSON.stringify(one)),
      ),
      (text) => {
        const catalogue = readCatalogue(text);
        expect(catalogue === undefined || catalogue instanceof Map).toBe(true);
      },
    ),
    runs(200),
  );
});
