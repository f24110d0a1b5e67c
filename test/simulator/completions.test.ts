import { describe, expect, test } from "vitest";
import type { FaultName, Scope } from "../../src/simulator/index.ts";
import { asking, eventsOf, FREE, hello, look } from "./asking.ts";

const from = asking();
const on = (name: FaultName, scope?: Scope): void => from.simulator.faults.on(name, scope);

const streamed = async (): Promise<string> => (await from.chat({ model: FREE, messages: hello, stream: true })).text;

test("S12: stream_error: words, then an error chunk, then the end", async () => {
  on("stream_error");
  const text = await streamed();
  const last = eventsOf(text).at(-1);
  expect(eventsOf(text)).toHaveLength(5);
  expect(last).toMatchObject({ model: FREE, object: "chat.completion.chunk", error: { code: 503 } });
  expect(look(last, "choices.0")).toMatchObject({ delta: { content: "" }, finish_reason: "error" });
  expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
});

test("S12: the code may be a word, or the error stand alone in the first event", async () => {
  on("stream_error_text_code");
  expect(look(eventsOf(await streamed()).at(-1), "error.code")).toBe("server_error");
  from.simulator.faults.clear();
  on("stream_error_bare");
  const text = await streamed();
  expect(eventsOf(text)).toEqual([expect.objectContaining({ error: expect.objectContaining({ code: 502 }) })]);
  expect(text).not.toContain("[DONE]");
});

test("S13: stream_truncated ends early and in good order", async () => {
  on("stream_truncated");
  const text = await streamed();
  expect(eventsOf(text)).toHaveLength(4);
  expect(text).not.toMatch(/\[DONE\]|"finish_reason":"/);
});

/** Events whose end has arrived. */
const completed = (text: string): number => text.match(/data: \{[^\n]*\n\n/g)?.length ?? 0;

/** What arrives until `enough`, then the caller leaves; whether the stream was still open. */
async function untilEnough(enough: (text: string) => boolean, more: object = {}): Promise<{ text: string; open: boolean }> {
  const leaving = new AbortController();
  const response = await from.chatResponse({ model: FREE, messages: hello, stream: true, ...more }, leaving.signal);
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (reader && !enough(text)) {
    const { done, value } = await reader.read();
    if (done) return { text, open: false };
    text += decoder.decode(value, { stream: true });
  }
  const open = from.simulator.requests.at(-1)?.finishedAt === undefined;
  leaving.abort();
  return { text, open };
}

test.each([
  ["stream_silent", (text: string) => text.split("PROCESSING").length > 4, /data: /],
  ["stream_open", (text: string) => text.includes('"finish_reason":"stop"'), /\[DONE\]/],
  ["stream_stalled", (text: string) => completed(text) === 4, /"finish_reason":"/],
  ["stalled_body", (text: string) => completed(text) >= 1, /"finish_reason":"/],
] as const)("S13: %s keeps the stream open", async (name, enough, never) => {
  on(name);
  const { text, open } = await untilEnough(enough);
  expect(open).toBe(true);
  expect(text).not.toMatch(never);
});

test("streams in other clothes: CR LF, usage beside a choice", async () => {
  on("stream_crlf");
  const text = await streamed();
  expect(text.replaceAll("\r\n", "")).not.toContain("\n");
  expect(look(eventsOf(text).at(-1), "usage.cost")).toBe(0);
  on("stream_late_usage");
  expect(look(eventsOf(await streamed()).at(-1), "choices.0.delta.role")).toBe("assistant");
});

test.each([
  ["error_in_body", { error: { code: 503 }, id: expect.stringMatching(/^gen-/) }],
  ["error_in_choice", { choices: [{ finish_reason: "error", error: { code: 503 } }] }],
  ["empty_choices", { choices: [] }],
  ["empty_output", { choices: [{ message: { content: "" } }], usage: { completion_tokens: 0 } }],
] as const)("S14: %s is a 200", async (name, body) => {
  on(name);
  const { status, text } = await from.chat({ model: FREE, messages: hello });
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject(body);
});

test("S14, S15: no choices; only whitespace; whitespace before the JSON; a stream without a word", async () => {
  on("no_choices");
  const choiceless = await from.chat({ model: FREE, messages: hello });
  expect(Object.keys(JSON.parse(choiceless.text))).toContain("usage");
  expect(choiceless.at("choices")).toBeUndefined();
  from.simulator.faults.clear();
  on("whitespace_body");
  const blank = await from.chat({ model: FREE, messages: hello });
  expect([blank.status, blank.text.trim(), blank.text.length > 500]).toEqual([200, "", true]);
  from.simulator.faults.clear();
  on("padded_body", { ms: 20 });
  const padded = await from.chat({ model: FREE, messages: hello });
  expect(padded.text).toMatch(/^\n +\{/);
  expect(padded.at("object")).toBe("chat.completion");
  from.simulator.faults.clear();
  on("empty_output");
  const events = eventsOf(await streamed());
  expect(events.some((event) => look(event, "choices.0.delta.content"))).toBe(false);
  expect(look(events.at(-1), "usage.completion_tokens")).toBe(0);
});

test("S12: stream_error_late_bare: words, then an error without choices, and no end", async () => {
  on("stream_error_late_bare");
  const text = await streamed();
  expect(eventsOf(text)).toHaveLength(5);
  expect(eventsOf(text).at(-1)).toEqual({ error: expect.objectContaining({ code: 502 }), user_id: expect.any(String) });
  expect(text).not.toMatch(/\[DONE\]|"finish_reason":"/);
});

test("S13: a short answer is broken off before its end too", async () => {
  on("stream_truncated");
  const pong = { model: FREE, messages: [{ role: "user", content: "Reply with exactly: pong" }], stream: true };
  const { text } = await from.chat(pong);
  expect(text).toContain('"content":"pong"');
  expect(text).not.toMatch(/\[DONE\]|"finish_reason":"|"usage"/);
});

test.each([
  ["error_in_body", { error: { code: 503 } }],
  ["error_in_choice", { choices: [{ finish_reason: "error", error: { code: 503 } }] }],
  ["empty_choices", { choices: [], object: "chat.completion.chunk" }],
  ["no_choices", { object: "chat.completion.chunk" }],
] as const)("S14: %s in a stream is its only event", async (name, body) => {
  on(name);
  const text = await streamed();
  expect(eventsOf(text)).toEqual([expect.objectContaining({})]);
  expect(eventsOf(text)[0]).toMatchObject(body);
  expect(Object.hasOwn(eventsOf(text)[0] as object, "choices")).toBe("choices" in body);
  expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
});

describe("not streamed", () => {
  test.each([
    ["stream_error", { choices: [{ finish_reason: "error", error: { code: 503 }, message: { content: expect.any(String) } }] }],
    ["stream_error_text_code", { choices: [{ error: { code: "server_error" } }] }],
    ["stream_error_bare", { error: { code: 502 }, user_id: expect.any(String) }],
    ["stream_error_late_bare", { error: { code: 502 }, choices: [{ finish_reason: "stop" }] }],
    ["stream_crlf", { choices: [{ finish_reason: "stop" }] }],
    ["stream_late_usage", { choices: [{ finish_reason: "stop" }] }],
  ] as const)("%s is a 200 of its own", async (name, body) => {
    on(name);
    const { status, text } = await from.chat({ model: FREE, messages: hello });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject(body);
  });

  test("stream_truncated: half the JSON, in good order", async () => {
    on("stream_truncated");
    const { text } = await from.chat({ model: FREE, messages: hello });
    expect(text).toMatch(/^\{"id":"gen-/);
    expect(() => JSON.parse(text)).toThrow();
  });

  test.each([
    ["stream_silent", (text: string) => text.length > 25, /^\s+$/],
    ["stream_stalled", (text: string) => text.length > 100, /^\{"id"[^}]*$|^\{"id".*[^}]$/s],
    ["stream_open", (text: string) => text.endsWith("}}}"), /^\{"id".*\}$/s],
  ] as const)("%s does not end", async (name, enough, form) => {
    on(name);
    const { text, open } = await untilEnough(enough, { stream: false });
    expect(open).toBe(true);
    expect(text).toMatch(form);
  });
});
