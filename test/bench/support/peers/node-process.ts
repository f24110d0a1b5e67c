/** See node.ts. Each request over a connection of its own; of those with TLS one context for all. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { type ConnectionOptions, connect, createSecureContext } from "node:tls";
import type { Order } from "./node.ts";

const secureContext = createSecureContext();
const secured = (options: object) => connect({ ...(options as ConnectionOptions), secureContext, rejectUnauthorized: false });
let ended = 0;
let pace: NodeJS.Timeout | undefined;

function ask({ url, body }: Order): void {
  const read = (response: IncomingMessage): void => void response.on("end", () => (ended += 1)).resume();
  const options = { method: body === undefined ? "GET" : "POST", headers: { "content-type": "application/json" } };
  const request: ClientRequest = url.startsWith("https:")
    ? httpsRequest(url, { ...options, createConnection: secured }, read)
    : httpRequest(url, { ...options, agent: false }, read);
  // What fails is not counted.
  request.on("error", () => undefined).end(body);
}

process.on("message", (order: Order | "count" | "stop") => {
  clearInterval(order === "count" ? undefined : pace);
  if (typeof order === "object") pace = setInterval(ask, 1000 / order.perSecond, order);
  process.send?.(ended);
  ended = 0;
});
process.on("disconnect", () => process.exit());
