/**
 * What happened, kept in one file: outcomes of runs, failures with all that is known of them, incidents, uptime, and what was spent.
 * It is written in batches on the event loop; only what was spent is written at once. See docs/decisions/0013-history.md.
 */
import type { Clock } from "../base/clock.ts";
import type { Sink } from "../core/probe.ts";
import { type EventQuery, eventsIn, type PastEvent } from "./events.ts";
import { createIncidents, type Fault, type Incident, incidentsIn } from "./incidents.ts";
import { type Ledger, LedgerPart, ledgerOf } from "./ledger.ts";
import type { Part } from "./part.ts";
import { createRecords } from "./records.ts";
import { forgetOld, KEEPING, type Keeping } from "./retention.ts";
import { openStore, type Store, type Tell } from "./store.ts";
import { createUptime, type Uptime } from "./uptime.ts";

export interface HistoryOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly keeping: Pick<Keeping, "seconds"> & Partial<Keeping>;
  redact(text: string): string;
  readonly tell: Tell;
  /** An attempt to write failed. */
  onFailure(): void;
}

export interface History extends Sink {
  readonly ledger: Ledger;
  /** Faults that were open when the daemon before ended. */
  openBefore(): readonly Fault[];
  /** The faults that are open now. */
  follow(faults: readonly Fault[]): void;
  uptime(target: string): Uptime;
  /** What is read is safe from a killed process. Both throw when the file cannot be read. */
  events(query: EventQuery): readonly PastEvent[];
  incidents(since: number, limit: number): readonly Incident[];
  writable(): boolean;
  close(): void;
}

// One transaction takes some ten microseconds however much is in it; a record that waits so long is lost if the process is killed.
const BATCH_MS = 250;
// Where much is probed all of that time's records would take the loop for longer than a start may be late.
const BATCH_RECORDS = 16;
const RETRY_MS = 5_000;
const FORGET_EVERY_MS = 10_000;
const CHECKPOINT_EVERY_MS = 60_000;
// The log's size, or the thread would start every few seconds where much is probed, and the log fill the disk where all fail with long bodies.
const CHECKPOINT_BYTES = 8 * 1024 * 1024;
/** What a record takes of the log, without its error body. */
const RECORD_BYTES = 512;

class FileHistory implements History {
  readonly ledger: Ledger;
  readonly #options: HistoryOptions;
  readonly #keeping: Keeping;
  readonly #ledgerPart: LedgerPart;
  readonly #records: ReturnType<typeof createRecords>;
  readonly #uptime: ReturnType<typeof createUptime>;
  readonly #incidents: ReturnType<typeof createIncidents>;
  readonly #parts: readonly Part[];
  readonly #store: Store;
  /** Wall and monotonic time of the start. */
  readonly #start: { readonly wall: number; readonly monotonic: number };
  #timer: (() => void) | undefined;
  #forgotAt = Number.NEGATIVE_INFINITY;
  #checkpointAt: number;
  /** Since the latest checkpoint, as far as records tell it. */
  #logBytes = 0;
  #closed = false;
  #waiting = 0;

  constructor(options: HistoryOptions) {
    const { clock, keeping, path, redact, tell, onFailure } = options;
    this.#options = options;
    this.#keeping = { ...KEEPING, ...keeping };
    this.#start = { wall: clock.wall(), monotonic: clock.monotonic() };
    this.#checkpointAt = this.#start.monotonic;
    this.#ledgerPart = new LedgerPart(clock.wall(), () => this.#steady());
    this.#records = createRecords(redact);
    this.#uptime = createUptime(clock.wall);
    this.#incidents = createIncidents(redact, clock.wall);
    this.#parts = [this.#ledgerPart, this.#records, this.#uptime, this.#incidents];
    const opened: Part["opened"] = (sql) => {
      for (const part of this.#parts) part.opened(sql);
    };
    this.#store = openStore({ path, clock, tell, opened, failed: onFailure });
    this.ledger = ledgerOf(
      this.#ledgerPart,
      () => {
        this.#write([this.#ledgerPart]);
        this.#soonIfPending();
      },
      () => this.close(),
    );
    this.#write(this.#parts);
    this.#soonIfPending();
  }

  openBefore = (): readonly Fault[] => this.#incidents.before();
  uptime = (target: string): Uptime => this.#uptime.of(target);
  writable = (): boolean => this.#store.writable();

  take(record: Parameters<Sink["take"]>[0]): void {
    this.#records.take(record);
    this.#uptime.take(record);
    const body = record.outcome.verdict === "skipped" ? undefined : record.outcome.evidence.errorBody;
    this.#logBytes += RECORD_BYTES + (body?.length ?? 0);
    this.#waiting += 1;
    // What cannot be written is not tried more often because more of it comes.
    if (this.#waiting >= BATCH_RECORDS && !this.#closed && this.#store.writable()) this.#flush();
    else this.#soon();
  }

  follow(faults: readonly Fault[]): void {
    this.#incidents.follow(faults, this.#options.clock.wall());
    this.#soonIfPending();
  }

  events(query: EventQuery): readonly PastEvent[] {
    this.#write(this.#parts);
    return this.#store.read((sql) => eventsIn(sql, query));
  }

  incidents(since: number, limit: number): readonly Incident[] {
    this.#write(this.#parts);
    return this.#store.read((sql) => incidentsIn(sql, since, limit));
  }

  close(): void {
    this.#closed = true;
    this.#timer?.();
    this.#timer = undefined;
    this.#write(this.#parts);
    this.#store.close();
  }

  #soon(ms = BATCH_MS): void {
    if (this.#closed) return;
    this.#timer ??= this.#options.clock.after(ms, () => this.#flush());
  }

  #flush(): void {
    this.#timer?.();
    this.#timer = undefined;
    this.#waiting = 0;
    const now = this.#options.clock.monotonic();
    if (!this.#write(this.#parts)) {
      this.#soon(RETRY_MS);
      return;
    }
    const lost = this.#records.lost();
    if (lost > 0) this.#options.tell("warn", `${lost} records came while the history could not be written, and are missing in it`);
    if (now - this.#forgotAt >= FORGET_EVERY_MS) {
      let more = false;
      const done = this.#store.write((sql) => {
        more = forgetOld(sql, this.#keeping, this.#steady());
      });
      this.#forgotAt = done && more ? Number.NEGATIVE_INFINITY : now;
    }
    if (this.#logBytes >= CHECKPOINT_BYTES || now - this.#checkpointAt >= CHECKPOINT_EVERY_MS) {
      this.#store.checkpoint();
      this.#checkpointAt = now;
      this.#logBytes = 0;
    }
    this.#soonIfPending();
  }

  #soonIfPending(): void {
    if (this.#parts.some((part) => part.pending())) this.#soon();
  }

  /** Whether all that was pending in these parts, or the first of it, is written now. */
  #write(parts: readonly Part[]): boolean {
    const some = parts.filter((part) => part.pending());
    if (some.length === 0) return true;
    const done = this.#store.write((sql) => {
      for (const part of some) part.write(sql);
    });
    if (done) for (const part of some) part.written();
    return done;
  }

  /** The wall's time, or less where it has jumped ahead since the start: a clock that is wrong for a minute must not cost a month. */
  #steady(): number {
    const { clock } = this.#options;
    return Math.min(clock.wall(), this.#start.wall + (clock.monotonic() - this.#start.monotonic));
  }
}

/** Throws when the place cannot hold a history, when another process writes it, and when the file is not one of ours. */
export const openHistory = (options: HistoryOptions): History => new FileHistory(options);
