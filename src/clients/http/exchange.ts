/** One request and its answer over a fresh connection: never throws, never retries, measures every phase. The only door to got. */
import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { TLSSocket } from "node:tls";
import type { ExtendOptions, Got, OptionsInit, Request } from "got";
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

/** What all requests have in common: got makes up the options of each from these, which is most of what it costs. */
const COMMON: ExtendOptions = {
  headers: { "user-agent": "llm-healthd" },
  retry: { limit: 0 },
  throwHttpErrors: false,
  followRedirect: false,
};
let loaded: Promise<Got> | undefined;
/** Loaded by the first request: what only serves pages, or reads a config, starts without it. */
const client = (): Promise<Got> => {
  loaded ??= import("got").then(({ default: got }) => got.extend(COMMON));
  return loaded;
};

/** Follows redirects, each on its own way. */
function redirects(request: HttpRequest, course: Course, courseTo: (url: URL) => Course): OptionsInit {
  const { origin } = course.url;
  const headers = Object.keys(request.headers ?? {}).map((name) => name.toLowerCase());
  return {
    followRedirect: true,
    maxRedirects: request.maxRedirects ?? 0,
    hooks: {
      beforeRedirect: [
        (next) => {
          Object.assign(course, courseTo(new URL(String(next.url))));
          // got takes away Authorization and Cookie; a key may also be in a header of another name.
          if (course.url.origin !== origin) for (const name of headers) delete next.headers[name];
        },
      ],
    },
  };
}

interface Opened {
  readonly stream: Request;
  readonly course: Course;
  readonly seen: Seen;
}

function open(client: Got, request: HttpRequest, signal: AbortSignal, watch: Stopwatch): Opened {
  const { route = {} } = request;
  const tunnel = { signal, timeoutMs: CONNECT_TIMEOUT_MS, onTunnel: () => watch.mark("connected") };
  const courseTo = (url: URL): Course => ({ url, way: wayTo(url, route, tunnel) });
  const course = courseTo(new URL(request.url));
  const seen: Seen = { status: 0, headers: {} };
  const stream = client.stream(course.url, {
    method: request.method,
    ...(request.headers === undefined ? {} : { headers: { ...request.headers } }),
    ...(request.body === undefined ? {} : { body: request.body }),
    ...(route.lookup === undefined ? {} : { dnsLookup: route.lookup as NonNullable<OptionsInit["dnsLookup"]> }),
    signal,
    ...((request.maxRedirects ?? 0) > 0 ? redirects(request, course, courseTo) : {}),
    // Node's own request, made here so that the clock starts with it and hears of everything first.
    request(url, options) {
      watch.begin();
      const asked = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, {
        ...(options as RequestOptions),
        ...course.way.native,
      });
      look(asked, seen, watch);
      return asked;
    },
  });
  // got waits for a body to be piped into every method that may have one.
  if (request.body === undefined && request.method !== "GET" && request.method !== "HEAD") stream.end();
  return { stream, course, seen };
}

/** Silence since `lastSeconds` until `endSeconds` that is a stall rather than slowness. */
export const isStall = (lastSeconds: number, endSeconds: number): boolean =>
  endSeconds - lastSeconds >= Math.min(STALL_SECONDS, endSeconds * STALL_SHARE);

/** Given up, by us or by the signal: what it waited for in vain. */
function deadlineFault(watch: Stopwatch, { url, way }: Course): HttpFault {
  const lastChunkSeconds = watch.arrived();
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

function look(request: ClientRequest, seen: Seen, watch: Stopwatch): void {
  // What a redirect leads to may not answer: then the redirect is no answer either.
  Object.assign(seen, { status: 0, headers: {} });
  watch.follow(request);
  request.once("socket", (socket) => {
    if (!(socket instanceof TLSSocket)) return;
    socket.once("secureConnect", () => {
      seen.certificateExpiresAt = Date.parse(socket.getPeerX509Certificate()?.validTo ?? "");
    });
  });
  request.once("response", (response) => {
    seen.status = response.statusCode ?? 0;
    seen.headers = response.headers;
    const date = Date.parse(response.headers.date ?? "");
    if (Number.isFinite(date)) seen.clockSkewSeconds = (date - systemClock.wall()) / 1000;
  });
}

/** Reads to the end, or until `take` has enough. Rejects with what broke it off. */
function read(stream: Request, take: (chunk: Buffer) => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.on("data", (chunk: Buffer) => {
      if (stream.destroyed) return;
      try {
        if (take(chunk)) return;
        resolve();
      } catch (error) {
        reject(error);
      }
      stream.destroy();
    });
    stream.once("end", resolve);
    stream.on("error", reject);
    stream.once("close", () => reject(new Error("closed before its end")));
  });
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
  let fault: HttpFault | undefined;
  let slow = false;
  const { stream, course, seen } = open(await client(), request, signal, watch);
  const standing = (): boolean => watch.reached(course.url.protocol === "https:" ? "secured" : "connected");
  const cancelLimit = systemClock.after(CONNECT_TIMEOUT_MS, () => {
    slow = !standing();
    if (slow) stream.destroy();
  });
  try {
    await read(stream, (chunk) => {
      bytes += chunk.length;
      if (bytes > limit) fault = { reason: "body_too_large", message: `more than ${limit} bytes` };
      else if (take !== undefined) return take(chunk, watch.arrived());
      else chunks.push(chunk);
      return fault === undefined;
    });
  } catch (error) {
    fault = slow || signal.aborted ? deadlineFault(watch, course) : transportFault(error);
  }
  cancelLimit();
  fault = atProxy(course, seen, fault);
  const durationSeconds = watch.finish(fault === undefined);
  stream.destroy();
  return {
    ...seen,
    body: Buffer.concat(chunks),
    durationSeconds,
    phases: watch.phases(),
    ...(fault === undefined ? {} : { fault }),
  };
}
