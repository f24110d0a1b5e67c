/** When what comes has come: not when its turn comes to be read. */
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exchange } from "../../src/clients/http/exchange.ts";
import { createPeers, type Peers } from "../support/peers.ts";
import { loopback } from "./row.ts";

let peers: Peers;
beforeEach(() => {
  peers = createPeers();
});
afterEach(() => peers.stop());

const BUSY_MS = 150;

function keepBusy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Answers all together, once so many have asked. */
async function together(count: number): Promise<string> {
  const waiting: ServerResponse[] = [];
  const port = await peers.http((_, response) => {
    if (waiting.push(response) === count) for (const one of waiting) one.end("x");
  });
  return loopback(port);
}

test("what came together came together, however long it takes to read what stands first", async () => {
  const url = await together(3);
  const begun = performance.now();
  const came: number[] = [];
  const probe = () => {
    const from = performance.now() - begun;
    return exchange({ method: "GET", url }, new AbortController().signal, (_, atSeconds) => {
      came.push(from + atSeconds * 1000);
      keepBusy(BUSY_MS);
      return Number.POSITIVE_INFINITY;
    });
  };
  const seen = await Promise.all([probe(), probe(), probe()]);
  expect(came).toHaveLength(3);
  // The second would be late by as long as the first is read, the third by twice that.
  expect(Math.max(...came) - Math.min(...came)).toBeLessThan(BUSY_MS);
  for (const { durationSeconds } of seen) expect(durationSeconds * 1000).toBeLessThan(Math.min(...came) + BUSY_MS);
});

test("what comes later came later", async () => {
  const port = await peers.http((_, response) => {
    response.write("x");
    setTimeout(() => response.end("y"), BUSY_MS);
  });
  const came: number[] = [];
  await exchange({ method: "GET", url: loopback(port) }, new AbortController().signal, (_, atSeconds) => {
    came.push(atSeconds * 1000);
    return Number.POSITIVE_INFINITY;
  });
  expect(came).toHaveLength(2);
  expect((came[1] ?? 0) - (came[0] ?? 0)).toBeGreaterThan(BUSY_MS / 2);
});
