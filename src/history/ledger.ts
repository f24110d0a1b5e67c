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
  /** By the credential's runs that began at or after this time (milliseconds since 1970; at most a day back). Asked for the same time again, it knows. */
  usedSince(credential: string, since: number): Used;
  /** Of them, the free requests; counted one by one, for a time that moves. */
  freeRequestsSince(credential: string, since: number): number;
  /** When the target's latest run began. */
  lastRunAt(target: string): number | undefined;
  close(): void;
}

export interface Used {
  readonly freeRequests: number;
  readonly usd: number;
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
// To forget takes a look at all: not at each run.
const FORGET_EVERY_MS = 30 * 60_000;

const SPEND = `insert into spend (id, credential, target, at, free, usd) values (?, ?, ?, ?, ?, ?)
  on conflict (id) do update set usd = excluded.usd`;
const LAST_RUN = "insert into last_run (target, at) values (?, ?) on conflict (target) do update set at = excluded.at";

export class LedgerPart implements Part {
  readonly #lines = new Map<number, Line>();
  readonly #lastRuns = new Map<string, number>();
  readonly #unwritten = new Set<Line>();
  readonly #unwrittenRuns = new Set<string>();
  readonly #steady: () => number;
  /** What was asked for last, by credential, and kept true since. */
  readonly #used = new Map<string, { readonly since: number; freeRequests: number; usd: number }>();
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
    this.#used.clear();
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

  /** A server of one's own is asked day and night and costs nothing: of that there is nothing to write down but when. */
  begin(target: string, spend: Spend, at: number): Line | undefined {
    this.#lastRuns.set(target, at);
    this.#unwrittenRuns.add(target);
    this.#prune(Math.min(at, this.#steady()) - KEPT_MS);
    return spend.free || spend.usd > 0 ? this.use(target, spend, at) : undefined;
  }

  use(target: string, { credential, free, usd }: Spend, at: number): Line {
    // Ids of one file and the next, and of a time when none could be read, must not meet: the time keeps them apart.
    const line = this.#enter({ id: Math.max(this.#lastId + 1, Math.round(at)), credential, target, at, free, usd });
    this.#unwritten.add(line);
    const used = this.#used.get(credential);
    if (used !== undefined && at >= used.since) {
      if (free) used.freeRequests++;
      used.usd += usd;
    }
    return line;
  }

  correct(line: Line, usd: number): void {
    const used = this.#used.get(line.credential);
    if (used !== undefined && line.at >= used.since) used.usd += usd - line.usd;
    line.usd = usd;
    this.#unwritten.add(line);
  }

  usedSince(credential: string, since: number): Used {
    const known = this.#used.get(credential);
    if (known?.since === since) return known;
    const used = { since, freeRequests: this.freeRequestsSince(credential, since), usd: 0 };
    for (const line of this.#lines.values()) if (line.credential === credential && line.at >= since) used.usd += line.usd;
    this.#used.set(credential, used);
    return used;
  }

  freeRequestsSince(credential: string, since: number): number {
    let requests = 0;
    for (const line of this.#lines.values()) if (line.free && line.credential === credential && line.at >= since) requests++;
    return requests;
  }

  lastRunAt = (target: string): number | undefined => this.#lastRuns.get(target);

  #enter(line: Line): Line {
    this.#lastId = Math.max(this.#lastId, line.id);
    this.#oldest = Math.min(this.#oldest, line.at);
    this.#lines.set(line.id, line);
    return line;
  }

  #prune(before: number): void {
    if (this.#oldest >= before - FORGET_EVERY_MS) return;
    this.#oldest = Number.POSITIVE_INFINITY;
    this.#used.clear();
    for (const line of this.#lines.values()) {
      if (line.at < before) this.#lines.delete(line.id);
      else this.#oldest = Math.min(this.#oldest, line.at);
    }
    this.#pruneBefore = before;
  }
}

/** The ledger that writes at once, through `write`; what costs nothing goes along with the next. */
export function ledgerOf(part: LedgerPart, write: (part: Part) => void, close: () => void): Ledger {
  return {
    begin(target, spend, at) {
      let line = part.begin(target, spend, at);
      if (line !== undefined) write(part);
      return (usd) => {
        if (line !== undefined) part.correct(line, usd);
        else if (usd > 0) line = part.use(target, { ...spend, usd }, at);
        else return;
        write(part);
      };
    },
    usedSince: (credential, since) => part.usedSince(credential, since),
    freeRequestsSince: (credential, since) => part.freeRequestsSince(credential, since),
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
  return ledgerOf(part, write, () => {
    write();
    store.close();
  });
}
