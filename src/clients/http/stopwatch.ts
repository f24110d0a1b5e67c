/**
 * Phases of one exchange on the monotonic clock, taken where they happen: at the socket, before anything of ours or of got's has run.
 * got's own timings are whole milliseconds of the wall clock: useless here.
 */
import { arrival, systemClock } from "../../base/clock.ts";
import { type PhaseName, type Phases, phaseNames } from "../../core/outcome.ts";

/** The clock of one exchange, over all its requests. */
export class Stopwatch {
  readonly #now = systemClock.monotonic;
  /** Of the latest request. */
  #ends: Partial<Record<PhaseName, number>> = {};
  #earlier: Phases | undefined;
  #earlierMs = 0;
  #start = this.#now();
  #begun = false;
  #arrivedAt = this.#start;

  /** A request is about to be made. After a redirect it is one more: what lies between the answer that led to it and its connection is not counted. */
  another(): void {
    if (!this.#begun) return;
    this.#earlier = this.phases();
    this.#earlierMs += this.#arrivedAt - this.#start;
    this.#ends = {};
    this.#begun = false;
  }

  /** A connection begins; a request's first one starts the clock. What was done to prepare it is nobody's latency. */
  begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#start = this.#now();
    this.#arrivedAt = this.#start;
  }

  /** Bytes have come, or the word that the connection stands. */
  arrive(): void {
    this.#arrivedAt = arrival();
  }

  /** Seconds since the start. */
  elapsed(): number {
    return this.#since(this.#now());
  }

  /** When the latest came, in seconds since the start. */
  arrived(): number {
    return this.#since(this.#arrivedAt);
  }

  end(phase: PhaseName): void {
    this.#ends[phase] = this.#now();
  }

  /** The phase ended when the latest came. */
  endAtArrival(phase: PhaseName): void {
    this.#ends[phase] = this.#arrivedAt;
  }

  /** Whether the latest request has left the phase behind. */
  ended(phase: PhaseName): boolean {
    return this.#ends[phase] !== undefined;
  }

  /** Ends it all, and returns the seconds from start to end: the last byte of a whole answer, or now, in the phase in which it broke off. */
  finish(brokeIn?: PhaseName): number {
    if (brokeIn === undefined) this.endAtArrival("transfer");
    else this.end(brokeIn);
    return this.#since(this.#ends[brokeIn ?? "transfer"] ?? Number.NaN);
  }

  /** Of all requests together. Each begins where the nearest one before it ended (no TLS, an IP address: there is no such phase). */
  phases(): Phases {
    const sums: Partial<Record<PhaseName, number>> = { ...this.#earlier };
    let from = this.#start;
    for (const phase of phaseNames) {
      const at = this.#ends[phase];
      if (at === undefined) continue;
      sums[phase] = (sums[phase] ?? 0) + Math.max(0, at - from) / 1000;
      from = Math.max(from, at);
    }
    return sums;
  }

  #since(at: number): number {
    return (this.#earlierMs + Math.max(0, at - this.#start)) / 1000;
  }
}
