/** Where an exchange's time went: every second of it in the phase in which it passed, whole or broken off, over all redirects. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { exchange, type HttpExchange, type HttpRequest } from "../../src/clients/http/exchange.ts";
import { phaseNames } from "../../src/core/outcome.ts";
import { createPeers, type Peers } from "../support/peers.ts";
import { freePort } from "../support/programs.ts";
import { loopback, OK, WELL } from "./row.ts";

let peers: Peers;
beforeEach(() => {
  peers = createPeers();
});
afterEach(() => peers.stop());

const SLOW_MS = 200;
const GIVEN_UP_MS = 500;

const get = (url: string, more: Partial<HttpRequest> = {}, timeoutMs = 5_000) =>
  exchange({ method: "GET", url, ...more }, AbortSignal.timeout(timeoutMs));

const total = ({ phases }: HttpExchange): number => Object.values(phases).reduce((sum, one) => sum + one, 0);

test("a redirect's hops are summed by phase, and what lies between them is nobody's", async () => {
  const end = await peers.http((_, response) => void setTimeout(() => response.end("there"), SLOW_MS));
  const start = await peers.http(
    (_, response) => void setTimeout(() => response.writeHead(302, { location: `http://localhost:${end}/` }).end(), SLOW_MS),
  );
  const seen = await get(`http://localhost:${start}/`, { maxRedirects: 5 });
  expect(seen.body.toString()).toBe("there");
  expect(seen.phases.first_byte).toBeGreaterThanOrEqual((2 * SLOW_MS - 2) / 1000);
  expect(total(seen)).toBeCloseTo(seen.durationSeconds, 6);
});

test("a redirect to nobody: the first hop's phases, and the second's to where it broke off", async () => {
  const start = await peers.http(
    (_, response) => void setTimeout(async () => response.writeHead(302, { location: loopback(await freePort()) }).end(), SLOW_MS),
  );
  const seen = await get(loopback(start), { maxRedirects: 5 });
  expect(seen.fault?.reason).toBe("connect_refused");
  expect(Object.keys(seen.phases)).toEqual(["connect", "request", "first_byte"]);
  expect(seen.phases.first_byte).toBeGreaterThanOrEqual((SLOW_MS - 2) / 1000);
  expect(total(seen)).toBeCloseTo(seen.durationSeconds, 6);
});

/** What breaks off, where it then stands, and the phases before it. */
const BROKEN: readonly (readonly [string, () => Promise<HttpExchange>, number])[] = [
  ["a name that nobody resolves", async () => get("http://api.test/", { route: { lookup: await peers.dns("silence") } }, GIVEN_UP_MS), 1],
  ["an address where nobody listens", async () => get(loopback(await freePort())), 2],
  ["a connection that nobody accepts", async () => get(loopback(await peers.blackHole()), {}, GIVEN_UP_MS), 2],
  ["no TLS session", async () => get(`https://127.0.0.1:${await peers.tcp({ answer: () => undefined })}`, {}, GIVEN_UP_MS), 3],
  ["another language than TLS", async () => get(`https://127.0.0.1:${await peers.tcp({ answer: (socket) => socket.end(WELL) })}`), 3],
  ["no answer", async () => get(loopback(await peers.tcp({ answer: () => undefined })), {}, GIVEN_UP_MS), 5],
  [
    "half a body",
    async () => get(loopback(await peers.tcp({ answer: (socket) => socket.write(`${OK}content-length: 9\r\n\r\nhalf`) })), {}, GIVEN_UP_MS),
    6,
  ],
];

test.each(BROKEN)("broken off: %s", async (_, ask, reached) => {
  const seen = await ask();
  expect(seen.fault).toBeDefined();
  const wanted = phaseNames.slice(0, reached);
  expect(Object.keys(seen.phases).at(-1)).toBe(wanted.at(-1));
  expect(wanted).toEqual(expect.arrayContaining(Object.keys(seen.phases)));
  expect(total(seen)).toBeCloseTo(seen.durationSeconds, 6);
  if (seen.durationSeconds < GIVEN_UP_MS / 2000) return;
  // Given up: nearly all of it was waiting there, even where this machine was slow before.
  expect(seen.phases[wanted.at(-1) ?? "dns"]).toBeGreaterThan(seen.durationSeconds / 2);
});
