/** The other ends of connections, each as ill-behaved as a test wants it: servers, proxies, a black hole and a name server on loopback. */
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer, type LookupFunction, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { Worker } from "node:worker_threads";

export type Answer = (socket: Socket, first: Buffer) => void;

export interface Peers {
  /** A TCP server; `hello` is called at once, `answer` when the first bytes came. Returns its port. */
  tcp(behaviour: { hello?(socket: Socket): void; answer?: Answer }, host?: string, port?: number): Promise<number>;
  /** A TLS server: `answer` when the first bytes came through. */
  tls(options: TlsOptions, answer: Answer): Promise<number>;
  http(handle: (request: IncomingMessage, response: ServerResponse) => void, host?: string): Promise<number>;
  /** A port that takes no connection and refuses none: its queue is full, and nobody accepts. */
  blackHole(host?: string, port?: number): Promise<number>;
  /** Looks names up at a name server that answers as told: with an address, an error code of DNS, late or never. */
  dns(answer: { address?: string; code?: number; afterMs?: number } | "silence"): Promise<LookupFunction>;
  /** Connections to all of these that are open. */
  open(): number;
  stop(): Promise<void>;
}

const HOLE = `
const { parentPort, workerData } = require("node:worker_threads");
const server = require("node:net").createServer();
server.listen({ ...workerData, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

/** A DNS answer to the question, header and all (RFC 1035 §4). */
function dnsAnswer(question: Buffer, code: number, address: string | undefined): Buffer {
  const head = Buffer.from(question);
  const isA = question.readUInt16BE(question.length - 4) === 1 || question.includes(Buffer.from([0, 1, 0, 1]));
  const found = address !== undefined && isA;
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(found ? 1 : 0, 6);
  head.writeUInt16BE(0, 10);
  const end = question.indexOf(0, 12) + 5;
  if (!found) return head.subarray(0, end);
  const record = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split(".").map(Number)]);
  return Buffer.concat([head.subarray(0, end), record]);
}

export function createPeers(): Peers {
  const sockets = new Set<Socket>();
  const fillers = new Set<Socket>();
  const ends: (() => unknown)[] = [];
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
  };
  const listen = async (server: Server, host = "127.0.0.1", port = 0): Promise<number> => {
    server.on("connection", track);
    ends.push(() => new Promise((done) => server.close(done)));
    await new Promise<void>((done) => server.listen(port, host, done));
    return (server.address() as AddressInfo).port;
  };
  const answering = (answer: Answer) => (socket: Socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (first: Buffer) => answer(socket, first));
  };
  return {
    tcp: ({ hello, answer }, host, port) =>
      listen(
        createServer((socket) => {
          hello?.(socket.resume());
          if (answer !== undefined) answering(answer)(socket);
        }),
        host,
        port,
      ),
    tls: (options, answer) => listen(createTlsServer(options, answering(answer)).on("tlsClientError", () => undefined)),
    http: (handle, host) => listen(createHttpServer(handle), host),
    async blackHole(host = "127.0.0.1", port = 0) {
      const worker = new Worker(HOLE, { eval: true, workerData: { host, port } });
      ends.push(() => worker.terminate());
      const taken = await new Promise<number>((done) => worker.once("message", done));
      // The kernel itself completes connections until the queue of backlog + 1 is full.
      for (let at = 0; at < 2; at += 1) {
        const filler = connect(taken, host).on("error", () => undefined);
        fillers.add(filler);
        await new Promise((done) => filler.once("connect", done));
      }
      return taken;
    },
    async dns(answer) {
      const server = createSocket("udp4");
      const late = new Set<NodeJS.Timeout>();
      ends.push(() => {
        for (const timer of late) clearTimeout(timer);
        return new Promise<void>((done) => server.close(done));
      });
      server.on("message", (question, { port, address }) => {
        if (answer === "silence") return;
        const reply = dnsAnswer(question, answer.code ?? 0, answer.address);
        late.add(setTimeout(() => server.send(reply, port, address), answer.afterMs ?? 0).unref());
      });
      await new Promise<void>((done) => server.bind(0, "127.0.0.1", done));
      const resolver = new Resolver({ timeout: 30_000, tries: 1 });
      resolver.setServers([`127.0.0.1:${server.address().port}`]);
      ends.push(() => resolver.cancel());
      return (host, options, done) =>
        resolver.resolve4(host, (error, [address = ""] = []) => {
          if (error !== null || !options.all) done(error, address, 4);
          else done(null, [{ address, family: 4 }]);
        });
    },
    open: () => sockets.size,
    async stop() {
      for (const socket of [...sockets, ...fillers]) socket.destroy();
      await Promise.all(ends.map((end) => end()));
    },
  };
}
