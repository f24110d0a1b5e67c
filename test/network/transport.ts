/** Faults from the name to the last byte of the body, without TLS. */
import { brotliCompressSync, gzipSync } from "node:zlib";
import { freePort } from "../support/programs.ts";
import { atOnce, bodied, flood, forever, loopback, OK, type Row, raw, WELL, WELL_FOR } from "./row.ts";

const named = (name: string, answer: Parameters<Parameters<Row["place"]>[0]["peers"]["dns"]>[0], more: Partial<Row> = {}): Row => ({
  name,
  reason: "dns",
  place: async ({ peers }) => ({
    url: `http://api.test:${await peers.tcp({ answer: (socket) => socket.end(WELL) })}`,
    route: { lookup: await peers.dns(answer) },
  }),
  ...more,
});

const NAMES: readonly Row[] = [
  named("the name does not exist", { code: 3 }),
  named("the name server fails", { code: 2 }),
  named("the name server refuses", { code: 5 }),
  named("the name has no address", {}),
  named("the name server is silent", "silence", { timeoutMs: 300 }),
  named("the name server is too slow", { address: "127.0.0.1", afterMs: 3_000 }, { timeoutMs: 300 }),
  named("the name server is slow, but in time", { address: "127.0.0.1", afterMs: 200 }, { reason: "ok", but: WELL_FOR }),
];

const CONNECTING: readonly Row[] = [
  { name: "nobody listens", reason: "connect_refused", place: async () => ({ url: loopback(await freePort()) }) },
  {
    name: "a black hole",
    reason: "connect_timeout",
    timeoutMs: 300,
    place: async ({ peers }) => ({ url: loopback(await peers.blackHole()) }),
  },
  atOnce("reset as soon as it is connected", (socket) => socket.resetAndDestroy(), "connection_reset"),
  atOnce("closed as soon as it is connected", (socket) => socket.end(), "connection_reset"),
];

const HEADERS: readonly Row[] = [
  raw("reset instead of an answer", (socket) => socket.resetAndDestroy(), "connection_reset"),
  raw("closed instead of an answer", (socket) => socket.end(), "connection_reset"),
  raw("silence instead of an answer", () => undefined, "timeout_headers", { timeoutMs: 300 }),
  raw("a status line letter by letter", (socket) => forever(socket, "H"), "body_malformed"),
  raw(
    "headers letter by letter",
    (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nx-slow: ");
      forever(socket, "a");
    },
    "timeout_headers",
    { timeoutMs: 300 },
  ),
  raw(
    "reset within the headers",
    (socket) => socket.write("HTTP/1.1 200 OK\r\nx-half: ", () => socket.resetAndDestroy()),
    "connection_reset",
  ),
  raw("closed within the headers", (socket) => socket.end("HTTP/1.1 200 OK\r\nx-half: "), "connection_reset"),
  raw(
    "a header without end",
    (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nx-long: ");
      flood(socket, "a".repeat(4096));
    },
    "body_malformed",
  ),
  raw(
    "headers without end",
    (socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      flood(socket, "x-more: and more\r\n".repeat(64));
    },
    "body_malformed",
  ),
  raw("a flood of 103", (socket) => flood(socket, "HTTP/1.1 103 Early Hints\r\n\r\n"), "timeout_headers", { timeoutMs: 1500 }),
  raw("a 100 and nothing after it", (socket) => socket.write("HTTP/1.1 100 Continue\r\n\r\n"), "timeout_headers", { timeoutMs: 300 }),
  raw("another protocol", (socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"), "body_malformed"),
  raw("HTTP/2 without having been asked", (socket) => socket.end(Buffer.from("000012040000000000", "hex")), "body_malformed"),
];

const SILENT_APP = { app: null } as const;
const LENGTHS: readonly Row[] = [
  bodied("two lengths", (socket) => socket.end(`${OK}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`), "body_malformed"),
  bodied("a length that is no number", (socket) => socket.end(`${OK}content-length: two\r\n\r\n{}`), "body_malformed"),
  bodied(
    "a length and chunks",
    (socket) => socket.end(`${OK}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
    "body_malformed",
  ),
  // An application's body may be anything: it is well with what came.
  bodied("a length that is too short", (socket) => socket.end(`${OK}content-length: 5\r\n\r\n{"data":{}}`), "body_malformed", {
    but: SILENT_APP,
  }),
  bodied("a length that is too long", (socket) => socket.end(`${OK}content-length: 100\r\n\r\n{"data":{}}`), "connection_reset"),
  bodied("a chunk of no length", (socket) => socket.end(`${OK}transfer-encoding: chunked\r\n\r\nzz\r\n{}`), "body_malformed"),
  bodied(
    "a chunk extension without end",
    (socket) => {
      socket.write(`${OK}transfer-encoding: chunked\r\n\r\n2;`);
      flood(socket, "a".repeat(4096));
    },
    "body_malformed",
  ),
  bodied("no last chunk", (socket) => socket.end(`${OK}transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n`), "connection_reset"),
];

const BOMB_BYTES = 64 * 1024 * 1024;
const packed = (encoding: string, bytes: Buffer) => (socket: Parameters<Parameters<typeof raw>[1]>[0]) => {
  socket.write(`${OK}content-encoding: ${encoding}\r\ncontent-length: ${bytes.length}\r\n\r\n`);
  socket.end(bytes);
};

const BODIES: readonly Row[] = [
  bodied(
    "reset within the body",
    (socket) => socket.write(`${OK}content-length: 99\r\n\r\n{`, () => socket.resetAndDestroy()),
    "connection_reset",
  ),
  bodied("a body that stops", (socket) => socket.write(`${OK}content-length: 99\r\n\r\n{`), "timeout_stall", { timeoutMs: 400 }),
  bodied(
    "a body letter by letter",
    (socket) => {
      socket.write(`${OK}content-length: 100000\r\n\r\n{`);
      forever(socket, " ");
    },
    "timeout_total",
    { timeoutMs: 500 },
  ),
  bodied(
    "a body without end",
    (socket) => {
      socket.write(`${OK}\r\n`);
      flood(socket, Buffer.alloc(64 * 1024, "x"));
    },
    "body_too_large",
  ),
  bodied("gzip that is none", packed("gzip", Buffer.from("half of it")), "body_malformed"),
  bodied("gzip that is cut off", packed("gzip", gzipSync("x".repeat(10_000)).subarray(0, 30)), "body_malformed"),
  bodied("brotli that is none", packed("br", Buffer.from("half of it")), "body_malformed"),
  bodied("zstd that is none", packed("zstd", Buffer.from("half of it")), "body_malformed"),
  bodied("a gzip bomb", packed("gzip", gzipSync(Buffer.alloc(BOMB_BYTES))), "body_too_large"),
  bodied("a brotli bomb", packed("br", brotliCompressSync(Buffer.alloc(BOMB_BYTES))), "body_too_large"),
  bodied("letters that are not UTF-8", packed("identity", Buffer.from('{"data":{"label":"caf\xe9"}}', "latin1")), "body_malformed", {
    but: SILENT_APP,
  }),
];

export const transport: readonly Row[] = [...NAMES, ...CONNECTING, ...HEADERS, ...LENGTHS, ...BODIES];
