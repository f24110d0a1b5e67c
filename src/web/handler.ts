/** The way of every request: what is too much, who may not, then its route; and the answer onto the wire. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import { parse as parseQuery } from "node:querystring";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Admission } from "./admission.ts";
import type { Connections } from "./connections.ts";
import type { Limits } from "./limits.ts";
import { type Answer, type Ask, refusal } from "./route.ts";
import type { Router } from "./router.ts";
import { NOTHING_ALLOWED } from "./status-style.ts";
import type { WebConfig } from "./web-config/web-config.ts";

const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": NOTHING_ALLOWED,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

export interface HandlerOptions {
  readonly find: Router;
  readonly admit: Admission;
  readonly connections: Connections;
  readonly limits: Limits;
  readonly webConfig: () => WebConfig;
  readonly clock: Clock;
  readonly log: Log;
  /** The host that is listened on. */
  listening(): string;
  /** Aborted when the server closes. */
  readonly closing: AbortSignal;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly ask: Omit<Ask, "params">;
}

/** Aborts when the connection ends before the answer was written, or with the server. */
function goneSignal(response: ServerResponse, closing: AbortSignal): AbortSignal {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  return AbortSignal.any([gone.signal, closing]);
}

function exchangeOf(request: IncomingMessage, response: ServerResponse, closing: AbortSignal): Exchange {
  const [path = "", ...query] = (request.url ?? "").split("?");
  const ask: Exchange["ask"] = {
    query: parseQuery(query.join("?")),
    header: (name) => {
      // HTTP/2 has the host in a field of its own.
      const value = request.headers[name] ?? (name === "host" ? request.headers[":authority"] : undefined);
      return Array.isArray(value) ? value.join(", ") : value;
    },
    signal: () => goneSignal(response, closing),
  };
  return { request, response, path, ask };
}

/** Node holds HTTP/1 to its limit itself, and tells it to a client of HTTP/2 without holding it to it. */
const headerBytes = ({ rawHeaders }: IncomingMessage): number => rawHeaders.reduce((sum, part) => sum + part.length, 0);

/** Whatever is sent along is counted and dropped. Why it was not taken to its end, if it was not: in HTTP/2 nobody else looks at the time. */
function dropBody(request: IncomingMessage, { bodyBytes, requestMs }: Limits, clock: Clock): Promise<413 | 408 | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > bodyBytes) return Promise.resolve(413);
  return new Promise((resolve) => {
    const cancel = clock.after(requestMs, () => resolve(408));
    const over = (why?: 413 | 408): void => {
      cancel();
      resolve(why);
    };
    let bytes = 0;
    request.on("data", (part: Buffer) => {
      bytes += part.length;
      if (bytes > bodyBytes) over(413);
    });
    request.once("end", () => over());
    // Of one that is cut off there is nobody to be answered.
    request.once("close", () => over(408));
  });
}

const NOT_TAKEN = { 408: "The request did not come to its end in time.", 413: "The body is too long." } as const;

/** HTTP/2 has no such header: its streams are bounded, and there is nothing behind the one that is refused. */
const last = (request: IncomingMessage, answer: Answer): Answer =>
  request.httpVersionMajor === 1 ? { ...answer, headers: { ...answer.headers, connection: "close" } } : answer;

function tooMuch({ request, path }: Exchange, answering: number, limits: Limits): Answer | undefined {
  const url = request.url ?? "";
  if (url.length > limits.urlCharacters) return refusal(path, 414, "The URL is too long.");
  if (answering > limits.answersPerConnection) return last(request, refusal(path, 429, "Too many requests on one connection."));
  if (headerBytes(request) > limits.headerBytes) return refusal(path, 431, "The headers are too long.");
  // `GET http://elsewhere/config` names a host of its own, beside the Host that is looked at.
  return url.startsWith("/") ? undefined : refusal(path, 400, "The URL cannot be read.");
}

async function answerOf(exchange: Exchange, options: HandlerOptions): Promise<Answer> {
  const { find, admit, connections, limits, listening, clock, log } = options;
  const { request, response, path, ask } = exchange;
  const refused = tooMuch(exchange, connections.begin(request, response), limits) ?? (await admit(ask, path, listening()));
  if (refused !== undefined) return refused;
  const found = find(request.method ?? "", path);
  if ("refused" in found) return found.refused;
  const { route, params } = found;
  if (route.method === "POST") {
    const received = connections.receiving(request);
    const why = await dropBody(request, limits, clock);
    received();
    if (why !== undefined) return last(request, refusal(path, why, NOT_TAKEN[why]));
  }
  try {
    return await route.answer({ ...ask, params });
  } catch (error) {
    log.error({ err: error, path: route.path }, "a web route failed");
    return refusal(path, 500, "A bug in llm-healthd; see its log.");
  }
}

export function createHandler(options: HandlerOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const { webConfig, limits, clock, log, closing } = options;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let gone = false;
    let cancel = (): void => undefined;
    response.once("close", () => {
      gone = true;
      cancel();
    });
    const answer = await answerOf(exchangeOf(request, response, closing), options);
    if (gone) return;
    const { status = 200, type, body, headers = {} } = closing.aborted ? last(request, answer) : answer;
    // Whoever does not read must not hold a page in memory.
    cancel = clock.after(limits.answerMs, () => response.destroy());
    const about = { "content-type": type, "content-length": Buffer.byteLength(body) };
    response.writeHead(status, { ...HEADERS, ...webConfig().headers, ...headers, ...about });
    response.end(request.method === "HEAD" ? undefined : body);
    // A stream of HTTP/2 whose body was begun would stay open for the rest of it. One that nobody reads Node closes itself.
    const begun = request.readableFlowing !== null && !request.complete;
    if (begun && "stream" in response) (response.stream as ServerHttp2Stream).close();
  };
  return (request, response) => {
    handle(request, response).catch((error: unknown) => {
      log.error({ err: error }, "a request could not be answered");
      response.destroy();
    });
  };
}
