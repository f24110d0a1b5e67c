/**
 * What probes have used of accounts. Written down before a request is sent, so that no crash forgets it; a write that fails is told once
 * and the count goes on in memory.
 */
import type { Spend } from "../core/probe.ts";
import { openDatabase } from "./database.ts";

export interface Ledger {
  /** A run begins now: it counts from here on, at its estimated cost. Returns what corrects the cost when it is known. */
  begin(target: string, spend: Spend, at: number): (usd: number) => void;
  /** How many free requests of the credential began at or after this time (milliseconds since 1970; at most a day back). */
  freeRequestsSince(credential: string, since: number): number;
  usdSince(credential: string, since: number): number;
  /** When the target's latest run began. */
  lastRunAt(target: string): number | undefined;
  close(): void;
}

interface Line {
  readonly id: number;
  readonly credential: string;
  readonly at: number;
  readonly free: boolean;
  usd: number;
}

// Budgets are by UTC day.
const KEPT_MS = 24 * 3_600_000;

/** @param onFault told when what was used could not be written down */
export function openLedger(path: string, now: number, onFault: (error: unknown) => void): Ledger {
  const database = openDatabase(path);
  database.prepare("delete from spend where at < ?").run(Math.round(now - KEPT_MS));
  const rows = database.prepare("select id, credential, at, free, usd from spend order by at").all() as unknown as (Omit<Line, "free"> & {
    free: number;
  })[];
  let lines: Line[] = rows.map((row) => ({ ...row, free: row.free === 1 }));
  const lastRuns = new Map(
    (database.prepare("select target, at from last_run").all() as { target: string; at: number }[]).map(({ target, at }) => [target, at]),
  );

  const insert = database.prepare("insert into spend (credential, target, at, free, usd) values (?, ?, ?, ?, ?)");
  const noteRun = database.prepare("insert into last_run (target, at) values (?, ?) on conflict (target) do update set at = excluded.at");
  const correct = database.prepare("update spend set usd = ? where id = ?");
  const prune = database.prepare("delete from spend where at < ?");
  const guarded = <T>(write: () => T): T | undefined => {
    try {
      return write();
    } catch (error) {
      onFault(error);
      return undefined;
    }
  };
  const since = (credential: string, from: number): Line[] => lines.filter((line) => line.credential === credential && line.at >= from);

  return {
    begin(target, { credential, free, usd }, at) {
      lastRuns.set(target, at);
      const written = guarded(() => {
        const whole = Math.round(at);
        noteRun.run(target, whole);
        return Number(insert.run(credential, target, whole, free ? 1 : 0, usd).lastInsertRowid);
      });
      const line: Line = { id: written ?? -1, credential, at, free, usd };
      if ((lines[0]?.at ?? at) < at - KEPT_MS) {
        lines = lines.filter((one) => one.at >= at - KEPT_MS);
        guarded(() => prune.run(Math.round(at - KEPT_MS)));
      }
      lines.push(line);
      return (actual) => {
        line.usd = actual;
        guarded(() => correct.run(actual, line.id));
      };
    },
    freeRequestsSince: (credential, from) => since(credential, from).filter(({ free }) => free).length,
    usdSince: (credential, from) => since(credential, from).reduce((sum, { usd }) => sum + usd, 0),
    lastRunAt: (target) => lastRuns.get(target),
    close: () => database.close(),
  };
}
