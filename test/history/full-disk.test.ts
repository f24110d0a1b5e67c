/** A disk without room, a real one: a small tmpfs. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fine, type HistoryWorld, historyWorld, kimi, limited, recordAt, rowsOf, spend } from "../support/history.ts";

/** Why this machine cannot have a small disk of its own; in CI that is a failure. */
function noSmallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "healthd-mount-"));
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { encoding: "utf8" });
  if (status === 0) spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true });
  if (status === 0) return undefined;
  const why = `needs the right to mount a tmpfs: ${stderr}`;
  if (process.env.CI !== undefined) throw new Error(why);
  return why;
}

describe.skipIf(noSmallDisk() !== undefined)("a full disk", () => {
  let world: HistoryWorld;
  let disk: string;
  beforeEach(() => {
    disk = mkdtempSync(join(tmpdir(), "healthd-disk-"));
    spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]);
    mkdirSync(join(disk, "data"));
    world = historyWorld(join(disk, "data"));
  });
  afterEach(() => {
    world.end();
    spawnSync("umount", [disk]);
    rmSync(disk, { recursive: true });
  });
  const fillDisk = (): void => {
    const file = join(disk, "other-peoples-files");
    const written = spawnSync("dd", ["if=/dev/zero", `of=${file}`, "bs=4k"], { encoding: "utf8" });
    expect(written.stderr).toContain("No space left");
  };

  test("nothing throws, it is told once, what waits is bounded, and it is written when there is room", async () => {
    const history = world.open();
    history.take(recordAt(world.clock.wall(), kimi, limited()));
    await world.clock.advance(1000);
    fillDisk();
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

    rmSync(join(disk, "other-peoples-files"));
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
    fillDisk();
    const history = world.open();
    history.take(recordAt(world.clock.wall(), kimi, limited()));
    history.ledger.begin("kimi", spend, world.clock.wall());
    await world.clock.advance(10_000);
    expect(history.writable()).toBe(false);
    expect(history.ledger.freeRequestsSince("openrouter", 0)).toBe(2);
    rmSync(join(disk, "other-peoples-files"));
    await world.clock.advance(10_000);
    expect(history.writable()).toBe(true);
    expect(history.ledger.freeRequestsSince("openrouter", 0)).toBe(2);
    expect(history.events({ limit: 10 })).toHaveLength(1);
    expect(history.uptime("kimi")["24h"]).toBe(0.5);
    expect(rowsOf(world.path, "select count(*) as n from spend")).toEqual([{ n: 2 }]);
  });
});
