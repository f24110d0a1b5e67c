/** The way to a host that works: through proxies, around them, along redirects, and given up in time. */
import { X509Certificate } from "node:crypto";
import { connect, type Socket } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { queryObjects } from "node:v8";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { exchange, type HttpRequest } from "../../src/clients/http/exchange.ts";
import { type Authority, makeAuthority } from "../support/certificates.ts";
import { createPeers, type Peers } from "../support/peers.ts";
import { until } from "../support/programs.ts";
import { both } from "./detours.ts";
import { loopback, WELL } from "./row.ts";

const trusted = getCACertificates("default");
let authority: Authority;
let peers: Peers;
beforeAll(() => {
  authority = makeAuthority();
  setDefaultCACertificates([...trusted, authority.cert]);
});
afterAll(() => {
  setDefaultCACertificates(trusted);
  authority.remove();
});
beforeEach(() => {
  peers = createPeers();
});
afterEach(() => peers.stop());

const get = (url: string, more: Partial<HttpRequest> = {}, timeoutMs = 5_000) =>
  exchange({ method: "GET", url, ...more }, AbortSignal.timeout(timeoutMs));

/** Hands on to the port whatever host is asked for, and writes down what it was asked. */
const tunnelTo =
  (port: number, asked: string[]) =>
  (socket: Socket, first: Buffer): void => {
    asked.push(first.toString("latin1"));
    const further = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(further).pipe(socket);
    });
    for (const end of [socket, further])
      end.on("error", () => undefined).once("close", () => [socket, further].map((one) => one.destroy()));
  };

test("a good certificate: the body, a tls phase, and when the certificate ends", async () => {
  const port = await peers.tls(authority.leaf({ until: 30 }), (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nsecure"));
  const { status, body, phases, certificateExpiresAt = 0, fault } = await get(`https://localhost:${port}`);
  expect({ status, body: body.toString(), fault }).toEqual({ status: 200, body: "secure", fault: undefined });
  expect(phases.tls).toBeGreaterThan(0);
  expect((certificateExpiresAt - Date.now()) / 86_400_000).toBeCloseTo(30, 1);
});

test("what comes at the same time stays apart: plain, over TLS, packed, from the second address", async () => {
  const LENGTH = 400_000;
  const bodyOf = (letter: string) => Buffer.alloc(LENGTH, `${letter}${letter}\n`);
  const answer = (socket: Socket, first: Buffer): void => {
    const [, letter = "", packed] = /^GET \/(\w)(\/packed)?/.exec(first.toString("latin1")) ?? [];
    const body = packed === undefined ? bodyOf(letter) : gzipSync(bodyOf(letter), { level: 0 });
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n${packed === undefined ? "" : "content-encoding: gzip\r\n"}\r\n`);
    // In pieces, so that the one's come between the other's.
    for (let at = 0; at < body.length; at += 5_000) setImmediate(() => socket.write(body.subarray(at, at + 5_000)));
  };
  const plain = loopback(await peers.tcp({ answer }));
  const secure = `https://api.test:${await peers.tls(authority.leaf({ name: "api.test" }), answer)}`;
  const paths = [..."abcdefgh"].flatMap((letter) => [`/${letter}`, `/${letter}/packed`]);
  const urls = [plain, secure].flatMap((host) => paths.map((path) => host + path));
  const seen = await Promise.all(urls.map((url) => get(url, { route: { lookup: both } }, 20_000)));
  for (const [at, { body, fault }] of seen.entries()) {
    expect(fault).toBeUndefined();
    expect(body.equals(bodyOf(new URL(urls[at] ?? "").pathname[1] ?? ""))).toBe(true);
  }
});

test("a certificate is let go as soon as it was read: it is large, and lies where no one counts it", async () => {
  const held = Promise.withResolvers<Socket>();
  const port = await peers.tls(authority.leaf(), (socket) => held.resolve(socket));
  // What a full collection leaves.
  const certificates = (): number => queryObjects(X509Certificate, { format: "count" });
  const before = certificates();
  const answer = get(`https://localhost:${port}`);
  const socket = await held.promise;
  const during = certificates();
  socket.end("HTTP/1.1 200 OK\r\n\r\n");
  expect((await answer).certificateExpiresAt).toBeGreaterThan(Date.now());
  expect(during).toBe(before);
});

test.each(["http", "https"])("https through an %s proxy: the tunnel is the proxy's, what is in it the host's alone", async (scheme) => {
  const [asked, heard]: [string[], string[]] = [[], []];
  const host = await peers.tls(authority.leaf({ name: "api.test" }), (socket, first) => {
    heard.push(first.toString("latin1"));
    socket.end(WELL);
  });
  const manner = tunnelTo(host, asked);
  const port = await (scheme === "https" ? peers.tls(authority.leaf(), manner) : peers.tcp({ answer: manner }));
  const proxies = { https: `${scheme}://bob:p%40ss@localhost:${port}`, except: [] };
  const seen = await get("https://api.test/v1", { headers: { authorization: "Bearer the-key" }, route: { proxies } });
  expect({ status: seen.status, fault: seen.fault }).toEqual({ status: 200, fault: undefined });
  expect(asked.join()).toMatch(/^CONNECT api\.test:443 HTTP\/1\.1\r\n/);
  expect(asked.join()).toContain(`proxy-authorization: Basic ${Buffer.from("bob:p@ss").toString("base64")}`);
  expect(asked.join()).not.toContain("the-key");
  expect(heard.join()).toContain("Bearer the-key");
  expect(heard.join().toLowerCase()).not.toContain("proxy-authorization");
  expect(seen.phases).toMatchObject({ connect: expect.any(Number), tls: expect.any(Number), first_byte: expect.any(Number) });
  expect(Object.values(seen.phases).reduce((sum, one) => sum + one, 0)).toBeCloseTo(seen.durationSeconds, 3);
  expect(seen.certificateExpiresAt).toBeGreaterThan(Date.now());
  await until(() => peers.open() === 0, "the tunnel to end");
});

test("every exchange opens a tunnel of its own", async () => {
  const asked: string[] = [];
  const host = await peers.tls(authority.leaf({ name: "api.test" }), (socket) => socket.end(WELL));
  const proxies = { https: loopback(await peers.tcp({ answer: tunnelTo(host, asked) })), except: [] };
  await get("https://api.test/", { route: { proxies } });
  await get("https://api.test/", { route: { proxies } });
  expect(asked).toHaveLength(2);
});

test("credentials do not follow a redirect to elsewhere, whatever header they are in, and not back again", async () => {
  const heard: string[] = [];
  const headers = { authorization: "Bearer the-key", "X-Api-Key": "the-key", cookie: "session=the-key" };
  const home = await peers.http(({ url, headers: got }, response) => {
    heard.push(`home ${url} ${JSON.stringify(got).includes("the-key")}`);
    if (url === "/there") response.end("back home");
    else response.writeHead(302, { location: url === "/start" ? "/on" : loopback(away) }).end();
  });
  const away = await peers.http(({ headers: got }, response) => {
    heard.push(`away ${JSON.stringify(got).includes("the-key")}`);
    response.writeHead(302, { location: `${loopback(home)}/there` }).end();
  });
  const { body } = await get(`${loopback(home)}/start`, { headers, maxRedirects: 5 });
  expect(body.toString()).toBe("back home");
  expect(heard).toEqual(["home /start true", "home /on true", "away false", "home /there false"]);
});

test("a redirect is told by what it leads to: its status, its phases", async () => {
  const end = await peers.http((_, response) => void response.writeHead(204).end());
  const start = await peers.http((_, response) => void response.writeHead(302, { location: loopback(end) }).end());
  expect(await get(loopback(start), { maxRedirects: 5 })).toMatchObject({ status: 204 });
});

test("a redirect away from TLS takes the certificate's date along no further", async () => {
  const end = await peers.http((_, response) => void response.writeHead(204).end());
  const to = `HTTP/1.1 302 Found\r\nlocation: ${loopback(end)}\r\ncontent-length: 0\r\n\r\n`;
  const start = await peers.tls(authority.leaf(), (socket) => socket.end(to));
  const seen = await get(`https://localhost:${start}`, { maxRedirects: 5 });
  expect(seen).toMatchObject({ status: 204 });
  expect(seen).not.toHaveProperty("certificateExpiresAt");
});

test("what does not come to a connection is given up long before the request's own time", { timeout: 30_000 }, async () => {
  const silent = await peers.tcp({ answer: () => undefined });
  const hole = await peers.blackHole();
  const lookup = await peers.dns("silence");
  const from = performance.now();
  const seen = await Promise.all([
    get("http://api.test/", { route: { lookup } }, 60_000),
    get(loopback(hole), {}, 60_000),
    get(`https://localhost:${silent}`, {}, 60_000),
    get("https://api.test/", { route: { proxies: { https: loopback(silent), except: [] } } }, 60_000),
    get("https://api.test/", { route: { proxies: { https: loopback(hole), except: [] } } }, 60_000),
    get("http://api.test/", { route: { proxies: { http: loopback(hole), except: [] } } }, 60_000),
  ]);
  expect(seen.map(({ fault }) => fault?.reason)).toEqual(["dns", "connect_timeout", "connect_timeout", "proxy", "proxy", "proxy"]);
  expect(performance.now() - from).toBeLessThan(15_000);
  await until(() => peers.open() === 0, "the connections to end");
});
