/** Completions that begin with 200 and are failures all the same (openrouter-api §7; §13 S12 to S16), streamed and whole. */
import { pause, systemClock } from "../../base/clock.ts";
import { asList, asObject, type Body, isStream, type JsonObject, type Reply } from "../exchange.ts";
import { USER_ID } from "../openrouter/errors.ts";
import { COMMENT, DONE, event } from "../openrouter/sse.ts";
import type { Fault } from "./fault.ts";

type Events = AsyncIterable<string | Buffer>;
const chat = { service: "openrouter", endpoints: ["chat"] } as const;
const COMMENT_EVERY_MS = 100;
const PADDING_MS = 3_000;
const PADDING = "\n         ";

const overloaded = (code: number | string, name: string): JsonObject => ({
  code,
  message: `Upstream error from ${name}: Service temporarily overloaded`,
  metadata: { error_type: "provider_overloaded" },
});
const BARE_ERROR = {
  error: { code: 502, message: "Provider returned error", metadata: { provider_name: "Chutes", raw: "error" } },
  user_id: USER_ID,
};

const isEvent = (text: string): boolean => text.startsWith("data: {");
const finishes = (text: string): boolean => /"finish_reason":"/.test(text);
const bodyOf = (text: string): JsonObject => asObject(JSON.parse(text.slice("data: ".length)));

/** The role and at most three words: a short answer is broken off before its end too. */
async function* someWords(events: Events): AsyncGenerator<string> {
  let count = 0;
  for await (const bytes of events) {
    const text = bytes.toString();
    if (finishes(text)) return;
    yield text;
    if (isEvent(text)) count += 1;
    if (count === 4) return;
  }
}

async function* throughFinish(events: Events): AsyncGenerator<string> {
  for await (const bytes of events) {
    yield bytes.toString();
    if (finishes(bytes.toString())) return;
  }
}

/** Some words, then what `last` makes of the fields all chunks share. */
async function* thenError(events: Events, last: (head: JsonObject) => string): AsyncGenerator<string> {
  let head: JsonObject = {};
  for await (const text of someWords(events)) {
    if (isEvent(text)) head = bodyOf(text);
    yield text;
  }
  const { choices: _, ...shared } = head;
  yield last(shared);
}

const errorChunk =
  (code: number | string) =>
  (head: JsonObject): string => {
    const choice = { index: 0, delta: { content: "" }, finish_reason: "error", native_finish_reason: "error" };
    return event({ ...head, error: overloaded(code, "Chutes"), choices: [choice] }) + DONE;
  };

async function* once(...texts: readonly string[]): AsyncGenerator<string> {
  yield* texts;
}

async function* forever(text: string, signal: AbortSignal): AsyncGenerator<string> {
  while (!signal.aborted) {
    yield text;
    await pause(systemClock, COMMENT_EVERY_MS, signal);
  }
}

async function* padded(text: string, ms: number, signal: AbortSignal): AsyncGenerator<string> {
  for (let left = ms; left > 0 && !signal.aborted; left -= COMMENT_EVERY_MS) {
    yield PADDING;
    await pause(systemClock, Math.min(left, COMMENT_EVERY_MS), signal);
  }
  yield text;
}

async function* mapped(events: Events, change: (text: string) => string): AsyncGenerator<string> {
  for await (const bytes of events) yield change(bytes.toString());
}

/** What comes before the first event, that event spoiled, and the end. */
async function* onlySpoiled(events: Events, spoil: (chunk: JsonObject) => unknown): AsyncGenerator<string> {
  for await (const bytes of events) {
    const text = bytes.toString();
    if (!isEvent(text)) {
      yield text;
      continue;
    }
    yield event(spoil(bodyOf(text))) + DONE;
    return;
  }
}

interface Spoilt {
  readonly streamed?: (events: Events, signal: AbortSignal) => Body;
  readonly whole?: (text: string, signal: AbortSignal) => Body;
  readonly ending?: "hang";
}

/** A fault of successes; a form that is not named passes as it is. */
const spoiling = (description: string, { streamed, whole, ending }: Spoilt): Fault => ({
  ...chat,
  description,
  alter(reply, { signal }) {
    if (reply.status !== 200) return undefined;
    const body = isStream(reply.body) ? streamed?.(reply.body, signal) : whole?.(reply.body.toString(), signal);
    return body === undefined ? undefined : { ...reply, body, ...(ending && { ending }) };
  },
});

const inJson =
  (change: (body: JsonObject) => unknown) =>
  (text: string): string =>
    JSON.stringify(change(asObject(JSON.parse(text))));

const failedChoice =
  (code: number | string, name: string) =>
  (body: JsonObject): JsonObject => {
    const choice = { ...asObject(asList(body.choices)[0]), finish_reason: "error", native_finish_reason: "error" };
    return { ...body, choices: [{ ...choice, error: overloaded(code, name) }] };
  };

const half = (text: string): string => text.slice(0, text.length / 2);

const brokenOff = {
  stream_error: spoiling("A few words, then an error chunk with finish_reason error", {
    streamed: (events) => thenError(events, errorChunk(503)),
    whole: inJson(failedChoice(503, "Chutes")),
  }),
  stream_error_text_code: spoiling("As stream_error, with the older error code in words", {
    streamed: (events) => thenError(events, errorChunk("server_error")),
    whole: inJson(failedChoice("server_error", "Chutes")),
  }),
  stream_error_bare: spoiling("The first event is a bare error, and no [DONE] follows", {
    streamed: () => once(COMMENT, event(BARE_ERROR)),
    whole: () => JSON.stringify(BARE_ERROR),
  }),
  stream_error_late_bare: spoiling("A few words, then a bare error without choices, and no [DONE] follows", {
    streamed: (events) => thenError(events, () => event(BARE_ERROR)),
    whole: inJson((body) => ({ ...body, ...BARE_ERROR })),
  }),
  stream_truncated: spoiling("The stream ends after a few words, in good order, without finish_reason or [DONE]", {
    streamed: someWords,
    whole: half,
  }),
  stream_silent: spoiling("Comments for ever, never a token", {
    streamed: (_, signal) => forever(COMMENT, signal),
    whole: (_, signal) => forever(PADDING, signal),
  }),
  stream_stalled: spoiling("A few words, then silence", { streamed: someWords, whole: (text) => once(half(text)), ending: "hang" }),
  stream_open: spoiling("A complete answer, and the stream never closes", {
    streamed: throughFinish,
    whole: (text) => once(text),
    ending: "hang",
  }),
} as const satisfies Readonly<Record<string, Fault>>;

/** The same spoilt body: of the whole answer, or of a stream's only chunk. */
const misformed = (description: string, spoil: (body: JsonObject) => unknown): Fault =>
  spoiling(description, { streamed: (events) => onlySpoiled(events, spoil), whole: inJson(spoil) });

const misforms = {
  error_in_body: misformed("200 whose body is an error of code 503", ({ id }) => ({
    id,
    error: overloaded(503, "Nvidia"),
    user_id: USER_ID,
  })),
  error_in_choice: misformed("200 whose only choice ended in an error", failedChoice(503, "Nvidia")),
  empty_choices: misformed("200 with choices: []", (body) => ({ ...body, choices: [] })),
  no_choices: misformed("200 without choices", ({ choices: _, ...body }) => body),
} as const satisfies Readonly<Record<string, Fault>>;

const LATE_CHOICE = '"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]';

const silence = (text: string): string =>
  text
    .replace(/"content":"(?:[^"\\]|\\.)*"/g, '"content":""')
    .replace(/"(reasoning|text|arguments)":"(?:[^"\\]|\\.)*"/g, '"$1":""')
    .replace(/"completion_tokens":\d+/, '"completion_tokens":0')
    .replace(/"reasoning_tokens":\d+/, '"reasoning_tokens":0');

const blank = ({ headers }: Reply): Reply => ({
  status: 200,
  headers: { ...headers, "content-type": "application/json" },
  body: PADDING.repeat(80),
});

export const completionFaults = {
  ...brokenOff,
  ...misforms,
  stream_crlf: spoiling("Lines end with CR LF (no failure: clients must cope)", {
    streamed: (events) => mapped(events, (text) => text.replaceAll("\n", "\r\n")),
  }),
  stream_late_usage: spoiling("Usage comes with a last choice in place of an empty list (older servers)", {
    streamed: (events) => mapped(events, (text) => text.replace('"choices":[]', LATE_CHOICE)),
  }),
  empty_output: spoiling("A success with not one token", { streamed: (events) => mapped(events, silence), whole: silence }),
  whitespace_body: { ...chat, description: "200 with nothing but newlines and spaces", alter: blank },
  padded_body: {
    ...chat,
    description: "Whitespace for 3 s, or as scoped by ms, before the JSON (no failure: clients must cope)",
    alter: (reply, { signal }, { ms = PADDING_MS }) =>
      isStream(reply.body) ? undefined : { ...reply, body: padded(reply.body.toString(), ms, signal) },
  },
} as const satisfies Readonly<Record<string, Fault>>;
