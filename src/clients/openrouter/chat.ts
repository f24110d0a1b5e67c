/** One chat completion, streamed: what came, when, and what it amounts to. */
import { isUtf8 } from "node:buffer";
import { systemClock } from "../../base/clock.ts";
import { oneLine } from "../../base/printable.ts";
import type { Completion } from "../../core/outcome.ts";
import type { Reason } from "../../core/reason.ts";
import { Bytes } from "../http/bytes.ts";
import { type HttpExchange, isStall } from "../http/exchange.ts";
import { backoffOf } from "./backoff.ts";
import { classify } from "./classify.ts";
import {
  type Answer,
  type Call,
  COMPLETIONS,
  type Connection,
  effectiveStatus,
  evidenceOf,
  type Finding,
  isSuccess,
  readAnswer,
  send,
} from "./connection.ts";
import { createSseReader, type SseItem } from "./sse.ts";
import { LAST_WORD, type ToolCall, Transcript } from "./transcript.ts";

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly unknown[];
  readonly maxTokens: number;
  /** Token by token, or all at once. */
  readonly stream: boolean;
  /** Sent as they are, over what is sent by default. */
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export interface ChatReply {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
}

// After finish_reason only usage and [DONE] are outstanding; some upstreams never close the stream (openrouter-api §7).
const GRACE_MS = 2_000;

function chatCall(connection: Connection, request: ChatRequest): Call {
  const openrouter = connection.flavor === "openrouter";
  return {
    method: "POST",
    path: COMPLETIONS,
    headers: {
      accept: "text/event-stream, application/json",
      // A probe must see the model, not a cached answer (§1); the metadata names hidden fallbacks (§6).
      ...(openrouter ? { "x-openrouter-cache": "false", "x-openrouter-metadata": "enabled", "x-openrouter-title": "llm-healthd" } : {}),
    },
    body: {
      model: request.model,
      messages: request.messages,
      stream: request.stream,
      max_tokens: request.maxTokens,
      // OpenRouter always sends usage (§6); others only when asked.
      ...(request.stream && !openrouter ? { stream_options: { include_usage: true } } : {}),
      ...request.parameters,
    },
    context: {
      model: request.model,
      stream: request.stream,
      max_tokens: request.maxTokens,
      messages: request.messages.length,
      ...request.parameters,
    },
  };
}

/** Sends it and reads until the finish, an error, the end, or the signal. */
export async function chat(connection: Connection, request: ChatRequest, signal: AbortSignal): Promise<Finding<ChatReply>> {
  const call = chatCall(connection, request);
  const transcript = new Transcript();
  const reader = createSseReader();
  const raw = new Bytes();

  const exchanged = await send(connection, call, signal, (chunk, atSeconds) => {
    raw.push(chunk);
    const items = reader.push(chunk);
    if (items === undefined) transcript.overflowed = true;
    else for (const item of items) transcript.add(item, atSeconds);
    if (transcript.over) return 0;
    return transcript.finishReason === undefined ? Number.POSITIVE_INFINITY : GRACE_MS;
  });
  const bytes = raw.whole();
  finish(transcript, reader.end(), exchanged, bytes);
  const settled = transcript.finishReason !== undefined && exchanged.fault !== undefined;
  const whole = settled ? withoutFault(exchanged) : exchanged;
  return transcript.isStream || transcript.overflowed
    ? fromStream(connection, { exchange: whole, call, bytes, body: undefined, statusCode: 0, via: "none" }, transcript)
    : fromBody(connection, readAnswer(whole, call, bytes));
}

/** What the end leaves: a frame without its blank line. Where the connection broke it may be half a one, which is not the frame's fault. */
function finish(transcript: Transcript, items: readonly SseItem[], { fault, durationSeconds }: HttpExchange, bytes: Buffer): void {
  const before = transcript.malformed;
  for (const item of items) transcript.add(item, durationSeconds);
  if (fault !== undefined) transcript.malformed = before;
  // OpenAI's own client decodes strictly, and applications fail there; not behind the last word.
  else if (!isUtf8(transcript.done ? bytes.subarray(0, bytes.lastIndexOf(LAST_WORD)) : bytes)) {
    transcript.malformed ??= "bytes that are no UTF-8";
  }
}

/** Everything that matters had come when the connection ended; how it ended does not matter then. */
function withoutFault<T extends { readonly fault?: unknown }>({ fault: _, ...rest }: T): Omit<T, "fault"> {
  return rest;
}

/** Names that came from outside pass the redactor like all else. */
function cleaned({ redactor }: Connection, completion: Completion): Completion {
  const clean = (text: string): string => oneLine(redactor.text(text));
  const { finishReason, servedModel, provider } = completion;
  return {
    ...completion,
    ...(finishReason === undefined ? {} : { finishReason: clean(finishReason) }),
    ...(servedModel === undefined ? {} : { servedModel: clean(servedModel) }),
    ...(provider === undefined ? {} : { provider: clean(provider) }),
  };
}

function finding(connection: Connection, answer: Answer, reason: Reason, transcript: Transcript): Finding<ChatReply> {
  const backoff = backoffOf(reason, answer, systemClock.wall());
  const evidence = {
    ...evidenceOf(connection, answer, reason, reason.endsWith("_malformed") ? transcript.malformed : undefined),
    completion: cleaned(connection, transcript.completion()),
    ...(backoff === undefined ? {} : { backoff }),
  };
  return reason === "ok" ? { reason, evidence, value: { text: transcript.text, toolCalls: transcript.toolCalls } } : { reason, evidence };
}

function fromStream(connection: Connection, read: Answer, transcript: Transcript): Finding<ChatReply> {
  const { error } = transcript;
  const answer: Answer = {
    ...read,
    // The stream is JSON in frames: what is in it did not come from the edge.
    body: {},
    ...(error === undefined ? {} : { error }),
    ...effectiveStatus(read.exchange.status, error, "stream"),
  };
  const reason = classify(answer) ?? streamReason(answer, transcript);
  return finding(connection, answer, reason, transcript);
}

/** What is wrong with a 2xx stream that holds no error. */
function streamReason({ exchange: { fault, durationSeconds } }: Answer, transcript: Transcript): Reason {
  if (transcript.overflowed) return "body_too_large";
  if (transcript.malformed !== undefined) return "stream_malformed";
  if (fault !== undefined) {
    if (!fault.reason.startsWith("timeout")) return fault.reason;
    if (transcript.lastTokenSeconds === undefined) return "timeout_first_token";
    return isStall(transcript.lastTokenSeconds, durationSeconds) ? "timeout_stall" : "timeout_total";
  }
  if (transcript.finishReason === undefined && !transcript.done) return "stream_truncated";
  if (transcript.finishReason === "error") return "provider_error";
  return transcript.alive ? "ok" : "empty_output";
}

/** No event stream: an error with its body, or a server that answers in one piece. */
function fromBody(connection: Connection, answer: Answer): Finding<ChatReply> {
  const transcript = new Transcript();
  if (answer.body !== undefined) transcript.addMessage(answer.body, answer.exchange.durationSeconds);
  const reason = classify(answer) ?? bodyReason(answer, transcript);
  return finding(connection, answer, reason, transcript);
}

function bodyReason({ exchange: { fault, status }, bytes, body }: Answer, transcript: Transcript): Reason {
  const blank = bytes.toString("utf8").trim() === "";
  if (fault !== undefined) {
    // A stream that opened and never sent a frame: the model is silent, not the network.
    return fault.reason.startsWith("timeout") && isSuccess(status) && blank ? "timeout_first_token" : fault.reason;
  }
  if (blank) return "empty_output";
  if (body === undefined || transcript.malformed !== undefined) return "body_malformed";
  if (transcript.finishReason === "error") return "provider_error";
  return transcript.alive ? "ok" : "empty_output";
}
