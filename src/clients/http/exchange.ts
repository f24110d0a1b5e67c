/** One request and its answer over a fresh connection: never throws, never retries, measures every phase. */
import type { EventEmitter } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { Readable } from "node:stream";
import { deadline, systemClock } from "../../base/clock.ts";
import { IncomingMessage } from "../../base/http.ts";
import type { PhaseName, Phases } from "../../core/outcome.ts";
import { Bytes } from "./bytes.ts";
import { type HttpFault, transportFault } from "./fault.ts";
import { type Journey, makeNative } from "./journey.ts";
import { follow, leadsOn } from "./redirects.ts";
import { bareHost, type Route, type Way, wayTo } from "./route.ts";
import { Stopwatch } from "./stopwatch.ts";
import { ACCEPT_ENCODING, unpacked } from "./unpack.ts";

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  /** A URL where it is the same each time: it is read once then. */
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Of the decoded body; beyond it the answer is refused. */
  readonly maxBodyBytes?: number;
  /** 0, the default: a redirect is an answer like any other. */
  readonly maxRedirects?: number;
  /** Straight by default, with names resolved by the system. */
  readonly route?: Route | undefined;
}

export interface HttpExchange {
  /** 0 when no status line came. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Empty when the caller took the chunks itself. */
  readonly body: Buffer;
  readonly durationSeconds: number;
  readonly phases: Phases;
  /** Milliseconds since 1970. */
  readonly certificateExpiresAt?: number;
  readonly clockSkewSeconds?: number;
  /** Why the answer is not whole; absent when it is. */
  readonly fault?: HttpFault;
}

/**
 * Takes a chunk and its arrival in seconds since the start, and says for how many milliseconds more the rest is worth waiting for: 0 ends the
 * exchange. The first that is not infinite counts.
 */
export type ChunkTaker = (chunk: Buffer, atSeconds: number) => number;

// The catalogue is 0.5–0.74 MB (openrouter-api §4); eight times that is no catalogue.
const DEFAULT_MAX_BODY_BYTES = 6 * 1024 * 1024;
// Longer than any healthy handshake, short enough that a black hole is named long before a model's own timeout.
const CONNECT_TIMEOUT_MS = 10_000;
// At the deadline: silence at least this long, or this share of the whole wait, is a stall and not slowness.
const STALL_SECONDS = 10;
const STALL_SHARE = 1 / 3;

const OWN_HEADERS = Object.freeze({ "user-agent": "llm-healthd", "accept-encoding": ACCEPT_ENCODING });

/** Silence since `lastSeconds` until `endSeconds` that is a stall rather than slowness. */
export const isStall = (lastSeconds: number, endSeconds: number): boolean =>
  endSeconds - lastSeconds >= Math.min(STALL_SECONDS, endSeconds * STALL_SHARE);

/** The phase that the latest request has not left behind. */
function standsIn({ watch, url, way }: Journey): PhaseName {
  if (watch.ended("first_byte")) return "transfer";
  if (!watch.ended("connect")) {
    const resolving = way.proxy === undefined && isIP(bareHost(url)) === 0 && !watch.ended("dns");
    return resolving ? "dns" : "connect";
  }
  if (url.protocol === "https:" && !watch.ended("tls")) return "tls";
  return watch.ended("request") ? "first_byte" : "request";
}

/** Given up, by us or by the signal: what it waited for in vain. */
function deadlineFault(journey: Journey): HttpFault {
  const { watch, url, way } = journey;
  const phase = standsIn(journey);
  const lastChunkSeconds = watch.arrived();
  const after = `after ${watch.elapsed().toFixed(1)} s`;
  if (phase === "dns") return { reason: "dns", message: `no address of ${url.hostname} ${after}` };
  if (phase === "connect") {
    return way.proxy === undefined
      ? { reason: "connect_timeout", message: `no connection ${after}` }
      : { reason: "proxy", message: `the proxy ${way.proxy.host}: no connection ${after}` };
  }
  if (phase === "tls") return { reason: "connect_timeout", message: `connected, but no TLS session ${after}` };
  if (phase !== "transfer") return { reason: "timeout_headers", message: `no answer ${after}` };
  return isStall(lastChunkSeconds, watch.elapsed())
    ? { reason: "timeout_stall", message: `the body stopped at ${lastChunkSeconds.toFixed(1)} s; given up ${after}` }
    : { reason: "timeout_total", message: `the body was not complete ${after}` };
}

/** To an http URL the proxy hands requests on: what breaks before a status line came is its doing, and a 407 is its own word. */
function atProxy({ url, way: { proxy }, seen }: Journey, fault: HttpFault | undefined): HttpFault | undefined {
  if (proxy === undefined || url.protocol === "https:") return fault;
  const says = (what: string): HttpFault => ({ reason: "proxy", message: `the proxy ${proxy.host}: ${what}` });
  if (seen.status === 407) {
    seen.status = 0;
    return says("answered 407 Proxy Authentication Required");
  }
  const broken = fault !== undefined && seen.status === 0 && fault.reason !== "proxy" && !fault.reason.startsWith("timeout");
  return broken ? says(fault.message) : fault;
}

type Over = Pick<PromiseWithResolvers<void>, "resolve" | "reject">;

/** Reads to the end, or until `take` has enough; or tells what broke it off. Whoever hears that it is over closes it, from the connection on. */
function read(body: Readable, take: (chunk: Buffer) => boolean, { resolve, reject }: Over): void {
  let enough = false;
  body.on("data", (chunk: Buffer) => {
    if (enough) return;
    try {
      if (take(chunk)) return;
      resolve();
    } catch (error) {
      reject(error);
    }
    enough = true;
  });
  body.on("end", resolve);
  body.on("error", reject);
  body.on("close", () => body.readableEnded || reject(new Error("closed before its end")));
}

const unheard = (): void => undefined;

/**
 * V8's minor collections leave a closed TLS connection where it is, with all that hangs on it, 15 KiB: without what listened, our own part of the
 * exchange among it, 11.
 */
function letGo(emitter: EventEmitter): void {
  emitter.removeAllListeners();
  emitter.on("error", unheard);
}

/** Sends the request, goes where a redirect leads, and reads. Returns what closes it, over or not. */
function converse(journey: Journey, take: (chunk: Buffer) => boolean, over: Over): () => void {
  const { request } = journey;
  let body: Readable | undefined;
  let closed = false;
  const hear = (from: Readable): void => {
    body = from;
    read(from, take, over);
    if (closed) from.destroy();
  };
  const asked = makeNative(journey, { method: request.method, headers: journey.headers });
  let answered = false;
  asked.on("error", over.reject).on("close", () => answered || over.reject(new Error("closed without an answer")));
  asked.on("response", (response) => {
    answered = true;
    // Heard from this moment on, or what breaks in it meanwhile would be nobody's.
    if (!leadsOn(journey)) return hear(unpacked(response));
    asked.off("error", over.reject).on("error", () => undefined);
    asked.destroy();
    follow(journey).then(hear, over.reject);
  });
  asked.end(request.body);
  return () => {
    closed = true;
    asked.destroy();
    letGo(asked);
    if (body === undefined) return;
    body.destroy();
    if (body instanceof IncomingMessage) letGo(body);
  };
}

function journeyOf(request: HttpRequest, signal: AbortSignal): Journey {
  const { route = {} } = request;
  const watch = new Stopwatch();
  const tunnel = { signal, timeoutMs: CONNECT_TIMEOUT_MS, onTunnel: () => watch.end("connect") };
  const url = typeof request.url === "string" ? new URL(request.url) : request.url;
  const wayOf = (next: URL): Way => wayTo(next, route, tunnel);
  const headers = { ...OWN_HEADERS, ...request.headers };
  return { request, signal, watch, headers, url, way: wayOf(url), wayOf, seen: { status: 0, headers: {} } };
}

/**
 * Sends the request and reads the answer to its end. Ends soon after the signal aborts; then the fault says in which phase it stood.
 * @param take where given, receives the body chunk by chunk, and says when it has enough
 */
export async function exchange(request: HttpRequest, signal: AbortSignal, take?: ChunkTaker): Promise<HttpExchange> {
  const journey = journeyOf(request, signal);
  const { watch, seen } = journey;
  const limit = request.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
  const body = new Bytes();
  let bytes = 0;
  let fault: HttpFault | undefined;
  let slow = false;
  const over = Promise.withResolvers<void>();
  const giveUp = (): void => over.reject(new Error("given up"));
  const tooSlow = (): void => {
    slow = true;
    giveUp();
  };
  let cancelPatience: (() => void) | undefined;
  const receive = (chunk: Buffer): boolean => {
    bytes += chunk.length;
    if (bytes > limit) fault = { reason: "body_too_large", message: `more than ${limit} bytes` };
    else if (take !== undefined) {
      const patienceMs = take(chunk, watch.arrived());
      if (patienceMs > 0 && patienceMs < Number.POSITIVE_INFINITY) cancelPatience ??= systemClock.after(patienceMs, tooSlow);
      return patienceMs > 0;
    } else body.push(chunk);
    return fault === undefined;
  };
  signal.addEventListener("abort", giveUp, { once: true });
  const cancelLimit = deadline(systemClock, CONNECT_TIMEOUT_MS, () => {
    if (!watch.ended(journey.url.protocol === "https:" ? "tls" : "connect")) tooSlow();
  });
  let close = (): void => undefined;
  try {
    if (signal.aborted) giveUp();
    else close = converse(journey, receive, over);
    await over.promise;
  } catch (error) {
    fault = slow || signal.aborted ? deadlineFault(journey) : transportFault(error);
  }
  cancelLimit();
  cancelPatience?.();
  signal.removeEventListener("abort", giveUp);
  fault = atProxy(journey, fault);
  const durationSeconds = watch.finish(fault === undefined ? undefined : standsIn(journey));
  close();
  return {
    ...seen,
    body: body.whole(),
    durationSeconds,
    phases: watch.phases(),
    ...(fault === undefined ? {} : { fault }),
  };
}
