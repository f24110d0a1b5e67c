/** Faults of a stream of tokens: only a model has one. */
import type { Reason } from "../../src/core/reason.ts";
import type { Answer } from "../support/peers.ts";
import { flood, forever, type Row, raw } from "./row.ts";

const MODEL_ONLY = { credential: null, bucket: null, app: null } as const;
const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const chunk = (text: string | Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n`), Buffer.from(text), Buffer.from("\r\n")]);
const token = (text: string): Buffer => chunk(`data: ${JSON.stringify({ choices: [{ delta: { content: text } }] })}\n\n`);
const streamed = (name: string, go: Answer, reason: Reason, timeoutMs?: number): Row =>
  raw(
    name,
    (socket, first) => {
      socket.write(HEAD);
      go(socket, first);
    },
    reason,
    { but: MODEL_ONLY, ...(timeoutMs === undefined ? {} : { timeoutMs }) },
  );

const WHOLE = 'data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
/** In one chunk with it: what comes a moment later is not read at all. */
const AFTERWARDS = [
  ["nonsense", "data: {{{nonsense\n\n"],
  ["half an event", 'data: {"x'],
  ["bytes that are no UTF-8", "\xff\xfe\x80"],
  ["an error", 'data: {"error":{"code":500,"message":"too late"}}\n\n'],
] as const;

export const stream: readonly Row[] = [
  streamed("reset in the stream", (socket) => socket.write(token("1"), () => socket.resetAndDestroy()), "connection_reset"),
  streamed("closed in the stream, within a chunk", (socket) => socket.end("ff\r\ndata: {"), "connection_reset"),
  streamed(
    "a stream that ends without a finish",
    (socket) => socket.end(Buffer.concat([token("1"), chunk(""), Buffer.from("\r\n")])),
    "stream_truncated",
  ),
  streamed("a stream of nothing", () => undefined, "timeout_first_token", 400),
  streamed("a stream of comments", (socket) => forever(socket, chunk(": OPENROUTER PROCESSING\n\n")), "timeout_first_token", 400),
  streamed("a stream that stops", (socket) => socket.write(token("1")), "timeout_stall", 500),
  streamed("a stream that drips", (socket) => forever(socket, token("1")), "timeout_total", 500),
  streamed("an event without end", (socket) => flood(socket, chunk("data: ".padEnd(64 * 1024, "x"))), "body_too_large"),
  streamed("a stream without end", (socket) => flood(socket, token("x".repeat(8192))), "body_too_large"),
  streamed("a broken chunk in the stream", (socket) => socket.write(Buffer.concat([token("1"), Buffer.from("zz\r\n")])), "body_malformed"),
  streamed(
    "letters that are not UTF-8 in the stream",
    (socket) =>
      socket.write(
        chunk(Buffer.from('data: {"choices":[{"delta":{"content":"caf\xe9"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n', "latin1")),
      ),
    "stream_malformed",
  ),
  ...AFTERWARDS.map(([what, text]) =>
    streamed(
      `${what} after [DONE]`,
      (socket) => socket.write(chunk(Buffer.concat([Buffer.from(WHOLE), Buffer.from(text, "latin1")]))),
      "ok",
    ),
  ),
];
