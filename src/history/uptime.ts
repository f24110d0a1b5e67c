/** How much of the time each target was not down, by its probes: counted in memory by hour and by day, and kept in the file. */
import type { ProbeRecord, Sink } from "../core/probe.ts";
import type { Sql } from "./database.ts";
import type { Part } from "./part.ts";

/** Share of the probes of the last hours or days (this one among them) that found the target not down; null where there was none. */
export interface Uptime {
  readonly "24h": number | null;
  readonly "7d": number | null;
  readonly "30d": number | null;
}

const HOUR_MS = 3_600_000;
/** One slot more than is asked for, so that what began is never counted into what ended. */
const SPANS = [
  { hours: 1, slots: 25 },
  { hours: 24, slots: 31 },
] as const;
type Hours = (typeof SPANS)[number]["hours"];
/** The file remembers days for longer than anybody asks for now. */
const KEPT_MS: Readonly<Record<Hours, number>> = { 1: 2 * 24 * HOUR_MS, 24: 400 * 24 * HOUR_MS };
// After a new file was begun, everything is written again: not all in one go.
const AT_ONCE = 2000;

const COUNTED = ["up", "degraded", "down"] as const;
type Counted = (typeof COUNTED)[number];
const WIDTH = 1 + COUNTED.length;

/** A ring of periods, each with its number (since 1970) and its counts: 1 KB a target, where maps would take ten. */
class Ring {
  /** Periods whose counts the file does not have yet. */
  dirty: number[] = [];
  readonly #cells: Float64Array;
  readonly #slots: number;
  constructor(slots: number) {
    this.#slots = slots;
    this.#cells = new Float64Array(slots * WIDTH);
  }
  /** A period that had its place before is forgotten. */
  add(period: number, verdict: Counted, times: number): void {
    const start = this.#startOf(period);
    if (this.#cells[start] !== period) this.#cells.fill(0, start, start + WIDTH)[start] = period;
    const at = start + 1 + COUNTED.indexOf(verdict);
    this.#cells[at] = (this.#cells[at] ?? 0) + times;
  }
  /** Counts of the period, in the order of COUNTED; undefined when a later one has its place. */
  counts(period: number): number[] | undefined {
    const start = this.#startOf(period);
    return this.#cells[start] === period ? COUNTED.map((_, at) => this.#cells[start + 1 + at] ?? 0) : undefined;
  }
  soil(period: number): void {
    if (this.dirty.at(-1) !== period) this.dirty.push(period);
  }
  /** Counts over the periods from one to another, both included. */
  sum(from: number, to: number): number[] {
    const counts = COUNTED.map(() => 0);
    for (let start = 0; start < this.#cells.length; start += WIDTH) {
      const period = this.#cells[start] ?? 0;
      if (period < from || period > to) continue;
      for (const at of COUNTED.keys()) counts[at] = (counts[at] ?? 0) + (this.#cells[start + 1 + at] ?? 0);
    }
    return counts;
  }
  periods(): number[] {
    return Array.from({ length: this.#slots }, (_, slot) => this.#cells[slot * WIDTH] ?? 0).filter((period) => period > 0);
  }
  /** Where its place in the cells begins. */
  #startOf(period: number): number {
    return (((period % this.#slots) + this.#slots) % this.#slots) * WIDTH;
  }
}

interface Rings {
  readonly target: string;
  readonly of: Readonly<Record<Hours, Ring>>;
}

const UPSERT = `insert into uptime (hours, target, since, up, degraded, down) values (?, ?, ?, ?, ?, ?)
  on conflict (hours, target, since) do update set up = excluded.up, degraded = excluded.degraded, down = excluded.down`;

const FORGET = "delete from uptime where hours = ? and target = ? and since < ?";

class UptimePart implements Part, Sink {
  readonly #rings = new Map<string, Rings>();
  readonly #dirty = new Set<Rings>();
  #writing: readonly Rings[] = [];
  #loaded = false;
  #swept = false;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** From the first file what it has is added; a later one has at most what is in memory. */
  opened(sql: Sql): void {
    for (const rings of this.#rings.values())
      for (const { hours } of SPANS) for (const period of rings.of[hours].periods()) this.#soil(rings, hours, period);
    if (this.#loaded) return;
    for (const { hours, slots } of SPANS) {
      const since = this.#now() - slots * hours * HOUR_MS;
      // Half a million rows for 10,000 targets: one by one, not all in memory at once.
      const rows = sql("select target, since, up, degraded, down from uptime where hours = ? and since > ?").iterate(hours, since);
      for (const row of rows as unknown as Iterable<{ target: string; since: number } & Record<Counted, number>>) {
        const ring = this.#ringsOf(row.target).of[hours];
        for (const verdict of COUNTED) ring.add(Math.round(row.since / HOUR_MS / hours), verdict, row[verdict]);
      }
    }
    this.#loaded = true;
  }

  take({ target, outcome, startedAt }: ProbeRecord): void {
    const { verdict } = outcome;
    if (verdict === "skipped") return;
    const rings = this.#ringsOf(target.name);
    for (const { hours } of SPANS) {
      const period = Math.floor(startedAt / HOUR_MS / hours);
      rings.of[hours].add(period, verdict, 1);
      this.#soil(rings, hours, period);
    }
  }

  pending = (): boolean => this.#dirty.size > 0 || !this.#swept;

  write(sql: Sql): void {
    // Of targets that are no more; before the start, for it may be long.
    if (!this.#swept)
      for (const { hours } of SPANS) sql("delete from uptime where hours = ? and since < ?").run(hours, this.#now() - KEPT_MS[hours]);
    const writing: Rings[] = [];
    let rows = 0;
    for (const rings of this.#dirty) {
      if (rows >= AT_ONCE) break;
      writing.push(rings);
      for (const { hours } of SPANS) rows += this.#writeRing(sql, rings, hours);
    }
    this.#writing = writing;
  }

  written(): void {
    this.#swept = true;
    for (const rings of this.#writing) {
      for (const { hours } of SPANS) rings.of[hours].dirty = [];
      this.#dirty.delete(rings);
    }
    this.#writing = [];
  }

  of(target: string): Uptime {
    const rings = this.#rings.get(target);
    const share = (hours: Hours, periods: number): number | null => {
      const last = Math.floor(this.#now() / HOUR_MS / hours);
      const [up = 0, degraded = 0, down = 0] = rings?.of[hours].sum(last - periods + 1, last) ?? [];
      return up + degraded + down === 0 ? null : (up + degraded) / (up + degraded + down);
    };
    return { "24h": share(1, 24), "7d": share(24, 7), "30d": share(24, 30) };
  }

  #soil(rings: Rings, hours: Hours, period: number): void {
    rings.of[hours].soil(period);
    this.#dirty.add(rings);
  }

  /** Returns how many rows it wrote. */
  #writeRing(sql: Sql, { target, of }: Rings, hours: Hours): number {
    const ring = of[hours];
    for (const period of ring.dirty) {
      const counts = ring.counts(period);
      if (counts === undefined) continue;
      const since = period * hours * HOUR_MS;
      sql(UPSERT).run(hours, target, since, ...counts);
      // Once a period: a sweep over all targets at once would be long.
      if (counts.reduce((sum, count) => sum + count) === 1) sql(FORGET).run(hours, target, since - KEPT_MS[hours]);
    }
    return ring.dirty.length;
  }

  #ringsOf(target: string): Rings {
    const found = this.#rings.get(target) ?? { target, of: { 1: new Ring(SPANS[0].slots), 24: new Ring(SPANS[1].slots) } };
    this.#rings.set(target, found);
    return found;
  }
}

/** @param now milliseconds since 1970 */
export const createUptime = (now: () => number): UptimePart => new UptimePart(now);
