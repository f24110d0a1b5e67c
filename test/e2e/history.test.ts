/** `kill -9` at random moments: the history opens clean, and nothing is lost of what was told or of what was spent. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { openHistory } from "../../src/history/history.ts";
import { rowsOf } from "../support/history.ts";

const ROUNDS = 200;
/** Each is killed many times over; one alone would grow so large that the checking takes all the time. */
const FILES = 10;
const WRITER = join(import.meta.dirname, "../history/writer.ts");

const LOADED = join(import.meta.dirname, "../support/history.ts");
const environment = (): NodeJS.ProcessEnv => ({ ...process.env, NODE_COMPILE_CACHE: join(folder, "compiled") });

let folder: string;
const pathOf = (round: number): string => join(folder, `history-${round % FILES}.db`);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "healthd-kill-"));
  // Most of a round would be Node reading the program anew: a process that ends by itself leaves it compiled for those that are killed.
  const { status } = spawnSync(process.execPath, ["--input-type=module", "-e", `await import(${JSON.stringify(LOADED)})`], {
    env: environment(),
  });
  expect(status).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Killed {
  readonly spent: number;
  readonly shown: number;
  readonly output: string;
}

/** Lets it write for so long after its first word, then kills it as the kernel would. */
function killAfter(ms: number, round: number): Promise<Killed> {
  const child = spawn(process.execPath, [WRITER, pathOf(round), String(round)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: environment(),
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    if (output === "") setTimeout(() => child.kill("SIGKILL"), ms);
    output += chunk;
  });
  return new Promise((done) =>
    child.once("close", () => {
      const last = (word: string): number => Number([...output.matchAll(new RegExp(`^${word} (\\d+)$`, "gm"))].at(-1)?.[1] ?? 0);
      done({ spent: last("spent"), shown: last("shown"), output });
    }),
  );
}

const told: string[] = [];
const open = (round: number) =>
  openHistory({
    path: pathOf(round),
    clock: systemClock,
    keeping: { seconds: 30 * 86_400 },
    redact: (text) => text,
    tell: (_, message) => told.push(message),
    onFailure: () => told.push("a failure to write"),
  });

test(`killed ${ROUNDS} times under load`, { timeout: 600_000 }, async () => {
  const started = performance.now();
  let spentInAll = 0;
  let shownInAll = 0;
  /** Of each file, the newest event that was there before the round. */
  const newest = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    const { spent, shown, output } = await killAfter(Math.random() * 60, round);
    expect(spent).toBeGreaterThan(0);
    expect(output).not.toContain("told");
    const history = open(round);
    const today = {
      requests: history.ledger.freeRequestsSince(`round-${round}`, 0),
      usd: history.ledger.usedSince(`round-${round}`, 0).usd,
    };
    // What it was killed in the middle of may be there; what it had said must be.
    expect(today.requests).toBeGreaterThanOrEqual(spent);
    expect(today.requests).toBeLessThanOrEqual(spent + 1);
    expect(today.usd).toBeGreaterThanOrEqual((spent - 1) * 0.5);
    const found = history.events({ after: newest.get(pathOf(round)), limit: 100_000 });
    newest.set(pathOf(round), found.at(-1)?.id ?? newest.get(pathOf(round)) ?? 0);
    expect(found.slice(0, shown).map(({ request_id }) => request_id)).toEqual(Array.from({ length: shown }, (_, at) => `${round}-${at}`));
    expect(history.incidents(systemClock.wall(), 100_000).filter(({ closedAt }) => closedAt === undefined).length).toBeLessThanOrEqual(1);
    history.close();
    spentInAll += spent;
    shownInAll += shown;
  }
  expect(told).toEqual([]);
  expect(readdirSync(folder).filter((name) => !/^compiled$|^history-\d\.db(\.lock)?$/.test(name))).toEqual([]);
  let sum = 0;
  for (let file = 0; file < FILES; file++) {
    expect(rowsOf(pathOf(file), "pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
    const history = open(file);
    for (let round = file; round < ROUNDS; round += FILES) sum += history.ledger.freeRequestsSince(`round-${round}`, 0);
    history.close();
  }
  expect(sum).toBeGreaterThanOrEqual(spentInAll);
  expect(shownInAll).toBeGreaterThan(ROUNDS);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(`${ROUNDS} kills in ${seconds} s: ${spentInAll} runs begun and ${shownInAll} failures shown, none lost\n`);
});
