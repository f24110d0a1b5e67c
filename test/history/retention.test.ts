import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cause, files, fine, type HistoryWorld, historyWorld, kimi, limited, recordAt, rowsOf, spend } from "../support/history.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let world: HistoryWorld;
beforeEach(() => {
  world = historyWorld();
});
afterEach(() => world.end());

describe("retention", () => {
  const count = (table: string) => rowsOf(world.path, `select count(*) as n from ${table}`)[0]?.n;

  test("by age: a day of what went well, of failures as long as the config says", async () => {
    const history = world.open({ keeping: { seconds: 10 * 86_400 } });
    for (let day = 0; day < 14; day++) {
      history.take(recordAt(world.clock.wall(), kimi, fine));
      history.take(recordAt(world.clock.wall(), kimi, limited()));
      await world.clock.advance(DAY);
    }
    history.take(recordAt(world.clock.wall(), kimi, fine));
    history.take(recordAt(world.clock.wall(), kimi, limited()));
    await world.clock.advance(20_000);
    expect([count("run"), count("failure"), count("evidence")]).toEqual([1, 10, 10]);
  });

  test.each([
    ["number", { runs: 100, failures: 40 }, 100, 40],
    ["size", { bytes: 1 }, 1, 1],
  ])("by %s, in steps, the oldest first", async (_, keeping, runs, failures) => {
    const history = world.open({ keeping: { seconds: 30 * 86_400, ...keeping } });
    for (let record = 0; record < 1500; record++) history.take(recordAt(world.clock.wall() + record, kimi, fine));
    for (let record = 0; record < 700; record++) history.take(recordAt(world.clock.wall() + record, kimi, limited()));
    for (let step = 0; step < 8; step++) {
      await world.clock.advance(10_000);
      if (step < 7) history.follow([{ ...cause, sightings: step, since: 0 }]);
    }
    await world.clock.advance(20_000);
    expect([count("run"), count("failure"), count("evidence")]).toEqual([runs, failures, failures]);
    expect(history.events({ limit: 1 })[0]?.at).toBe(new Date(Date.UTC(2026, 10, 23, 12) + 699).toISOString());
  });

  test("a clock that jumps ahead for a while costs nothing, neither failures nor what was spent today", async () => {
    const history = world.open();
    history.ledger.begin("kimi", spend, world.clock.wall());
    history.take(recordAt(world.clock.wall(), kimi, limited()));
    await world.clock.advance(1000);
    world.clock.jump(401 * DAY);
    history.ledger.begin("kimi", spend, world.clock.wall());
    history.take(recordAt(world.clock.wall(), kimi, fine));
    await world.clock.advance(60_000);
    world.clock.jump(-401 * DAY);
    history.take(recordAt(world.clock.wall(), kimi, fine));
    await world.clock.advance(60_000);
    expect(history.ledger.freeRequestsSince("openrouter", world.clock.wall() - HOUR)).toBe(2);
    expect(count("failure")).toBe(1);
    expect(history.uptime("kimi")["24h"]).toBe(0.5);
  });

  test("a clock that jumps back: the order stays that of writing, an incident has no negative length", async () => {
    const history = world.open();
    const since = world.clock.wall();
    history.follow([{ ...cause, since }]);
    history.take(recordAt(world.clock.wall(), kimi, limited()));
    world.clock.jump(-5 * DAY);
    history.take(recordAt(world.clock.wall(), files, limited()));
    history.follow([]);
    expect(history.events({ limit: 5 }).map(({ target }) => target)).toEqual(["kimi", "files"]);
    expect(history.incidents(0, 5)).toEqual([{ ...cause, since, closedAt: since }]);
  });
});
