/**
 * HTTPS through a proxy: CONNECT, then TLS inside the tunnel. Node's own (`proxyEnv`, seen in 24.21) leaves its socket open when the request
 * is aborted before the tunnel stands, gathers an endless answer in memory, and does not tell when it was connected.
 */
import type { IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIP, type LookupFunction, type Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { deadline, systemClock } from "../../base/clock.ts";
import { request as httpRequest } from "../../base/http.ts";
import { connectTrusted } from "./trust.ts";

export interface TunnelOptions {
  readonly proxy: URL;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly lookup?: LookupFunction;
  /** The tunnel stands: what follows is said by the host itself. */
  onTunnel(): void;
}

/** The proxy, not the host behind it. */
class ProxyError extends Error {
  readonly code = "ERR_PROXY";
  constructor(proxy: URL, what: string) {
    super(`the proxy ${proxy.host}: ${what}`);
  }
}

/** `Proxy-Authorization`, where the URL has a user. */
function authorization({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(pair).toString("base64")}` };
}

type Opened = (error: Error | null, socket?: Socket) => void;

function openTunnel(authority: string, { proxy, signal, timeoutMs, lookup }: TunnelOptions, opened: Opened): void {
  const name = proxy.hostname.replace(/^\[|\]$/g, "");
  const ask = (proxy.protocol === "https:" ? httpsRequest : httpRequest)(proxy, {
    method: "CONNECT",
    path: authority,
    auth: "",
    headers: { host: authority, "user-agent": "llm-healthd", ...authorization(proxy) },
    agent: false,
    // Node would ask the proxy for the certificate of the Host header's host.
    servername: isIP(name) === 0 ? name : "",
    signal,
    ...(lookup === undefined ? {} : { lookup }),
  });
  let over = false;
  const end: Opened = (error, socket) => {
    cancel();
    if (!over) opened(error, socket);
    over = true;
  };
  const cancel = deadline(systemClock, timeoutMs, () => failed(`no tunnel after ${timeoutMs / 1000} s`));
  const failed = (what: string): void => {
    end(new ProxyError(proxy, what));
    ask.destroy();
  };
  const refused = ({ statusCode, statusMessage }: IncomingMessage): void =>
    failed(`answered CONNECT ${authority} with ${statusCode} ${statusMessage}`);
  ask.once("connect", (response: IncomingMessage, socket: Socket) => {
    if (response.statusCode !== 200) {
      socket.destroy();
      return refused(response);
    }
    end(null, socket);
  });
  // A proxy that does not know CONNECT answers as if it were any request.
  ask.once("response", refused);
  ask.on("error", ({ message }) => failed(message));
  ask.end();
}

export function createTunnelAgent(options: TunnelOptions): HttpsAgent {
  const agent = new HttpsAgent({ keepAlive: false, maxCachedSessions: 0 });
  agent.createConnection = (target, callback) => {
    const host = target.host ?? "";
    const authority = `${host.includes(":") ? `[${host}]` : host}:${target.port}`;
    openTunnel(authority, options, (error, socket) => {
      if (socket === undefined) return (callback as Opened)(error);
      options.onTunnel();
      // The agent's options are those of a TLS connection, as Node's own `createConnection` takes them.
      callback?.(null, connectTrusted({ ...(target as ConnectionOptions), socket }));
    });
    return undefined;
  };
  return agent;
}
