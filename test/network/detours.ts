/** Faults of the way: redirects, two families of addresses, proxies. */
import type { LookupAddress } from "node:dns";
import type { LookupFunction, Socket } from "node:net";
import type { Reason } from "../../src/core/reason.ts";
import { freePort } from "../support/programs.ts";
import { flood, forever, type Ground, loopback, type Row, WELL, WELL_FOR } from "./row.ts";

/** Only an application's redirects are followed; from an API they are a wrong answer. */
const redirected = (name: string, target: (ground: Ground) => Promise<string>, app: Reason, timeoutMs?: number): Row => ({
  name,
  reason: "body_malformed",
  but: { app },
  ...(timeoutMs === undefined ? {} : { timeoutMs }),
  place: async (ground) => {
    const location = await target(ground);
    return {
      url: loopback(
        await ground.peers.tcp({
          answer: (socket) => socket.end(`HTTP/1.1 302 Found\r\nlocation: ${location}\r\ncontent-length: 0\r\n\r\n`),
        }),
      ),
    };
  },
});

const REDIRECTS: readonly Row[] = [
  redirected("a redirect in a circle", async () => "/again", "app_status"),
  redirected("a redirect to where nobody listens", async () => loopback(await freePort()), "connect_refused"),
  redirected("a redirect into a black hole", async ({ peers }) => loopback(await peers.blackHole()), "connect_timeout", 400),
  redirected("a redirect to no URL", async () => "http://[", "app_status"),
  redirected("a redirect to a file", async () => "file:///etc/passwd", "app_status"),
  redirected(
    "a redirect to a wrong certificate",
    async ({ peers, authority }) =>
      `https://localhost:${await peers.tls(authority.leaf({ signer: "self" }), (socket) => socket.end(WELL))}`,
    "tls",
  ),
];

/** The IPv6 address first. */
export const both: LookupFunction = (_, options, done) => {
  const all: LookupAddress[] = [
    { address: "::1", family: 6 },
    { address: "127.0.0.1", family: 4 },
  ];
  setImmediate(() => (options.all ? done(null, all) : done(null, "::1", 6)));
};
const twoFamilies = (name: string, listen: (ground: Ground) => Promise<number>, reason: Reason, more: Partial<Row> = {}): Row => ({
  name,
  reason,
  place: async (ground) => ({ url: `http://api.test:${await listen(ground)}`, route: { lookup: both } }),
  ...(reason === "ok" ? { but: WELL_FOR } : {}),
  ...more,
});
const well = { answer: (socket: Socket) => socket.end(WELL) };

const FAMILIES: readonly Row[] = [
  twoFamilies("IPv6 refuses, IPv4 is well", ({ peers }) => peers.tcp(well, "127.0.0.1"), "ok"),
  twoFamilies("IPv4 refuses, IPv6 is well", ({ peers }) => peers.tcp(well, "::1"), "ok"),
  twoFamilies("IPv6 is a black hole, IPv4 is well", async ({ peers }) => peers.tcp(well, "127.0.0.1", await peers.blackHole("::1")), "ok"),
  twoFamilies("both refuse", () => freePort(), "connect_refused"),
  twoFamilies("both are black holes", async ({ peers }) => peers.blackHole("127.0.0.1", await peers.blackHole("::1")), "connect_timeout", {
    timeoutMs: 700,
  }),
];

type Manner = (socket: Socket, first: Buffer, ground: Ground) => void;

/** To `https://api.test` through a proxy on loopback that answers CONNECT in its own manner. */
const tunnelled = (name: string, manner: Manner, reason: Reason = "proxy", more: Partial<Row> = {}): Row => ({
  name,
  reason,
  place: async (ground) => {
    const port = await ground.peers.tcp({ answer: (socket, first) => manner(socket, first, ground) });
    return { url: "https://api.test", route: { proxies: { https: `http://bob:s3cret@127.0.0.1:${port}`, except: [] } } };
  },
  ...more,
});
const forwarded = (name: string, manner: Manner, reason: Reason = "proxy", more: Partial<Row> = {}): Row => {
  const row = tunnelled(name, manner, reason, more);
  return {
    ...row,
    place: async (ground) => {
      const { route } = await row.place(ground);
      return { url: "http://api.test", route: { proxies: { http: route?.proxies?.https ?? "", except: [] } } };
    },
  };
};
const at = (name: string, proxy: (ground: Ground) => Promise<string>, timeoutMs?: number): Row => ({
  name,
  reason: "proxy",
  ...(timeoutMs === undefined ? {} : { timeoutMs }),
  place: async (ground) => ({ url: "https://api.test", route: { proxies: { https: await proxy(ground), except: [] } } }),
});

const OPEN = "HTTP/1.1 200 Connection established\r\n\r\n";
const opened =
  (then: (socket: Socket) => void): Manner =>
  (socket) => {
    socket.once("data", () => then(socket));
    socket.write(OPEN);
  };

const PROXIES: readonly Row[] = [
  at("the proxy is down", async () => loopback(await freePort())),
  at("the proxy is a black hole", async ({ peers }) => loopback(await peers.blackHole()), 300),
  at("the proxy's name does not exist", async () => "http://proxy.invalid:3128"),
  at(
    "the proxy's own certificate has expired",
    async ({ peers, authority }) => `https://localhost:${await peers.tls(authority.leaf({ until: -1 }), () => undefined)}`,
  ),
  tunnelled("the proxy wants a password (407)", (socket) =>
    socket.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"),
  ),
  tunnelled("the proxy forbids the host (403)", (socket) => socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 6\r\n\r\nno way")),
  tunnelled("the proxy cannot reach the host (502)", (socket) => socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n")),
  tunnelled("the proxy hangs", () => undefined, "proxy", { timeoutMs: 300 }),
  tunnelled("the proxy resets", (socket) => socket.resetAndDestroy()),
  tunnelled("the proxy closes", (socket) => socket.end()),
  tunnelled("the proxy is none", (socket) => socket.end("220 mail.example ESMTP\r\n")),
  tunnelled(
    "the proxy answers letter by letter",
    (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nx: ");
      forever(socket, "a");
    },
    "proxy",
    { timeoutMs: 400 },
  ),
  tunnelled("the proxy answers without end", (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nx: ");
    flood(socket, "a".repeat(4096));
  }),
  tunnelled(
    "silence in the tunnel",
    opened(() => undefined),
    "connect_timeout",
    { timeoutMs: 400 },
  ),
  tunnelled(
    "reset in the tunnel",
    opened((socket) => socket.resetAndDestroy()),
    "connection_reset",
  ),
  tunnelled(
    "noise in the tunnel",
    opened((socket) => socket.end(Buffer.alloc(512, 7))),
    "tls",
  ),
  forwarded("reset by the proxy of http", (socket) => socket.resetAndDestroy()),
  forwarded("a 407 of the proxy of http", (socket) =>
    socket.end("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"),
  ),
  forwarded("the proxy of http hangs", () => undefined, "timeout_headers", { timeoutMs: 300 }),
  forwarded(
    "the proxy of http hands on",
    (socket, first) =>
      socket.end(
        /^(?:GET|POST) http:\/\/api\.test\/.*\r\n/.test(first.toString("latin1")) &&
          /proxy-authorization: Basic Ym9iOnMzY3JldA==/i.test(first.toString("latin1"))
          ? WELL
          : "HTTP/1.1 407 No\r\n\r\n",
      ),
    "ok",
    { but: WELL_FOR },
  ),
];

export const detours: readonly Row[] = [...REDIRECTS, ...FAMILIES, ...PROXIES];
