/** A disk without room, a real one: a small tmpfs. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { noSmallDisk, type SmallDisk, smallDisk } from "../support/disk.ts";
import { fine, type HistoryWorld, historyWorld, kimi, limited, recordAt, rowsOf, spend } from "../support/history.ts";

describe.skipIf(noSmallDisk() !== undefined)("a full disk", () => {
  let world: HistoryWorld;
  let disk: SmallDisk;
  beforeEach(() => {
    disk = smallDisk();
    mkdirSync(join(disk.folder, "data"));
    world = historyWorld(join(disk.folder, "data"));
  });
  afterEach(() => {
    world.end();
    disk.end();
  });

  test("nothing throws, it is told once, what waits is bounded, and it is written when there is room", async () => {
    const history = world.open();
    history.take(recordAt(world.clock.wall(), kimi, limited()));
    await world.clock.advance(1000);
    disk.fill();
    for (let round = 0; round < 30; round++) {
      for (let at = 0; at < 50; at++) history.take(recordAt(world.clock.wall(), kimi, limited({ requestId: `${round}-${at}` })));
      history.ledger.begin("kimi", spend, world.clock.wall());
      await world.clock.advance(10_000);
    }
    expect(history.writable()).toBe(false);
    expect(world.failures()).toBeGreaterThan(30);
    expect(world.told).toEqual([{ level: "error", message: expect.stringContaining("cannot be written; probing goes on") }]);
    expect(history.ledger.freeRequestsSince("openrouter", 0)).toBe(30);
    expect(history.events({ limit: 10 })).toHaveLength(1);

    disk.clear();
    await world.clock.advance(10_000);
    expect(history.writable()).toBe(true);
    expect(world.told.slice(1)).toEqual([
      { level: "info", message: expect.stringContaining("is written again") },
      { level: "warn", message: expect.stringMatching(/^\d+ records came .* missing/) },
    ]);
    const lost = Number.parseInt(world.told[2]?.message ?? "", 10);
    expect(history.events({ limit: 10_000 })).toHaveLength(1 + 1500 - lost);
    expect(history.events({ limit: 1 })[0]?.request_id).toBe("29-49");
    history.close();
    expect(world.open().ledger.freeRequestsSince("openrouter", 0)).toBe(30);
  });

  test("started on it: counts and waits, and writes when there is room", async () => {
    const before = world.open();
    before.ledger.begin("kimi", spend, world.clock.wall());
    before.take(recordAt(world.clock.wall(), kimi, fine));
    before.close();
    await world.clock.advance(1000);
    disk.fill();
    const history = world.open();
    history.take(recordAt(world.clock.wall(), kimi, limited()));
    history.ledger.begin("kimi", spend, world.clock.wall());
    await world.clock.advance(10_000);
    expect(history.writable()).toBe(false);
    expect(history.ledger.freeRequestsSince("openrouter", 0)).toBe(2);
    disk.clear();
    await world.clock.advance(10_000);
    expect(history.writable()).toBe(true);
    expect(history.ledger.freeRequestsSince("openrouter", 0)).toBe(2);
    expect(history.events({ limit: 10 })).toHaveLength(1);
    expect(history.uptime("kimi")["24h"]).toBe(0.5);
    expect(rowsOf(world.path, "select count(*) as n from spend")).toEqual([{ n: 2 }]);
  });
});
