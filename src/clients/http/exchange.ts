/** One request and its answer over a fresh connection: never throws, never retries, measures every phase. The only door to got. */
import type { ClientRequest, IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { TLSSocket } from "node:tls";
import got, { type OptionsInit, type Request } from "got";
import { systemClock } from "../../base/clock.ts";
import type { Phases } from "../../core/outcome.ts";
import { type HttpFault, transportFault } from "./fault.ts";
import { bareHost, type Route, type Way, wayTo } from "./route.ts";
import { type Stopwatch, startStopwatch } from "./stopwatch.ts";

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly url: string;
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

/** Takes a chunk and its arrival in seconds since the start; `false` ends the exchange: enough was read. */
export type ChunkTaker = (chunk: Buffer, atSeconds: number) => boolean;

// The catalogue is 0.5–0.74 MB (openrouter-api §4); eight times that is no catalogue.
const DEFAULT_MAX_BODY_BYTES = 6 * 1024 * 1024;
// Longer than any healthy handshake, short enough that a black hole is named long before a model's own timeout.
const CONNECT_TIMEOUT_MS = 10_000;
// At the deadline: silence at least this long, or this share of the whole wait, is a stall and not slowness.
const STALL_SECONDS = 10;
const STALL_SHARE = 1 / 3;

/** Where the request stands: a redirect changes it. */
interface Course {
  url: URL;
  way: Way;
}

function open(request: HttpRequest, signal: AbortSignal, watch: Stopwatch): { readonly stream: Request; readonly course: Course } {
  const { route = {} } = request;
  const tunnel = { signal, timeoutMs: CONNECT_TIMEOUT_MS, onTunnel: () => watch.mark("connected") };
  const courseTo = (url: URL): Course => ({ url, way: wayTo(url, route, tunnel) });
  const start = new URL(request.url);
  const course = courseTo(start);
  const stream = got.stream(start, {
    method: request.method,
    headers: { "user-agent": "llm-healthd", ...request.headers },
    ...(request.body === undefined ? {} : { body: request.body }),
    agent: course.way.agent,
    ...(route.lookup === undefined ? {} : { dnsLookup: route.lookup as NonNullable<OptionsInit["dnsLookup"]> }),
    signal,
    retry: { limit: 0 },
    throwHttpErrors: false,
    followRedirect: (request.maxRedirects ?? 0) > 0,
    maxRedirects: request.maxRedirects ?? 0,
    timeout: { lookup: CONNECT_TIMEOUT_MS, connect: CONNECT_TIMEOUT_MS, secureConnect: CONNECT_TIMEOUT_MS },
    hooks: {
      beforeRedirect: [
        (next) => {
          Object.assign(course, courseTo(new URL(String(next.url))));
          next.agent = course.way.agent;
          // got takes away Authorization and Cookie; a key may also be in a header of another name.
          if (course.url.origin !== start.origin)
            for (const name of Object.keys(request.headers ?? {})) delete next.headers[name.toLowerCase()];
        },
      ],
    },
  });
  // got waits for a body to be piped into every method that may have one.
  if (request.body === undefined && request.method !== "GET" && request.method !== "HEAD") stream.end();
  return { stream, course };
}

/** Silence since `lastSeconds` until `endSeconds` that is a stall rather than slowness. */
export const isStall = (lastSeconds: number, endSeconds: number): boolean =>
  endSeconds - lastSeconds >= Math.min(STALL_SECONDS, endSeconds * STALL_SHARE);

function deadlineFault(watch: Stopwatch, { url, way }: Course, lastChunkSeconds: number): HttpFault {
  const after = `after ${watch.elapsed().toFixed(1)} s`;
  if (!watch.reached("connected")) {
    if (way.proxy !== undefined) return { reason: "proxy", message: `the proxy ${way.proxy.host}: no connection ${after}` };
    const resolved = isIP(bareHost(url)) !== 0 || watch.reached("resolved");
    return resolved
      ? { reason: "connect_timeout", message: `no connection ${after}` }
      : { reason: "dns", message: `no address of ${url.hostname} ${after}` };
  }
  if (url.protocol === "https:" && !watch.reached("secured")) {
    return { reason: "connect_timeout", message: `connected, but no TLS session ${after}` };
  }
  if (!watch.reached("headers")) return { reason: "timeout_headers", message: `no answer ${after}` };
  return isStall(lastChunkSeconds, watch.elapsed())
    ? { reason: "timeout_stall", message: `the body stopped at ${lastChunkSeconds.toFixed(1)} s; given up ${after}` }
    : { reason: "timeout_total", message: `the body was not complete ${after}` };
}

/** To an http URL the proxy hands requests on: what breaks before a status line came is its doing, and a 407 is its own word. */
function atProxy({ url, way: { proxy } }: Course, seen: Seen, fault: HttpFault | undefined): HttpFault | undefined {
  if (proxy === undefined || url.protocol === "https:") return fault;
  const says = (what: string): HttpFault => ({ reason: "proxy", message: `the proxy ${proxy.host}: ${what}` });
  if (seen.status === 407) {
    seen.status = 0;
    return says("answered 407 Proxy Authentication Required");
  }
  const broken = fault !== undefined && seen.status === 0 && fault.reason !== "proxy" && !fault.reason.startsWith("timeout");
  return broken ? says(fault.message) : fault;
}

interface Seen {
  status: number;
  headers: IncomingHttpHeaders;
  certificateExpiresAt?: number;
  clockSkewSeconds?: number;
}

function look(stream: Request, watch: Stopwatch): Seen {
  const seen: Seen = { status: 0, headers: {} };
  stream.on("request", (request: ClientRequest) => {
    // What a redirect leads to may not answer: then the redirect is no answer either.
    Object.assign(seen, { status: 0, headers: {} });
    watch.follow(request);
    request.once("socket", (socket) => {
      if (!(socket instanceof TLSSocket)) return;
      socket.once("secureConnect", () => {
        seen.certificateExpiresAt = Date.parse(socket.getPeerCertificate().valid_to);
      });
    });
    request.once("response", (response) => {
      seen.status = response.statusCode ?? 0;
      seen.headers = response.headers;
      const date = Date.parse(response.headers.date ?? "");
      if (Number.isFinite(date)) seen.clockSkewSeconds = (date - systemClock.wall()) / 1000;
    });
  });
  return seen;
}

/**
 * Sends the request and reads the answer to its end. Ends soon after the signal aborts; then the fault says in which phase it stood.
 * @param take where given, receives the body chunk by chunk and may end the reading
 */
export async function exchange(request: HttpRequest, signal: AbortSignal, take?: ChunkTaker): Promise<HttpExchange> {
  const watch = startStopwatch();
  const limit = request.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
  const chunks: Buffer[] = [];
  let bytes = 0;
  let lastChunkSeconds = 0;
  let fault: HttpFault | undefined;
  const { stream, course } = open(request, signal, watch);
  const seen = look(stream, watch);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      lastChunkSeconds = watch.elapsed();
      bytes += chunk.length;
      if (bytes > limit) {
        fault = { reason: "body_too_large", message: `more than ${limit} bytes` };
        break;
      }
      if (take === undefined) chunks.push(chunk);
      else if (!take(chunk, lastChunkSeconds)) break;
    }
  } catch (error) {
    fault = signal.aborted ? deadlineFault(watch, course, lastChunkSeconds) : transportFault(error);
  }
  fault = atProxy(course, seen, fault);
  const durationSeconds = watch.finish();
  stream.destroy();
  return {
    ...seen,
    body: Buffer.concat(chunks),
    durationSeconds,
    phases: watch.phases(),
    ...(fault === undefined ? {} : { fault }),
  };
}
