/** The night of 2026-02-17 (openrouter-api §11): a fifth of all calls 500, then 401 for good keys, for more than half an hour. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { Probed } from "../../src/core/outcome.ts";
import { startWorld, type World } from "../support/world.ts";

const MINUTE = 60_000;
const START = Date.UTC(2026, 1, 17, 5);

let world: World;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: START });
  world = await startWorld(undefined, { now: systemClock.wall, seed: 7 });
});
afterEach(async () => {
  await world.simulator.stop();
  vi.useRealTimers();
});

/** One poll of the key, a minute after the one before. */
async function poll(): Promise<Probed> {
  vi.setSystemTime(Date.now() + MINUTE);
  return world.probe("openrouter");
}
const polls = async (count: number): Promise<Probed[]> => {
  const seen: Probed[] = [];
  for (let at = 0; at < count; at++) seen.push(await poll());
  return seen;
};
const valid = ({ evidence }: Probed): boolean | undefined => evidence.key?.valid;

test("an outage of the API convicts no key, and is called what it is", async () => {
  expect((await polls(5)).map(valid)).toEqual([true, true, true, true, true]);
  world.simulator.faults.on("outage");
  const during = await polls(38);
  expect(during.filter((outcome) => valid(outcome) === false)).toEqual([]);
  const rejected = during.filter(({ evidence }) => evidence.statusCode === 401);
  expect(rejected.length).toBeGreaterThan(25);
  expect(new Set(rejected.map(({ reason }) => reason))).toEqual(new Set(["gateway_error"]));
  world.simulator.faults.clear();
  expect((await polls(2)).map(valid)).toEqual([true, true]);
});

test("a revoked key is found bad within three polls", async () => {
  await polls(5);
  world.simulator.faults.on("key");
  expect((await polls(3)).map(valid)).toEqual([undefined, undefined, false]);
});
