/**
 * Phases of one exchange on the monotonic clock, taken where they happen: at the socket, before anything of ours or of got's has run.
 * got's own timings are whole milliseconds of the wall clock: useless here.
 */
import type { ClientRequest } from "node:http";
import type { Socket } from "node:net";
import { systemClock } from "../../base/clock.ts";
import type { PhaseName, Phases } from "../../core/outcome.ts";

const MARKS = ["resolved", "connected", "secured", "sent", "headers", "end"] as const;
type Mark = (typeof MARKS)[number];

export interface Stopwatch {
  /** Called when a connection begins; the first one starts the clock. What was done to prepare it is nobody's latency. */
  begin(): void;
  /** Seconds since the start. */
  elapsed(): number;
  /** When the latest bytes came, in seconds since the start. */
  arrived(): number;
  /** Marks the end, and returns the seconds from start to it: the last byte of a whole answer, or now. */
  finish(whole: boolean): number;
  phases(): Phases;
  reached(mark: Mark): boolean;
  mark(mark: Mark): void;
  /** Listens to a request's and its socket's own events. */
  follow(request: ClientRequest): void;
}

// Each phase ends at its mark and begins at the nearest earlier mark that was reached (no TLS, an IP address: no such mark).
const ENDS: readonly (readonly [PhaseName, Mark])[] = [
  ["dns", "resolved"],
  ["connect", "connected"],
  ["tls", "secured"],
  ["request", "sent"],
  ["first_byte", "headers"],
  ["transfer", "end"],
];

export function startStopwatch(): Stopwatch {
  const now = systemClock.monotonic;
  const marks = new Map<Mark, number>();
  let start = now();
  let begun = false;
  let arrivedAt = start;
  const mark = (name: Mark, at = now()): void => void marks.set(name, at);
  const since = (at: number): number => Math.max(0, at - start) / 1000;

  const followSocket = (socket: Socket): void => {
    if (socket.connecting) {
      socket.once("lookup", (error) => error ?? mark("resolved"));
      socket.on("connect", () => mark("connected"));
    }
    socket.on("secureConnect", () => mark("secured"));
    // Before the HTTP parser's: what it finds in the bytes came when they came.
    socket.prependListener("data", () => {
      arrivedAt = now();
    });
  };

  return {
    begin() {
      if (begun) return;
      begun = true;
      start = now();
      arrivedAt = start;
    },
    elapsed: () => since(now()),
    arrived: () => since(arrivedAt),
    finish(whole) {
      const end = whole ? arrivedAt : now();
      mark("end", end);
      return since(end);
    },
    reached: (name) => marks.has(name),
    mark: (name) => mark(name),
    follow(request) {
      // A redirect goes through the phases again, and what answers is its last request.
      marks.clear();
      request.on("socket", followSocket);
      request.on("finish", () => mark("sent"));
      request.on("response", () => mark("headers", arrivedAt));
    },
    phases() {
      const phases: Partial<Record<PhaseName, number>> = {};
      let from = start;
      for (const [phase, end] of ENDS) {
        const at = marks.get(end);
        if (at === undefined) continue;
        phases[phase] = Math.max(0, at - from) / 1000;
        from = Math.max(from, at);
      }
      return phases;
    },
  };
}
