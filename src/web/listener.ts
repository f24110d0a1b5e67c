/** Node's server: plain HTTP/1.1, or TLS with HTTP/1.1 and, where it is wanted, HTTP/2. Holds the limits of time and size. */
import type { RequestListener } from "node:http";
import type { createSecureServer } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import type { Server, Socket } from "node:net";
import type { TLSSocket, Server as TlsServer } from "node:tls";
import { createServer } from "../base/http.ts";
import { admitsClient } from "./client-certificate.ts";
import type { Tls, WebConfig } from "./web-config/web-config.ts";

export interface ListenerLimits {
  readonly headerBytes: number;
  /** From the connection's begin, or the request's, to the end of its headers; also for the TLS handshake. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** How long a connection that asks nothing is kept. */
  readonly idleMs: number;
  /** How often the above are looked after. */
  readonly lookMs: number;
  /** HTTP/2: answers a client may wait for at once. */
  readonly streams: number;
}

const times = ({ headersMs, requestMs, idleMs, lookMs }: ListenerLimits) => ({
  headersTimeout: headersMs,
  requestTimeout: requestMs,
  keepAliveTimeout: idleMs,
  connectionsCheckingInterval: lookMs,
});

/** Each handshake uses the certificate that lies there now, and only clients whose own is good enough come any further. */
function renewAndGuard(server: TlsServer, webConfig: () => WebConfig, atStart: Tls): void {
  let inUse = atStart;
  // TLS that was taken out of the file stays until the next start, and its demands with it.
  const newest = (): Tls => webConfig().tls ?? inUse;
  server.prependListener("connection", () => {
    const tls = newest();
    if (tls !== inUse) server.setSecureContext(tls.context);
    inUse = tls;
  });
  const serve = server.listeners("secureConnection");
  server.removeAllListeners("secureConnection");
  server.on("secureConnection", (socket: TLSSocket) => {
    if (!admitsClient(newest(), socket)) socket.destroy();
    else for (const go of serve) Reflect.apply(go, server, [socket]);
  });
}

function secureServer(answer: RequestListener, limits: ListenerLimits, tls: Tls, http2: boolean): TlsServer {
  const common = {
    ...tls.context,
    requestCert: tls.clientAuth !== "NoClientCert",
    // Refused by admitsClient, which knows the types that let some through.
    rejectUnauthorized: false,
    handshakeTimeout: limits.headersMs,
  };
  if (!http2) return createTlsServer({ ...common, ...times(limits), maxHeaderSize: limits.headerBytes }, answer);
  const settings = { maxConcurrentStreams: limits.streams, maxHeaderListSize: limits.headerBytes };
  // Loaded by those who serve TLS only.
  const server = process.getBuiltinModule("node:http2").createSecureServer({ ...common, allowHTTP1: true, settings });
  // By contract of Node's compatibility layer HTTP/2's requests and responses do what this listener needs of HTTP/1's.
  server.on("request", answer as unknown as Parameters<typeof createSecureServer>[1] & RequestListener);
  // Node takes these for HTTP/1 over it from the server itself; the last is how long it keeps a connection of HTTP/2 that is idle.
  return Object.assign(server, times(limits), { maxHeaderSize: limits.headerBytes, timeout: limits.idleMs });
}

/** Of what `webConfig` says, TLS or not, HTTP/2 and whether clients are asked for a certificate are fixed from now on. */
export function createListener(answer: RequestListener, limits: ListenerLimits, webConfig: () => WebConfig): Server {
  const { tls, http2 } = webConfig();
  if (tls === undefined) return createServer({ ...times(limits), maxHeaderSize: limits.headerBytes }, answer);
  const server = secureServer(answer, limits, tls, http2);
  renewAndGuard(server, webConfig, tls);
  // A handshake that fails is the client's affair, and there may be many.
  server.on("tlsClientError", (_error: Error, socket: Socket) => void socket.destroy());
  return server;
}
