import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Listener {
  readonly port: number;
  /** Closed: connections are refused by the kernel, as when the process is gone. Open again takes the same port. */
  setOpen(open: boolean): void;
  stop(): Promise<void>;
}

export type Answerer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

// The port may still be held by a dying connection when it is wanted back.
const RETRY_LISTEN_MS = 50;

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** An HTTP/1.1 server on `host`; port 0 takes any. */
export async function listen(host: string, port: number, answer: Answerer): Promise<Listener> {
  const server = createServer({ noDelay: true }, (request, response) => {
    // A broken caller is its own trouble; a bug of ours shows as a torn connection, not as a dead process.
    answer(request, response).catch(() => response.destroy());
  });
  await bind(server, host, port);
  const taken = (server.address() as AddressInfo).port;
  let wanted = true;
  let stopped = false;
  let moving = false;

  const settle = (): void => {
    if (stopped || moving || server.listening === wanted) return;
    moving = true;
    const arrived = (): void => {
      moving = false;
      settle();
    };
    if (wanted) bind(server, host, taken).then(arrived, () => setTimeout(arrived, RETRY_LISTEN_MS).unref());
    else shut(server).then(arrived, arrived);
  };
  return {
    port: taken,
    setOpen(open) {
      if (wanted === open) return;
      wanted = open;
      settle();
    },
    async stop() {
      stopped = true;
      await shut(server);
    },
  };
}
