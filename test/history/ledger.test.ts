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
  expect(ledger.usdSince("openrouter", NOON)).toBe(0.002);
  settle(0.001);
  expect(ledger.usdSince("openrouter", NOON)).toBe(0.001);
  expect(ledger.lastRunAt("b")).toBe(NOON + 60_000);
  expect(ledger.lastRunAt("nobody")).toBeUndefined();
});

test("a new process knows what the one before has used", () => {
  const first = openLedger(file, NOON, noFault);
  first.begin("a", free, NOON);
  first.begin("d", paid, NOON)(0.003);
  first.close();
  const second = openLedger(file, NOON + 1000, noFault);
  expect(second.freeRequestsSince("openrouter", NOON)).toBe(1);
  expect(second.usdSince("openrouter", NOON)).toBe(0.003);
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
