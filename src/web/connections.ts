/** Connections are few, and whoever has been silent longest makes room: a thousand that ask nothing cannot keep a scrape out. */
import type { Server, Socket } from "node:net";

/** What plain, TLS and HTTP/2 requests have in common. */
interface Asked {
  readonly socket: { readonly remoteAddress?: string | undefined; readonly remotePort?: number | undefined };
}
interface Answering {
  once(event: "close", listener: () => void): unknown;
}

export interface Connections {
  /** Notes that an answer has begun; how many its connection now waits for. */
  begin(request: Asked, response: Answering): number;
  /** A connection whose request is still coming is as silent as one that asks nothing. Returns what is to be called when it is all there. */
  receiving(request: Asked): () => void;
  /** Ends this one, unless it waits for an answer. */
  endIdle(socket: Asked["socket"]): void;
  /** Resolves when no answer is under way. */
  quiet(): Promise<void>;
  /** Drops them all. */
  end(): void;
}

interface Peer {
  readonly socket: Socket;
  answers: number;
  /** Of these, how many wait for the rest of their request. */
  receiving: number;
}

/** A TLS socket is another object than the one that was accepted; this is the same of both. */
const keyOf = ({ remoteAddress, remotePort }: Asked["socket"]): string => `${remoteAddress} ${remotePort}`;

export function boundConnections(server: Server, most: number): Connections {
  // In the order of their last answer, or of their coming.
  const peers = new Map<string, Peer>();
  let answers = 0;
  let whenQuiet: () => void = () => undefined;
  server.prependListener("connection", (socket: Socket) => {
    const key = keyOf(socket);
    if (peers.size >= most) {
      const silent = [...peers].find(([, peer]) => peer.answers === peer.receiving);
      // Not before the server's own listener has seen it: that one counts on a living socket.
      if (silent === undefined) return void process.nextTick(() => socket.destroy());
      peers.delete(silent[0]);
      silent[1].socket.destroy();
    }
    const peer: Peer = { socket, answers: 0, receiving: 0 };
    peers.set(key, peer);
    socket.once("close", () => {
      if (peers.get(key) === peer) peers.delete(key);
    });
  });
  return {
    begin({ socket }, response) {
      answers += 1;
      response.once("close", () => {
        answers -= 1;
        if (answers === 0) whenQuiet();
      });
      const key = keyOf(socket);
      const peer = peers.get(key);
      if (peer === undefined) return 0;
      peer.answers += 1;
      response.once("close", () => {
        peer.answers -= 1;
        if (peers.delete(key)) peers.set(key, peer);
      });
      return peer.answers;
    },
    receiving({ socket }) {
      const peer = peers.get(keyOf(socket));
      if (peer === undefined) return () => undefined;
      peer.receiving += 1;
      return () => {
        peer.receiving -= 1;
      };
    },
    endIdle(socket) {
      const peer = peers.get(keyOf(socket));
      if (peer?.answers === 0) peer.socket.destroy();
    },
    quiet: () =>
      new Promise((resolve) => {
        if (answers === 0) resolve();
        else whenQuiet = resolve;
      }),
    end() {
      for (const { socket } of peers.values()) socket.destroy();
    },
  };
}
