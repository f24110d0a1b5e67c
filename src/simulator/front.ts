/** The way of every request: read it, write it down, find its service, let the faults have their say, put the reply on the wire. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { deliver } from "./deliver.ts";
import { type Incoming, json, type Reply, type ServiceName } from "./exchange.ts";
import type { Switchboard } from "./faults/switchboard.ts";
import type { Answerer } from "./listen.ts";
import type { Random } from "./random.ts";
import type { Router } from "./route.ts";

export interface SeenRequest {
  readonly service: ServiceName;
  readonly endpoint: string;
  readonly method: string;
  /** Still percent-encoded, without the query. */
  readonly path: string;
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON, or the text. */
  readonly body: unknown;
  /** Undefined until it is over; 0: not even headers were sent. */
  readonly status: number | undefined;
  readonly receivedAt: number;
  readonly finishedAt: number | undefined;
}

export interface Journal {
  readonly requests: readonly SeenRequest[];
  note(request: SeenRequest): (status: number, finishedAt: number) => void;
}

// A long game day must not eat the machine's memory.
const REMEMBERED_REQUESTS = 10_000;
const REMEMBERED_TEXT = 64 * 1024;
const LARGEST_BODY_BYTES = 64 * 1024 * 1024;

export function createJournal(remembered = REMEMBERED_REQUESTS): Journal {
  const requests: SeenRequest[] = [];
  return {
    requests,
    note(request) {
      const seen: { -readonly [Name in keyof SeenRequest]: SeenRequest[Name] } = { ...request };
      requests.push(seen);
      if (requests.length > remembered) requests.shift();
      return (status, finishedAt) => {
        seen.status = status;
        seen.finishedAt = finishedAt;
      };
    },
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LARGEST_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function splitUrl(url = "/"): readonly [string, string] {
  const mark = url.indexOf("?");
  return mark < 0 ? [url, ""] : [url.slice(0, mark), url.slice(mark + 1)];
}

function incoming(request: IncomingMessage, body: Buffer, signal: AbortSignal, receivedAtMs: number): Incoming {
  const [path, query] = splitUrl(request.url);
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  return {
    method: request.method ?? "GET",
    path,
    query: new URLSearchParams(query),
    headers,
    body,
    json: parsed(body),
    signal,
    receivedAtMs,
  };
}

export interface Desk {
  readonly switchboard: Switchboard;
  readonly note: Journal["note"];
  readonly random: Random;
  readonly now: () => number;
}

async function answer(desk: Desk, router: Router, request: Incoming, response: ServerResponse): Promise<void> {
  const route = router(request);
  const { method, path, headers, receivedAtMs: receivedAt } = request;
  const finish = desk.note({
    service: route.service,
    endpoint: route.endpoint,
    method,
    path,
    query: request.query.toString(),
    headers,
    body: request.json ?? request.body.toString("utf8", 0, REMEMBERED_TEXT),
    status: undefined,
    receivedAt,
    finishedAt: undefined,
  });
  const reply = await desk.switchboard.reply(route, request);
  await deliver(reply, response, request.signal, desk.random);
  finish(response.headersSent ? reply.status : 0, desk.now());
}

/** Pages beside the simulated world: neither noted nor spoiled. */
export interface Aside {
  readonly path: string;
  page(request: Incoming): Reply;
}

const isAside = (aside: Aside | undefined, { path }: Incoming): aside is Aside =>
  aside !== undefined && (path === aside.path || path.startsWith(`${aside.path}/`));

export function frontDesk(desk: Desk, router: Router, aside?: Aside): Answerer {
  return async (message, response) => {
    const receivedAtMs = desk.now();
    const over = new AbortController();
    response.once("close", () => over.abort());
    const body = await readBody(message);
    if (body === undefined) {
      const tooLarge = json(413, { error: { message: "Request payload too large", code: 413 } }, { connection: "close" });
      return deliver(tooLarge, response, over.signal, desk.random);
    }
    const request = incoming(message, body, over.signal, receivedAtMs);
    if (isAside(aside, request)) return deliver(aside.page(request), response, over.signal, desk.random);
    return answer(desk, router, request, response);
  };
}
