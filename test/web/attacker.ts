/** Clients that send exactly what they should not, over real sockets, and limits short enough to wait for. */
import { connect, type Socket } from "node:net";
import { afterEach } from "vitest";
import { ask, type Served } from "./setup.ts";

export const SHORT = { headersMs: 600, requestMs: 1200, answerMs: 800, lookMs: 50, connections: 16 };

export interface Attacker {
  readonly socket: Socket;
  received(): string;
  readonly closed: Promise<void>;
  isClosed(): boolean;
}
const attackers = new Set<Attacker>();
afterEach(() => {
  for (const { socket } of attackers) socket.destroy();
  attackers.clear();
});

export function attack({ url }: Served, send = ""): Attacker {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let received = "";
  let over = false;
  socket.setEncoding("utf8").on("data", (chunk) => {
    received += String(chunk);
  });
  // Cut off while sending is what should happen to it.
  socket.on("error", () => undefined);
  const closed = new Promise<void>((done) =>
    socket.once("close", () => {
      over = true;
      done();
    }),
  );
  if (send !== "") socket.write(send);
  const attacker = { socket, received: () => received, closed, isClosed: () => over };
  attackers.add(attacker);
  return attacker;
}

export const healthy = async ({ url }: Served): Promise<number> => (await ask(`${url}/-/healthy`)).status;
