/** The HTTP server: takes a route's answer to the wire, and holds the limits. The only file that knows fastify. */
import { METHODS } from "node:http";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import type { Clock } from "../base/clock.ts";
import type { WebOptions } from "./options.ts";
import { type Answer, type Ask, type Route, refusal } from "./route.ts";
import { routes } from "./routes.ts";
import { CONTENT_SECURITY_POLICY } from "./status-style.ts";

export interface Web {
  /** Port 0 takes a free one; the url tells which. Rejects when the address cannot be had. */
  listen(host: string, port: number): Promise<{ readonly url: string }>;
  /** Stops listening, aborts probes asked for over HTTP, and lets answers under way end. */
  close(): Promise<void>;
}

/** Nothing this server takes is larger or slower: queries are short, and only a reload has a body, which is not read. */
const LIMITS = { urlCharacters: 2048, headerBytes: 8192, bodyBytes: 1024, headersMs: 10_000, requestMs: 15_000, connections: 256 };
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

const send = (reply: FastifyReply, { status = 200, type, body, headers = {} }: Answer): FastifyReply =>
  reply.code(status).headers(HEADERS).headers(headers).type(type).send(body);

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
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    },
    signal: () => goneSignal(reply, closing),
  };
}

function mount(app: FastifyInstance, { method, path, answer }: Route, closing: AbortSignal): void {
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

function createApp({ log }: WebOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: LIMITS.bodyBytes,
    requestTimeout: LIMITS.requestMs,
    forceCloseConnections: true,
    http: { maxHeaderSize: LIMITS.headerBytes, headersTimeout: LIMITS.headersMs },
    frameworkErrors: (_, request, reply) => void send(reply, refusal(pathOf(request), 400, "The URL cannot be read.")),
  });
  app.server.maxConnections = LIMITS.connections;
  const known = new Set(app.supportedMethods);
  for (const method of METHODS) if (!known.has(method) && method !== "CONNECT") app.addHttpMethod(method);
  app.removeAllContentTypeParsers();
  // Whatever is sent along with a POST is counted against the limit and dropped.
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, _body, done) => done(null));
  app.addHook("onRequest", async (request, reply) => {
    if (request.url.length > LIMITS.urlCharacters) return send(reply, refusal(pathOf(request), 414, "The URL is too long."));
  });
  app.setNotFoundHandler((request, reply) => send(reply, refusal(pathOf(request), 404, "Nothing here.")));
  app.setErrorHandler((error: Error & { readonly statusCode?: number }, request, reply) => {
    const { statusCode = 500 } = error;
    if (statusCode >= 400 && statusCode < 500) return send(reply, refusal(pathOf(request), statusCode, "The request cannot be taken."));
    log.error({ err: error, path: request.routeOptions.url }, "a web route failed");
    return send(reply, refusal(pathOf(request), 500, "A bug in llm-healthd; see its log."));
  });
  return app;
}

/**
 * On closing, connections end together as soon as no answer is under way: Node's own close would wait
 * for those that never asked anything, and fastify's would cut answers off.
 */
function endAnswersFirst(app: FastifyInstance, clock: Clock): void {
  const answering = new Set<FastifyReply>();
  let whenQuiet: () => void = () => undefined;
  app.addHook("onRequest", async (_, reply) => {
    answering.add(reply);
    reply.raw.once("close", () => {
      answering.delete(reply);
      if (answering.size === 0) whenQuiet();
    });
  });
  app.addHook("preClose", async () => {
    if (answering.size === 0) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(CLOSE_GRACE_MS, resolve);
      whenQuiet = () => {
        cancel();
        resolve();
      };
    });
  });
}

export function createWeb(options: WebOptions): Web {
  const closing = new AbortController();
  const app = createApp(options);
  endAnswersFirst(app, options.clock);
  for (const make of routes) mount(app, make(options), closing.signal);
  return {
    async listen(host, port) {
      return { url: await app.listen({ host, port }) };
    },
    async close() {
      closing.abort();
      await app.close();
    },
  };
}
