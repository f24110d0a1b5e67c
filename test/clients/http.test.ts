import { createServer, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket, type Server as TcpServer } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { exchange, type HttpExchange, type HttpRequest } from "../../src/clients/http/exchange.ts";
import { transportFault } from "../../src/clients/http/fault.ts";
import { freePort } from "../support/programs.ts";

const servers = new Set<Server | TcpServer>();
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  servers.clear();
});

async function listen(server: Server | TcpServer): Promise<string> {
  servers.add(server);
  server.on("connection", (socket: Socket) => sockets.add(socket));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", () => done()));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const http = (answer: (response: ServerResponse, url: string) => void): Promise<string> =>
  listen(createServer((request, response) => answer(response, request.url ?? "")));
/** Answers with raw bytes, whatever was asked. */
const raw = (answer: (socket: Socket) => void): Promise<string> =>
  listen(
    createTcpServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => answer(socket));
    }),
  );
const get = (url: string, timeoutMs = 3_000, more: Partial<HttpRequest> = {}): Promise<HttpExchange> =>
  exchange({ method: "GET", url, ...more }, AbortSignal.timeout(timeoutMs));

test("a whole answer: status, body, and phases that add up to the duration", async () => {
  const url = await http((response) => response.setHeader("date", new Date(Date.now() + 90_000).toUTCString()).end("hello"));
  const { status, body, phases, durationSeconds, fault, clockSkewSeconds } = await get(url);
  expect({ status, body: body.toString(), fault }).toEqual({ status: 200, body: "hello", fault: undefined });
  expect(clockSkewSeconds).toBeGreaterThan(88);
  const sum = Object.values(phases).reduce((total, one) => total + one, 0);
  expect(sum).toBeCloseTo(durationSeconds, 3);
});

test("a host name has a dns phase, an address has none", async () => {
  const url = await http((response) => response.end());
  expect((await get(url)).phases).not.toHaveProperty("dns");
  expect((await get(url.replace("127.0.0.1", "localhost"))).phases.dns).toBeGreaterThan(0);
});

test("every exchange opens a connection of its own", async () => {
  let connections = 0;
  const server = createServer((_, response) => response.end()).on("connection", () => connections++);
  const url = await listen(server);
  await get(url);
  await get(url);
  expect(connections).toBe(2);
});

test("chunks are handed over as they arrive, and the taker may end the reading", async () => {
  const url = await http((response) => void response.write("first"));
  const taken: string[] = [];
  const { status, fault, body } = await exchange({ method: "GET", url }, AbortSignal.timeout(3_000), (chunk) => {
    taken.push(chunk.toString());
    return 0;
  });
  expect({ status, fault, taken, body: body.length }).toEqual({ status: 200, fault: undefined, taken: ["first"], body: 0 });
});

test("the taker may say how long it waits for the rest: the first word counts, however much comes meanwhile", async () => {
  const url = await http((response) => {
    const drip = setInterval(() => response.write("."), 20);
    response.once("close", () => clearInterval(drip));
  });
  const { status, fault, durationSeconds } = await exchange({ method: "GET", url }, AbortSignal.timeout(3_000), () => 200);
  expect({ status, reason: fault?.reason }).toEqual({ status: 200, reason: "timeout_total" });
  expect(durationSeconds).toBeGreaterThan(0.19);
  expect(durationSeconds).toBeLessThan(1.5);
});

test.each(["DELETE", "PUT", "POST"] as const)("%s without a body is sent at once", async (method) => {
  const url = await http((response) => response.end("done"));
  expect((await exchange({ method, url }, AbortSignal.timeout(2_000))).body.toString()).toBe("done");
});

describe("faults", () => {
  test.each([
    ["reset before any answer", (socket: Socket) => socket.resetAndDestroy(), 0, "connection_reset"],
    ["closed without an answer", (socket: Socket) => socket.end(), 0, "connection_reset"],
    ["not HTTP", (socket: Socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"), 0, "body_malformed"],
    [
      "a header line that never ends",
      (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${"a".repeat(100_000)}`),
      0,
      "body_malformed",
    ],
    [
      "reset within the body",
      (socket: Socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", () => socket.resetAndDestroy()),
      200,
      "connection_reset",
    ],
    [
      "closed within the body",
      (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
      200,
      "connection_reset",
    ],
    [
      "a broken chunk length",
      (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhalf"),
      200,
      "body_malformed",
    ],
    [
      "gzip that is none",
      (socket: Socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nhalf"),
      200,
      "body_malformed",
    ],
  ] as const)("%s", async (_, answer, status, reason) => {
    const seen = await get(await raw(answer));
    expect({ status: seen.status, reason: seen.fault?.reason }).toEqual({ status, reason });
  });

  test.each([
    ["no answer at all", () => undefined, 0, "timeout_headers"],
    ["a body that stops", (socket: Socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"), 200, "timeout_stall"],
    [
      "a body that drips to the end",
      (socket: Socket) => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        const drip = setInterval(() => socket.write("."), 20);
        socket.once("close", () => clearInterval(drip));
      },
      200,
      "timeout_total",
    ],
  ] as const)("given up: %s", async (_, answer, status, reason) => {
    const seen = await get(await raw(answer), 500);
    expect({ status: seen.status, reason: seen.fault?.reason }).toEqual({ status, reason });
    expect(seen.durationSeconds).toBeGreaterThan(0.4);
    expect(seen.durationSeconds).toBeLessThan(2);
  });

  test("nobody listens", async () => {
    expect((await get(`http://127.0.0.1:${await freePort()}`)).fault?.reason).toBe("connect_refused");
  });

  test("a name that does not exist", async () => {
    expect((await get("http://nowhere.invalid/")).fault?.reason).toBe("dns");
  });

  test("plain HTTP where TLS is expected", async () => {
    const url = await http((response) => response.end());
    // In OpenSSL's words, without the places of its sources.
    expect((await get(url.replace("http:", "https:"))).fault).toMatchObject({
      reason: "tls",
      message: expect.stringMatching(/^TLS: [a-z ]+$/),
    });
  });

  test("a body beyond the limit, and a small gzip that unpacks beyond it", async () => {
    const large = await http((response) => response.end("x".repeat(5_000)));
    expect((await get(large, 3_000, { maxBodyBytes: 4_999 })).fault?.reason).toBe("body_too_large");
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
    const packed = await http((response) => response.setHeader("content-encoding", "gzip").end(bomb));
    expect((await get(packed)).fault?.reason).toBe("body_too_large");
  });

  test("a redirect is an answer, unless it is to be followed; a loop ends", async () => {
    const url = await http((response, path) =>
      path === "/end" ? response.end("there") : response.writeHead(302, { location: path === "/loop" ? "/loop" : "/end" }).end(),
    );
    expect((await get(`${url}/start`)).status).toBe(302);
    expect((await get(`${url}/start`, 3_000, { maxRedirects: 5 })).body.toString()).toBe("there");
    expect((await get(`${url}/loop`, 3_000, { maxRedirects: 5 })).fault?.reason).toBe("body_malformed");
  });
});

test("every error of Node's has a reason: an unknown one is a broken connection", () => {
  expect(transportFault(Object.assign(new Error("x"), { code: "CERT_HAS_EXPIRED" })).reason).toBe("tls_expired");
  expect(transportFault(new AggregateError([Object.assign(new Error("v6"), { code: "ENETUNREACH" })])).reason).toBe("connect_timeout");
  expect(transportFault(new Error("what?")).reason).toBe("connection_reset");
  expect(transportFault("not even an error").reason).toBe("connection_reset");
});
