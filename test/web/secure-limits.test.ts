/** The same limits over TLS and HTTP/2, where Node keeps other clocks and other queues. */

import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:tls";
import { hashSync } from "@node-rs/bcrypt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../support/programs.ts";
import { type Attacker, attack, SHORT } from "./attacker.ts";
import { FRAME, rawGet } from "./raw-http2.ts";
import { http2Get, makePki, type Pki, secureGet, serveSecure } from "./secure.ts";
import { inOnePiece } from "./setup.ts";

let pki: Pki;
beforeAll(() => {
  pki = makePki();
});
afterAll(() => pki.remove());

const TLS = "tls_server_config: { cert_file: server.crt, key_file: server.key }\n";
const PLAIN_ONE = `${TLS}http_server_config: { http2: false }\n`;
const healthy = async (url: string): Promise<number> => (await secureGet(`${url}/-/healthy`, { ca: pki.authority.pem.cert })).status;

/** Shakes hands and then sends this. */
function secretly(url: string, protocol: string, send: string): { readonly closed: Promise<string> } {
  const socket = connect({
    host: "127.0.0.1",
    port: Number(new URL(url).port),
    ca: pki.authority.pem.cert,
    servername: "localhost",
    ALPNProtocols: [protocol],
  });
  let received = "";
  socket.setEncoding("latin1").on("data", (chunk) => {
    received += String(chunk);
  });
  socket.on("error", () => undefined);
  socket.write(send);
  return { closed: new Promise((done) => socket.once("close", () => done(received))) };
}

test.each([
  ["with HTTP/2", TLS],
  ["without", PLAIN_ONE],
])("slow and silent ones are sent away, %s", async (_, yaml) => {
  await using served = await serveSecure(pki, yaml, {}, SHORT);
  // No handshake at all; one that says nothing after it; one that never ends its headers.
  await Promise.all([attack(served).closed, attack(served, "\x16\x03\x01").closed]);
  expect(await secretly(served.url, "http/1.1", "").closed).toMatch(/^HTTP\/1\.1 408 |^$/);
  expect(await secretly(served.url, "http/1.1", "GET /metrics HTTP/1.1\r\nHost: localhost\r\n").closed).toMatch(/^HTTP\/1\.1 408 |^$/);
  expect(await secretly(served.url, "http/1.1", `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(50_000)}\r\n\r\n`).closed).toMatch(
    /^HTTP\/1\.1 431 /,
  );
  expect(await healthy(served.url)).toBe(200);
});

test.each(["/-/healthy", "/metrics", "/nowhere"])("over HTTP/2 no stream is reset that was answered: %s", async (path) => {
  await using served = await serveSecure(pki, TLS);
  const frames = await rawGet(served.url, pki.authority.pem.cert, path);
  // Go's client, and so Prometheus, takes a reset for a broken answer.
  expect(frames.filter(({ type }) => type === FRAME.reset || type === FRAME.goAway)).toEqual([]);
  expect(frames.map(({ type }) => type)).toContain(FRAME.data);
});

test("over HTTP/2 a request that never ends is told so and dropped, and so is a connection that asks nothing any more", async () => {
  await using served = await serveSecure(pki, TLS, {}, { ...SHORT, idleMs: 2500 });
  const session = connectHttp2(served.url, { ca: pki.authority.pem.cert });
  const over = new Promise<void>((done) => session.once("close", done));
  const stream = session.request({ ":path": "/-/reload", ":method": "POST" });
  let status: unknown;
  stream.on("response", (headers) => {
    status = headers[":status"];
  });
  stream.resume().write("a");
  await new Promise<void>((done) => stream.once("close", done));
  expect(status).toBe(408);
  await over;
  expect(await healthy(served.url)).toBe(200);
});

test("those without a handshake make room for those with one", async () => {
  await using served = await serveSecure(pki, TLS, {}, { ...SHORT, headersMs: 60_000, requestMs: 60_000 });
  const idle: Attacker[] = Array.from({ length: 100 }, () => attack(served));
  await until(() => idle.filter((one) => one.isClosed()).length >= 100 - SHORT.connections, "the silent ones to go");
  expect(await healthy(served.url)).toBe(200);
  expect((await http2Get(served.url, pki.authority.pem.cert, ["/-/healthy"]))[0]?.status).toBe(200);
});

test("a hundred requests at once over one HTTP/2 connection: eight are answered, and the server goes on", async () => {
  const gate = Promise.withResolvers<void>();
  let pages = 0;
  const targets = () => {
    pages += 1;
    return [];
  };
  const render = () => inOnePiece(gate.promise.then(() => "page\n"));
  await using served = await serveSecure(pki, TLS, { targets, metrics: { render, contentType: "text/plain" } }, SHORT);
  const session = connectHttp2(served.url, { ca: pki.authority.pem.cert });
  const statuses: number[] = [];
  let refused = 0;
  for (let index = 0; index < 100; index += 1) {
    const stream = session.request({ ":path": index < 8 ? "/metrics" : "/api/v1/targets" });
    stream.on("response", ({ ":status": status }) => void statuses.push(Number(status)));
    // Beyond sixteen streams HTTP/2 itself refuses.
    stream.on("error", () => {
      refused += 1;
    });
    stream.resume().end();
  }
  await until(() => statuses.length + refused === 92, "the refusals");
  expect(new Set(statuses)).toEqual(new Set([429]));
  expect(pages).toBe(0);
  gate.resolve();
  await until(() => statuses.length + refused === 100, "the answers");
  expect(statuses.filter((status) => status === 200)).toHaveLength(8);
  session.destroy();
  expect(await healthy(served.url)).toBe(200);
});

test("headers too large for HTTP/2, and connections that are torn off in the middle, cost only themselves", async () => {
  await using served = await serveSecure(pki, TLS, {}, SHORT);
  const [long] = await http2Get(served.url, pki.authority.pem.cert, ["/metrics"], { "x-long": "x".repeat(30_000) });
  expect(long?.status).toBe(431);
  await expect(http2Get(served.url, pki.authority.pem.cert, ["/metrics"], { "x-long": "x".repeat(300_000) })).rejects.toThrow();
  for (let index = 0; index < 20; index += 1) {
    const session = connectHttp2(served.url, { ca: pki.authority.pem.cert });
    session.on("error", () => undefined);
    session.request({ ":path": "/metrics" }).on("error", () => undefined);
    setImmediate(() => session.destroy());
  }
  const garbage = secretly(served.url, "h2", `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${"\xff".repeat(1000)}`);
  await garbage.closed;
  expect(await healthy(served.url)).toBe(200);
});

test("a flood of guesses does not keep out whoever has been let in", async () => {
  const yaml = `${TLS}basic_auth_users: { alice: ${hashSync("correct-horse", 6)} }\n`;
  await using served = await serveSecure(pki, yaml, {});
  const login = (password: string) => ({ authorization: `Basic ${Buffer.from(`alice:${password}`).toString("base64")}` });
  const friend = async (): Promise<number> =>
    (await secureGet(`${served.url}/metrics`, { ca: pki.authority.pem.cert, headers: login("correct-horse") })).status;
  expect(await friend()).toBe(200);
  const guesses = Array.from({ length: 100 }, (_, index) =>
    secureGet(`${served.url}/metrics`, { ca: pki.authority.pem.cert, headers: login(`guess ${index}`) }).then(
      ({ status }) => status,
      () => 0,
    ),
  );
  for (let index = 0; index < 5; index += 1) expect(await friend()).toBe(200);
  const statuses = await Promise.all(guesses);
  expect(statuses.every((status) => status === 401 || status === 429)).toBe(true);
});
