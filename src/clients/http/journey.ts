/** One request as Node makes it, on its way to its host; what is seen of its answer, and when. */
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { systemClock } from "../../base/clock.ts";
import { request as httpRequest } from "../../base/http.ts";
import type { HttpRequest } from "./exchange.ts";
import { bareHost, type Way } from "./route.ts";
import type { Stopwatch } from "./stopwatch.ts";
import { certificateExpiryOf } from "./trust.ts";

/** Of the latest answer. */
export interface Seen {
  /** 0 when no status line came. */
  status: number;
  headers: IncomingHttpHeaders;
  /** Milliseconds since 1970. */
  certificateExpiresAt?: number;
  clockSkewSeconds?: number;
}

/** One exchange on its way, maybe over several hosts. */
export interface Journey {
  readonly request: HttpRequest;
  /** The request's and our own. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly watch: Stopwatch;
  readonly seen: Seen;
  /** Where it stands: a redirect changes it. */
  url: URL;
  way: Way;
  wayOf(url: URL): Way;
}

/** Hears of what happens at a connection before anybody else. Each event comes once: `once` would only make a wrapper, and take it off again. */
function heed(socket: Socket, { url, watch, seen }: Journey): void {
  if (socket.connecting) {
    socket.on("lookup", (error) => error ?? watch.end("dns"));
    // Before TLS begins: to make its first message takes a while.
    socket.prependListener("connect", () => {
      watch.arrive();
      watch.endAtArrival("connect");
    });
  }
  // Before the HTTP parser's: what it finds in the bytes came when they came.
  socket.prependListener("data", () => watch.arrive());
  if (url.protocol !== "https:") return;
  socket.on("secureConnect", () => {
    watch.end("tls");
    const expiresAt = certificateExpiryOf(socket);
    if (expiresAt !== undefined) seen.certificateExpiresAt = expiresAt;
  });
}

function look({ statusCode = 0, headers }: IncomingMessage, { watch, seen }: Journey): void {
  watch.endAtArrival("first_byte");
  seen.status = statusCode;
  seen.headers = headers;
  const date = Date.parse(headers.date ?? "");
  if (Number.isFinite(date)) seen.clockSkewSeconds = (date - systemClock.wall()) / 1000;
}

/**
 * On the straight way the clock starts with the connection: what Node needs to make its request, or the objects of a connection, is nobody's
 * latency either. An address is connected to in the turn after this one; a name is asked for a few microseconds before the clock starts.
 */
function timed({ native }: Way, watch: Stopwatch): RequestOptions {
  const { createConnection } = native;
  if (createConnection === undefined) {
    watch.begin();
    return native;
  }
  return {
    ...native,
    createConnection(options, made) {
      const socket = createConnection(options, made);
      watch.begin();
      return socket;
    },
  };
}

/** What Node makes of a URL itself, less what nobody reads: it copies all of it three times, as dictionaries. */
function addressOf(url: URL): RequestOptions {
  const { username, password, port } = url;
  return {
    hostname: bareHost(url),
    path: url.pathname + url.search,
    ...(port === "" ? {} : { port }),
    ...(username === "" && password === "" ? {} : { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` }),
  };
}

/** The clock starts with the first one, and hears of everything before anybody else. */
export function makeNative(journey: Journey, options: RequestOptions): ClientRequest {
  const { url, way, seen, watch } = journey;
  // What a redirect leads to may not answer: then the redirect is no answer either.
  Object.assign(seen, { status: 0, headers: {} });
  delete seen.certificateExpiresAt;
  watch.another();
  const request = (url.protocol === "https:" ? httpsRequest : httpRequest)({
    ...addressOf(url),
    ...options,
    ...timed(way, watch),
  });
  request.on("socket", (socket) => heed(socket, journey));
  request.on("finish", () => watch.end("request"));
  request.on("response", (response) => look(response, journey));
  return request;
}
