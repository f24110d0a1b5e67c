/** The HTTP server: takes a route's answer to the wire, and holds the limits. The only file that knows fastify. */

import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import type { Clock } from "../base/clock.ts";
import { METHODS } from "../base/http.ts";
import { type Admission, createAdmission } from "./admission.ts";
import { boundConnections, type Connections } from "./connections.ts";
import { isLoopback } from "./host.ts";
import { createListener, type ListenerLimits } from "./listener.ts";
import type { WebOptions } from "./options.ts";
import { type Answer, type Ask, type Route, refusal } from "./route.ts";
import { routes } from "./routes.ts";
import { CONTENT_SECURITY_POLICY } from "./status-style.ts";
import { NO_WEB_CONFIG, type WebConfig } from "./web-config/web-config.ts";

export interface Web {
  /** Port 0 takes a free one; the url tells which. Rejects when the address cannot be had. */
  listen(host: string, port: number): Promise<{ readonly url: string }>;
  /** Stops listening, aborts probes asked for over HTTP, and lets answers under way end. */
  close(): Promise<void>;
}

export interface Limits extends ListenerLimits {
  readonly urlCharacters: number;
  readonly bodyBytes: number;
  readonly connections: number;
  /** Answers one connection may wait for: who pipelines more wants to fill our memory. */
  readonly answersPerConnection: number;
  /** How long a client may take to read its answer. */
  readonly answerMs: number;
}

/** Nothing this server takes is larger or slower: queries are short, and only a reload has a body, which is not read. */
export const LIMITS: Limits = {
  urlCharacters: 2048,
  headerBytes: 8192,
  bodyBytes: 1024,
  headersMs: 10_000,
  requestMs: 15_000,
  idleMs: 72_000,
  lookMs: 1000,
  answerMs: 30_000,
  connections: 256,
  answersPerConnection: 8,
  streams: 16,
};
/** A client that does not read must not keep the process alive. */
const CLOSE_GRACE_MS = 5000;

const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** No route has a schema: fastify would load its compilers for them, a hundred files, before the first page is served. */
const noCompiler = (): never => {
  throw new Error("a route with a schema needs a compiler");
};
const NO_SCHEMAS = { buildValidator: noCompiler, buildSerializer: noCompiler };

type Send = (reply: FastifyReply, answer: Answer) => FastifyReply;

const sender =
  (webConfig: () => WebConfig, { answerMs }: Limits, clock: Clock): Send =>
  (reply, { status = 200, type, body, headers = {} }) => {
    reply.raw.once(
      "close",
      clock.after(answerMs, () => reply.raw.destroy()),
    );
    return reply
      .code(status)
      .headers({ ...HEADERS, ...webConfig().headers, ...headers })
      .type(type)
      .send(body);
  };

const pathOf = (request: FastifyRequest): string => request.url.split("?", 1)[0] ?? "";

/** Aborts when the connection ends before the answer was written, or with the server. */
function goneSignal(reply: FastifyReply, closing: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return AbortSignal.any([gone.signal, closing]);
}

function askOf(request: FastifyRequest, reply: FastifyReply, closing: AbortSignal): Ask {
  return {
    query: request.query as Record<string, unknown>,
    params: request.params as Record<string, string>,
    header: (name) => {
      // HTTP/2 has the host in a field of its own.
      const value = request.headers[name] ?? (name === "host" ? request.headers[":authority"] : undefined);
      return Array.isArray(value) ? value.join(", ") : value;
    },
    signal: () => goneSignal(reply, closing),
  };
}

function mount(app: FastifyInstance, { method, path, answer }: Route, send: Send, closing: AbortSignal): void {
  app.route({ method, url: path, handler: async (request, reply) => send(reply, await answer(askOf(request, reply, closing))) });
  const allowed: readonly string[] = method === "GET" ? ["GET", "HEAD"] : [method];
  const refused = { ...refusal(path, 405, `Allowed here: ${allowed.join(", ")}.`), headers: { allow: allowed.join(", ") } };
  app.route({
    method: app.supportedMethods.filter((other) => !allowed.includes(other)),
    url: path,
    exposeHeadRoute: false,
    // Refused before the body is looked at, or a strange content type would be a 415.
    onRequest: async (_, reply) => send(reply, refused),
    handler: async (_, reply) => send(reply, refused),
  });
}

function createApp({ log }: WebOptions, limits: Limits, webConfig: () => WebConfig, send: Send): FastifyInstance {
  const app = fastify({
    bodyLimit: limits.bodyBytes,
    serverFactory: (answer) => createListener(answer, limits, webConfig),
    schemaController: { compilersFactory: NO_SCHEMAS },
    frameworkErrors: (_, request, reply) => void send(reply, refusal(pathOf(request), 400, "The URL cannot be read.")),
  });
  const known = new Set(app.supportedMethods);
  for (const method of METHODS) if (!known.has(method) && method !== "CONNECT") app.addHttpMethod(method);
  app.removeAllContentTypeParsers();
  // Whatever is sent along with a POST is counted against the limit and dropped.
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, _body, done) => done(null));
  app.setNotFoundHandler((request, reply) => send(reply, refusal(pathOf(request), 404, "Nothing here.")));
  app.setErrorHandler((error: Error & { readonly statusCode?: number }, request, reply) => {
    const { statusCode = 500 } = error;
    if (statusCode >= 400 && statusCode < 500) return send(reply, refusal(pathOf(request), statusCode, "The request cannot be taken."));
    log.error({ err: error, path: request.routeOptions.url }, "a web route failed");
    return send(reply, refusal(pathOf(request), 500, "A bug in llm-healthd; see its log."));
  });
  return app;
}

interface Gate {
  readonly admit: Admission;
  readonly connections: Connections;
  readonly limits: Limits;
  readonly send: Send;
  readonly closing: AbortSignal;
  listening(): string;
}

/** Node holds HTTP/1 to its limit itself, and tells it to a client of HTTP/2 without holding it to it. */
const headerBytes = ({ raw }: FastifyRequest): number => raw.rawHeaders.reduce((sum, part) => sum + part.length, 0);

/** Before any route, and for every path: what is too much, then who may not. */
function guard(app: FastifyInstance, { admit, connections, limits, send, closing, listening }: Gate): void {
  app.addHook("onRequest", async (request, reply) => {
    const path = pathOf(request);
    if (request.url.length > limits.urlCharacters) return send(reply, refusal(path, 414, "The URL is too long."));
    if (connections.begin(request.raw, reply.raw) > limits.answersPerConnection) {
      // HTTP/2 has no such header, and needs none: its streams are bounded.
      const headers: Answer["headers"] = request.raw.httpVersionMajor === 1 ? { connection: "close" } : {};
      return send(reply, { ...refusal(path, 429, "Too many requests on one connection."), headers });
    }
    if (headerBytes(request) > limits.headerBytes) return send(reply, refusal(path, 431, "The headers are too long."));
    // `GET http://elsewhere/config` names a host of its own, beside the Host that is looked at.
    if (!request.url.startsWith("/")) return send(reply, refusal(path, 400, "The URL cannot be read."));
    const refused = await admit(askOf(request, reply, closing), path, listening());
    return refused === undefined ? undefined : send(reply, refused);
  });
}

/**
 * On closing, connections end together as soon as no answer is under way: Node's own close would wait
 * for those that never asked anything, and fastify's would cut answers off.
 */
function endAnswersFirst(app: FastifyInstance, clock: Clock, connections: Connections): void {
  const answering = new Set<FastifyReply>();
  let whenQuiet: () => void = () => undefined;
  app.addHook("onRequest", async (_, reply) => {
    answering.add(reply);
    reply.raw.once("close", () => {
      answering.delete(reply);
      if (answering.size === 0) whenQuiet();
    });
  });
  const quiet = (): Promise<void> =>
    new Promise((resolve) => {
      const cancel = clock.after(CLOSE_GRACE_MS, resolve);
      whenQuiet = () => {
        cancel();
        resolve();
      };
    });
  app.addHook("preClose", async () => {
    if (answering.size > 0) await quiet();
    connections.end();
  });
}

/** A server that everybody can reach is what its owner wants, or an accident. */
function warnIfOpen({ log }: WebOptions, host: string, { tls, users }: WebConfig): void {
  if (isLoopback(host)) return;
  const certified = tls?.clientAuth === "RequireAndVerifyClientCert";
  if (users.size === 0 && !certified)
    log.warn({ host }, `everyone who can reach ${host} may look and reload: set users or a client CA in web.config_file`);
  if (tls === undefined)
    log.warn({ host }, `${host} is served without TLS, and passwords can be overheard: set a certificate in web.config_file`);
}

/** The address to type into a browser. */
const SHOWN: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", localhost: "127.0.0.1", "::": "::1" };

function urlOf(host: string, port: number, secure: boolean): string {
  const shown = SHOWN[host] ?? host;
  return `${secure ? "https" : "http"}://${shown.includes(":") ? `[${shown}]` : shown}:${port}`;
}

export function createWeb(options: WebOptions, limits: Limits = LIMITS): Web {
  const closing = new AbortController();
  const { clock, hosts, webConfig = () => NO_WEB_CONFIG } = options;
  const send = sender(webConfig, limits, clock);
  const app = createApp(options, limits, webConfig, send);
  const connections = boundConnections(app.server, limits.connections);
  let listening = "";
  endAnswersFirst(app, clock, connections);
  const admit = createAdmission({ clock, webConfig, hosts });
  guard(app, { admit, connections, limits, send, closing: closing.signal, listening: () => listening });
  for (const make of routes) mount(app, make(options), send, closing.signal);
  return {
    async listen(host, port) {
      listening = host;
      warnIfOpen(options, host, webConfig());
      // Of the two addresses that a resolver has for it the one that everybody tries.
      await app.listen({ host: host === "localhost" ? "127.0.0.1" : host, port });
      const address = app.server.address();
      const bound = typeof address === "object" && address !== null ? address.port : port;
      return { url: urlOf(host, bound, webConfig().tls !== undefined) };
    },
    async close() {
      closing.abort();
      await app.close();
    },
  };
}
