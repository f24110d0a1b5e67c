/**
 * What probes have used of accounts. Written down before a request is sent, so that no crash forgets it; what cannot be written is still
 * counted, and written when it can be.
 */
import { systemClock } from "../base/clock.ts";
import type { Spend } from "../core/probe.ts";
import type { Sql } from "./database.ts";
import type { Part } from "./part.ts";
import { openStore } from "./store.ts";

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
  readonly target: string;
  readonly at: number;
  readonly free: boolean;
  usd: number;
}

// Budgets are by UTC day.
const KEPT_MS = 24 * 3_600_000;

const SPEND = `insert into spend (id, credential, target, at, free, usd) values (?, ?, ?, ?, ?, ?)
  on conflict (id) do update set usd = excluded.usd`;
const LAST_RUN = "insert into last_run (target, at) values (?, ?) on conflict (target) do update set at = excluded.at";

export class LedgerPart implements Part {
  readonly #lines = new Map<number, Line>();
  readonly #lastRuns = new Map<string, number>();
  readonly #unwritten = new Set<Line>();
  readonly #unwrittenRuns = new Set<string>();
  readonly #steady: () => number;
  #oldest = Number.POSITIVE_INFINITY;
  #lastId = 0;
  #pruneBefore: number | undefined;

  /** @param steady a time that no jump of the wall clock takes ahead: what is older than a day by both is forgotten */
  constructor(now: number, steady: () => number) {
    this.#pruneBefore = now - KEPT_MS;
    this.#steady = steady;
  }

  opened(sql: Sql): void {
    const had = [...this.#lines.values()];
    const ran = [...this.#lastRuns];
    const rows = sql("select id, credential, target, at, free, usd from spend where at >= ?").all(Math.round(this.#pruneBefore ?? 0));
    for (const row of rows as unknown as (Omit<Line, "free"> & { free: number })[]) this.#enter({ ...row, free: row.free === 1 });
    for (const { target, at } of sql("select target, at from last_run").all() as { target: string; at: number }[])
      if (!this.#lastRuns.has(target)) this.#lastRuns.set(target, at);
    for (const line of had) this.#unwritten.add(this.#enter(line));
    for (const [target] of ran) this.#unwrittenRuns.add(target);
  }

  pending = (): boolean => this.#unwritten.size > 0 || this.#unwrittenRuns.size > 0 || this.#pruneBefore !== undefined;

  write(sql: Sql): void {
    for (const { id, credential, target, at, free, usd } of this.#unwritten)
      sql(SPEND).run(id, credential, target, Math.round(at), free ? 1 : 0, usd);
    for (const target of this.#unwrittenRuns) sql(LAST_RUN).run(target, Math.round(this.#lastRuns.get(target) ?? 0));
    if (this.#pruneBefore !== undefined) sql("delete from spend where at < ?").run(Math.round(this.#pruneBefore));
  }

  written(): void {
    this.#unwritten.clear();
    this.#unwrittenRuns.clear();
    this.#pruneBefore = undefined;
  }

  begin(target: string, { credential, free, usd }: Spend, at: number): Line {
    // Ids of one file and the next, and of a time when none could be read, must not meet: the time keeps them apart.
    const line = this.#enter({ id: Math.max(this.#lastId + 1, Math.round(at)), credential, target, at, free, usd });
    this.#lastRuns.set(target, at);
    this.#unwritten.add(line);
    this.#unwrittenRuns.add(target);
    this.#prune(Math.min(at, this.#steady()) - KEPT_MS);
    return line;
  }

  correct(line: Line, usd: number): void {
    line.usd = usd;
    this.#unwritten.add(line);
  }

  since(credential: string, from: number): Line[] {
    return [...this.#lines.values()].filter((line) => line.credential === credential && line.at >= from);
  }

  lastRunAt = (target: string): number | undefined => this.#lastRuns.get(target);

  #enter(line: Line): Line {
    this.#lastId = Math.max(this.#lastId, line.id);
    this.#oldest = Math.min(this.#oldest, line.at);
    this.#lines.set(line.id, line);
    return line;
  }

  #prune(before: number): void {
    if (this.#oldest >= before) return;
    this.#oldest = Number.POSITIVE_INFINITY;
    for (const line of this.#lines.values()) {
      if (line.at < before) this.#lines.delete(line.id);
      else this.#oldest = Math.min(this.#oldest, line.at);
    }
    this.#pruneBefore = before;
  }
}

/** The ledger that writes at once, through `write`. */
export function ledgerOf(part: LedgerPart, write: (part: Part) => void, close: () => void): Ledger {
  return {
    begin(target, spend, at) {
      const line = part.begin(target, spend, at);
      write(part);
      return (usd) => {
        part.correct(line, usd);
        write(part);
      };
    },
    freeRequestsSince: (credential, from) => part.since(credential, from).filter(({ free }) => free).length,
    usdSince: (credential, from) => part.since(credential, from).reduce((sum, { usd }) => sum + usd, 0),
    lastRunAt: part.lastRunAt,
    close,
  };
}

/**
 * The ledger without the rest of the history.
 * @param onFault told when what was used could not be written down
 */
export function openLedger(path: string, now: number, onFault: (error: unknown) => void): Ledger {
  const part = new LedgerPart(now, () => Number.POSITIVE_INFINITY);
  const store = openStore({
    path,
    clock: systemClock,
    opened: (sql) => part.opened(sql),
    failed: () => undefined,
    tell: (level, _, error) => level === "error" && onFault(error),
  });
  const write = (): void => {
    if (store.write((sql) => part.write(sql))) part.written();
  };
  write();
  return ledgerOf(part, write, () => store.close());
}
