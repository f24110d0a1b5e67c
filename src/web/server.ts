/** The HTTP server: listens, answers, and closes in good order. */
import { once } from "node:events";
import type { Server, Socket } from "node:net";
import type { Clock } from "../base/clock.ts";
import { createAdmission } from "./admission.ts";
import { boundConnections, type Connections } from "./connections.ts";
import { createHandler } from "./handler.ts";
import { isLoopback } from "./host.ts";
import { LIMITS, type Limits } from "./limits.ts";
import { createListener } from "./listener.ts";
import type { WebOptions } from "./options.ts";
import { createRouter } from "./router.ts";
import { routes } from "./routes.ts";
import { NO_WEB_CONFIG, type WebConfig } from "./web-config/web-config.ts";

export interface Web {
  /** Port 0 takes a free one; the url tells which. Rejects when the address cannot be had. */
  listen(host: string, port: number): Promise<{ readonly url: string }>;
  /** Stops listening, aborts probes asked for over HTTP, and lets answers under way end. */
  close(): Promise<void>;
}

/** A client that does not read must not keep the process alive. */
const CLOSE_GRACE_MS = 5000;

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

/** Connections end together as soon as no answer is under way: Node's own close would wait for those that never asked anything. */
async function shut(server: Server, connections: Connections, clock: Clock): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const grace = Promise.withResolvers<void>();
  const cancel = clock.after(CLOSE_GRACE_MS, grace.resolve);
  await Promise.race([connections.quiet(), grace.promise]);
  cancel();
  connections.end();
  await closed;
}

export function createWeb(options: WebOptions, limits: Limits = LIMITS): Web {
  const stop = new AbortController();
  const { clock, hosts, log, webConfig = () => NO_WEB_CONFIG } = options;
  let listening = "";
  const server = createListener((request, response) => handle(request, response), limits, webConfig);
  const connections = boundConnections(server, limits.connections);
  // Of HTTP/2: the session, or the socket of one that speaks HTTP/1.
  server.on("timeout", (idle: Socket | { readonly socket: Socket }) => connections.endIdle("socket" in idle ? idle.socket : idle));
  const handle = createHandler({
    find: createRouter(routes.map((make) => make(options))),
    admit: createAdmission({ clock, webConfig, hosts }),
    listening: () => listening,
    closing: stop.signal,
    connections,
    limits,
    webConfig,
    clock,
    log,
  });
  return {
    async listen(host, port) {
      listening = host;
      warnIfOpen(options, host, webConfig());
      // Of the two addresses that a resolver has for it the one that everybody tries.
      server.listen({ host: host === "localhost" ? "127.0.0.1" : host, port });
      await once(server, "listening");
      // One connection that cannot be taken must not be the daemon's end.
      server.on("error", (error) => log.error({ err: error }, "a connection could not be taken"));
      const address = server.address();
      const bound = typeof address === "object" && address !== null ? address.port : port;
      return { url: urlOf(host, bound, webConfig().tls !== undefined) };
    },
    close() {
      stop.abort();
      return shut(server, connections, clock);
    },
  };
}
