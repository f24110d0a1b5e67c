/** What befalls the file, on a real disk: broken, deleted, used by two. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openArchive } from "../../src/history/archive.ts";
import type { History } from "../../src/history/history.ts";
import { cause, fine, type HistoryWorld, historyWorld, kimi, limited, recordAt, rowsOf, spend } from "../support/history.ts";

let world: HistoryWorld;
beforeEach(() => {
  world = historyWorld();
});
afterEach(() => world.end());

/** Some pages of it. */
function fill(history: History, failures = 100): void {
  for (let at = 0; at < failures; at++) history.take(recordAt(world.clock.wall() + at, kimi, limited({ errorBody: "x".repeat(4000) })));
  history.events({ limit: 1 });
}
const aside = (): string[] => readdirSync(world.folder).filter((name) => /\.corrupt-/.test(name));

describe("a broken file is moved aside, never deleted, and a new one begun", () => {
  const random = (bytes: number): Buffer => Buffer.from(Array.from({ length: bytes }, (_, at) => (at * 7919 + (at >> 3)) % 251));
  const BREAKS: readonly (readonly [string, (path: string) => void])[] = [
    ["random bytes", (path) => writeFileSync(path, random(50_000))],
    ["a text", (path) => writeFileSync(path, "This is my diary, do not touch.\n".repeat(100))],
    ["truncated", (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
    ["cut within its first page", (path) => truncateSync(path, 1000)],
    [
      "pages overwritten",
      (path) => {
        const bytes = readFileSync(path);
        for (let page = 4096; page < bytes.length; page += 8192) random(4096).copy(bytes, page);
        writeFileSync(path, bytes);
      },
    ],
  ];
  test.each(BREAKS)("%s", (_, damage) => {
    const before = world.open();
    fill(before);
    before.close();
    damage(world.path);
    const broken = readFileSync(world.path);
    const history = world.open();
    const [name = ""] = aside();
    expect(name).toBe("history.db.corrupt-20261123T120000Z");
    expect(readFileSync(join(world.folder, name)).equals(broken)).toBe(true);
    expect(world.told).toEqual([{ level: "error", message: expect.stringContaining(`it was moved to ${join(world.folder, name)}`) }]);
    fill(history);
    expect(history.events({ limit: 200 })).toHaveLength(100);
  });

  test("of zero length: nothing to keep, and begun", () => {
    writeFileSync(world.path, "");
    fill(world.open());
    expect(aside()).toEqual([]);
  });

  test("twice within a second: both are kept", () => {
    for (const text of ["first", "second"]) {
      writeFileSync(world.path, text.repeat(100));
      world.open().close();
    }
    expect(aside().toSorted()).toEqual(["history.db.corrupt-20261123T120000Z", "history.db.corrupt-20261123T120000Z-2"]);
  });

  test("broken while it is in use: what was spent today and what is open go over into the new one", async () => {
    const history = world.open();
    fill(history);
    history.ledger.begin("kimi", spend, world.clock.wall());
    history.follow([{ ...cause, since: world.clock.wall() }]);
    history.take(recordAt(world.clock.wall(), kimi, fine));
    await world.clock.advance(1000);
    const place = new DatabaseSync(world.path);
    place.exec("pragma wal_checkpoint(truncate)");
    place.close();
    const bytes = readFileSync(world.path);
    bytes.fill(0xa5, 4096);
    writeFileSync(world.path, bytes);
    fill(history, 300);
    await world.clock.advance(10_000);
    expect(aside()).toContain("history.db.corrupt-20261123T120001Z");
    expect(history.writable()).toBe(true);
    history.close();
    const next = world.open();
    expect(next.ledger.freeRequestsSince("openrouter", 0)).toBe(1);
    expect(next.incidents(0, 5)).toHaveLength(1);
    expect(next.uptime("kimi")["24h"]).toBeCloseTo(1 / 401);
  });
});

describe("what is not ours is not touched", () => {
  test.each([
    ["the database of another program", (path: string) => new DatabaseSync(path).exec("create table diary (text)")],
    ["a newer llm-healthd", (path: string) => new DatabaseSync(path).exec("pragma application_id = 1819045224; pragma user_version = 99")],
    ["it is a folder", (path: string) => mkdirSync(path)],
  ])("%s", (why, make) => {
    make(world.path);
    const before = statSync(world.path).isFile() ? readFileSync(world.path) : undefined;
    expect(() => world.open()).toThrow(why);
    expect(() => openArchive(world.path)).toThrow(why);
    if (before !== undefined) expect(readFileSync(world.path).equals(before)).toBe(true);
    expect(aside()).toEqual([]);
  });
});

describe("deleted while it is in use", () => {
  test.each([
    ["the file alone", () => rmSync(world.path)],
    ["the whole folder", () => rmSync(world.folder, { recursive: true })],
    ["moved away", () => renameSync(world.path, `${world.path}.old`)],
    [
      "emptied, with its log",
      () => {
        for (const part of ["", "-wal"]) truncateSync(world.path + part);
      },
    ],
  ])("%s: noticed, and begun anew with what is in memory", async (_, remove) => {
    const history = world.open();
    history.ledger.begin("kimi", spend, world.clock.wall());
    history.take(recordAt(world.clock.wall(), kimi, fine));
    history.follow([{ ...cause, since: world.clock.wall() }]);
    await world.clock.advance(1000);
    remove();
    history.take(recordAt(world.clock.wall(), kimi, limited()));
    await world.clock.advance(1000);
    expect(world.told).toEqual([{ level: "warn", message: expect.stringContaining("was deleted, emptied or replaced") }]);
    const kept = (table: string) => rowsOf(world.path, `select count(*) as n from ${table}`)[0]?.n;
    expect([kept("spend"), kept("failure"), kept("incident"), kept("uptime")]).toEqual([1, 1, 1, 2]);
    expect(history.uptime("kimi")["24h"]).toBe(0.5);
    expect(history.events({ limit: 5 })).toHaveLength(1);
  });

  test("replaced by an older copy: it goes on there, and nothing is counted twice", async () => {
    const history = world.open();
    history.take(recordAt(world.clock.wall(), kimi, fine));
    history.ledger.begin("kimi", spend, world.clock.wall());
    history.close();
    copyFileSync(world.path, `${world.path}.copy`);
    const again = world.open();
    again.take(recordAt(world.clock.wall(), kimi, limited()));
    again.ledger.begin("kimi", spend, world.clock.wall());
    await world.clock.advance(1000);
    renameSync(`${world.path}.copy`, world.path);
    again.take(recordAt(world.clock.wall(), kimi, limited()));
    await world.clock.advance(1000);
    again.close();
    const next = world.open();
    expect(next.uptime("kimi")["24h"]).toBeCloseTo(1 / 3);
    expect(next.ledger.freeRequestsSince("openrouter", 0)).toBe(2);
  });
});

describe("two daemons", () => {
  test("the second is told, in this process and in another; after the first ended, it may", () => {
    const first = world.open();
    expect(() => world.open()).toThrow("another llm-healthd writes it now");
    const code = `import { openLedger } from ${JSON.stringify(join(import.meta.dirname, "../../src/history/ledger.ts"))};
      try { openLedger(${JSON.stringify(world.path)}, 0, () => {}); console.log("opened"); } catch (error) { console.log(error.message); }`;
    const other = () => spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" }).stdout.trim();
    expect(other()).toBe("another llm-healthd writes it now");
    first.close();
    expect(other()).toBe("opened");
  });

  test("the first, its folder deleted and taken by a second, waits instead of writing into what is another's", async () => {
    const first = world.open();
    rmSync(world.folder, { recursive: true });
    const second = world.open();
    first.take(recordAt(world.clock.wall(), kimi, limited()));
    await world.clock.advance(1000);
    expect(first.writable()).toBe(false);
    second.close();
    await world.clock.advance(10_000);
    expect(first.writable()).toBe(true);
    expect(first.events({ limit: 5 })).toHaveLength(1);
  });
});
