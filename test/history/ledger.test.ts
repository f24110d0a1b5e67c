import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Spend } from "../../src/core/probe.ts";
import { IN_MEMORY, openDatabase } from "../../src/history/database.ts";
import { openLedger } from "../../src/history/ledger.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const free: Spend = { credential: "openrouter", free: true, usd: 0, tokens: 40, usdPerToken: { input: 0, output: 0 } };
const paid: Spend = { credential: "openrouter", free: false, usd: 0.002, tokens: 40, usdPerToken: { input: 0, output: 0 } };
const noFault = (error: unknown): void => {
  throw error;
};

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "healthd-ledger-"));
  file = join(folder, "below", "history.db");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("counts by credential and time, and corrects a cost when it is known", () => {
  const ledger = openLedger(IN_MEMORY, NOON, noFault);
  ledger.begin("a", free, NOON);
  ledger.begin("b", free, NOON + 60_000);
  ledger.begin("c", { ...free, credential: "other" }, NOON);
  const settle = ledger.begin("d", paid, NOON);
  expect(ledger.freeRequestsSince("openrouter", NOON)).toBe(2);
  expect(ledger.freeRequestsSince("openrouter", NOON + 1)).toBe(1);
  expect(ledger.usedSince("openrouter", NOON).usd).toBe(0.002);
  settle(0.001);
  expect(ledger.usedSince("openrouter", NOON).usd).toBe(0.001);
  expect(ledger.lastRunAt("b")).toBe(NOON + 60_000);
  expect(ledger.lastRunAt("nobody")).toBeUndefined();
});

test("what costs nothing leaves only when it ran; what turns out to cost something counts from then on", () => {
  const ledger = openLedger(file, NOON, noFault);
  const own: Spend = { ...paid, credential: "own", usd: 0 };
  for (let run = 0; run < 100; run++) ledger.begin("mine", own, NOON + run)(0);
  ledger.begin("not_quite", own, NOON)(0.004);
  expect(ledger.usedSince("own", NOON)).toMatchObject({ freeRequests: 0, usd: 0.004 });
  ledger.close();
  const database = openDatabase(file);
  expect(database.prepare("select target, usd from spend").all()).toEqual([{ target: "not_quite", usd: 0.004 }]);
  expect(database.prepare("select at from last_run where target = 'mine'").get()).toEqual({ at: NOON + 99 });
  database.close();
});

test("a day's use is true through runs, corrections, another day and what is forgotten", () => {
  const ledger = openLedger(IN_MEMORY, NOON, noFault);
  const use = (since: number) => ledger.usedSince("openrouter", since);
  expect(use(NOON)).toMatchObject({ freeRequests: 0, usd: 0 });
  const settle = ledger.begin("d", paid, NOON);
  ledger.begin("a", free, NOON + 1);
  ledger.begin("b", free, NOON - 1);
  expect(use(NOON)).toMatchObject({ freeRequests: 1, usd: 0.002 });
  settle(0.005);
  expect(use(NOON)).toMatchObject({ freeRequests: 1, usd: 0.005 });
  expect(use(NOON - 1)).toMatchObject({ freeRequests: 2, usd: 0.005 });
  const tomorrow = NOON + 25 * 3_600_000;
  ledger.begin("a", free, tomorrow);
  expect(use(NOON - 1)).toMatchObject({ freeRequests: 1, usd: 0 });
  settle(0.001);
  expect(use(tomorrow)).toMatchObject({ freeRequests: 1, usd: 0 });
});

test("a new process knows what the one before has used", () => {
  const first = openLedger(file, NOON, noFault);
  first.begin("a", free, NOON);
  first.begin("d", paid, NOON)(0.003);
  first.close();
  const second = openLedger(file, NOON + 1000, noFault);
  expect(second.freeRequestsSince("openrouter", NOON)).toBe(1);
  expect(second.usedSince("openrouter", NOON).usd).toBe(0.003);
  expect(second.lastRunAt("a")).toBe(NOON);
  second.close();
});

test("what began is not forgotten when the process is killed right after", () => {
  const code = `import { openLedger } from ${JSON.stringify(resolve("src/history/ledger.ts"))};
    const ledger = openLedger(${JSON.stringify(file)}, ${NOON}, () => {});
    ledger.begin("a", { credential: "openrouter", free: true, usd: 0, tokens: 1 }, ${NOON});
    process.kill(process.pid, "SIGKILL");`;
  expect(spawnSync(process.execPath, ["--input-type=module", "-e", code]).signal).toBe("SIGKILL");
  const ledger = openLedger(file, NOON, noFault);
  expect(ledger.freeRequestsSince("openrouter", NOON)).toBe(1);
  ledger.close();
});

test("yesterday is dropped, at the opening and while it runs; the last run of a target is kept", () => {
  const ledger = openLedger(file, NOON, noFault);
  ledger.begin("a", free, NOON);
  ledger.begin("b", free, NOON + 25 * 3_600_000);
  expect(ledger.freeRequestsSince("openrouter", 0)).toBe(1);
  ledger.close();
  const rows = openDatabase(file).prepare("select count(*) as n from spend").get() as { n: number };
  expect(rows.n).toBe(1);
  const later = openLedger(file, NOON + 80 * 3_600_000, noFault);
  expect(later.freeRequestsSince("openrouter", 0)).toBe(0);
  expect(later.lastRunAt("a")).toBe(NOON);
  later.close();
});

test("when it cannot be written down, it is told and still counted", () => {
  const told: unknown[] = [];
  const ledger = openLedger(file, NOON, (error) => told.push(error));
  openDatabase(file).exec("drop table spend");
  ledger.begin("a", free, NOON);
  expect(told).toHaveLength(1);
  expect(ledger.freeRequestsSince("openrouter", NOON)).toBe(1);
  ledger.close();
});
