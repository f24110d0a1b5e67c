/** Completions that begin with 200 and are failures all the same (openrouter-api §7; §13 S12 to S16). */
import { pause, systemClock } from "../../base/clock.ts";
import { asList, asObject, type Body, isStream, type JsonObject, json, type Reply } from "../exchange.ts";
import { USER_ID } from "../openrouter/errors.ts";
import { COMMENT, DONE, event } from "../openrouter/sse.ts";
import type { Fault } from "./fault.ts";

type Events = AsyncIterable<string | Buffer>;
const chat = { service: "openrouter", endpoints: ["chat"] } as const;
const COMMENT_EVERY_MS = 100;
const PADDING_MS = 3_000;

const overloaded = (name: string): JsonObject => ({
  code: 503,
  message: `Upstream error from ${name}: Service temporarily overloaded`,
  metadata: { error_type: "provider_overloaded" },
});

const isEvent = (text: string): boolean => text.startsWith("data: {");
const finishes = (text: string): boolean => /"finish_reason":"/.test(text);

/** The stream's events until one after which `ends` holds; that one is the last. */
async function* until(events: Events, ends: (text: string, count: number) => boolean): AsyncGenerator<string> {
  let count = 0;
  for await (const bytes of events) {
    const text = bytes.toString();
    yield text;
    if (isEvent(text)) count += 1;
    if (isEvent(text) && ends(text, count)) return;
  }
}

// The role and three words.
const someWords = (events: Events): AsyncGenerator<string> => until(events, (_, count) => count === 4);

async function* failing(events: Events, code: number | string): AsyncGenerator<string> {
  let last = "";
  for await (const text of someWords(events)) {
    if (isEvent(text)) last = text;
    yield text;
  }
  const { choices: _, ...head } = asObject(JSON.parse(last.slice("data: ".length)));
  const choice = { index: 0, delta: { content: "" }, finish_reason: "error", native_finish_reason: "error" };
  yield event({ ...head, error: { ...overloaded("Chutes"), code }, choices: [choice] });
  yield DONE;
}

async function* bare(): AsyncGenerator<string> {
  yield COMMENT;
  yield event({
    error: { code: 502, message: "Provider returned error", metadata: { provider_name: "Chutes", raw: "error" } },
    user_id: USER_ID,
  });
}

async function* commentsForever(signal: AbortSignal): AsyncGenerator<string> {
  while (!signal.aborted) {
    yield COMMENT;
    await pause(systemClock, COMMENT_EVERY_MS, signal);
  }
}

async function* padded(text: string, ms: number, signal: AbortSignal): AsyncGenerator<string> {
  for (let left = ms; left > 0 && !signal.aborted; left -= COMMENT_EVERY_MS) {
    yield "\n         ";
    await pause(systemClock, Math.min(left, COMMENT_EVERY_MS), signal);
  }
  yield text;
}

async function* mapped(events: Events, change: (text: string) => string): AsyncGenerator<string> {
  for await (const bytes of events) yield change(bytes.toString());
}

/** A fault of streams only; whole answers pass. */
const ofStream = (description: string, spoil: (events: Events, signal: AbortSignal) => Body, ending?: "hang"): Fault => ({
  ...chat,
  description,
  alter: (reply, { signal }) =>
    isStream(reply.body) ? { ...reply, body: spoil(reply.body, signal), ...(ending && { ending }) } : undefined,
});

/** A fault of whole (not streamed) successes only. */
const ofWhole = (description: string, spoil: (body: JsonObject) => unknown): Fault => ({
  ...chat,
  description,
  alter: (reply) =>
    isStream(reply.body) || reply.status !== 200 ? undefined : json(200, spoil(asObject(JSON.parse(reply.body.toString()))), reply.headers),
});

const firstChoice = (body: JsonObject): JsonObject => asObject(asList(body.choices)[0]);

const streamFaults = {
  stream_error: ofStream("A few words, then an error chunk with finish_reason error", (events) => failing(events, 503)),
  stream_error_text_code: ofStream("As stream_error, with the older error code in words", (events) => failing(events, "server_error")),
  stream_error_bare: ofStream("The first event is a bare error, and no [DONE] follows", bare),
  stream_truncated: ofStream("The stream ends after a few words, in good order, without finish_reason or [DONE]", someWords),
  stream_silent: ofStream("Comments for ever, never a token", (_, signal) => commentsForever(signal)),
  stream_stalled: ofStream("A few words, then silence", someWords, "hang"),
  stream_open: ofStream("A complete answer, and the stream never closes", (events) => until(events, finishes), "hang"),
  stream_crlf: ofStream("Lines end with CR LF (no failure: clients must cope)", (events) =>
    mapped(events, (text) => text.replaceAll("\n", "\r\n")),
  ),
  stream_late_usage: ofStream("Usage comes with a last choice in place of an empty list (older servers)", (events) =>
    mapped(events, (text) =>
      text.replace('"choices":[]', '"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]'),
    ),
  ),
} as const satisfies Readonly<Record<string, Fault>>;

const wholeFaults = {
  error_in_body: ofWhole("200 whose body is an error of code 503", ({ id }) => ({ id, error: overloaded("Nvidia"), user_id: USER_ID })),
  error_in_choice: ofWhole("200 whose only choice ended in an error", (body) => ({
    ...body,
    choices: [{ ...firstChoice(body), finish_reason: "error", native_finish_reason: "error", error: overloaded("Nvidia") }],
  })),
  empty_choices: ofWhole("200 with choices: []", (body) => ({ ...body, choices: [] })),
  no_choices: ofWhole("200 without choices", ({ choices: _, ...body }) => body),
} as const satisfies Readonly<Record<string, Fault>>;

function wordless(reply: Reply): Reply | undefined {
  const silence = (text: string): string =>
    text
      .replace(/"content":"(?:[^"\\]|\\.)*"/g, '"content":""')
      .replace(/"(reasoning|text)":"(?:[^"\\]|\\.)*"/g, '"$1":""')
      .replace(/"completion_tokens":\d+/, '"completion_tokens":0')
      .replace(/"reasoning_tokens":\d+/, '"reasoning_tokens":0');
  if (reply.status !== 200) return undefined;
  return { ...reply, body: isStream(reply.body) ? mapped(reply.body, silence) : silence(reply.body.toString()) };
}

export const completionFaults = {
  ...streamFaults,
  ...wholeFaults,
  empty_output: { ...chat, description: "A success with not one token", alter: wordless },
  whitespace_body: {
    ...chat,
    description: "200 with nothing but newlines and spaces",
    alter: ({ headers }) => ({ status: 200, headers: { ...headers, "content-type": "application/json" }, body: "\n         ".repeat(80) }),
  },
  padded_body: {
    ...chat,
    description: "Whitespace for 3 s, or as scoped by ms, before the JSON (no failure: clients must cope)",
    alter: (reply, { signal }, { ms = PADDING_MS }) =>
      isStream(reply.body) ? undefined : { ...reply, body: padded(reply.body.toString(), ms, signal) },
  },
} as const satisfies Readonly<Record<string, Fault>>;
