/**
 * Phases of one exchange on the monotonic clock, taken where they happen: at the socket, before anything of ours or of got's has run.
 * got's own timings are whole milliseconds of the wall clock: useless here.
 */
import type { ClientRequest } from "node:http";
import type { Socket } from "node:net";
import { systemClock } from "../../base/clock.ts";
import { type PhaseName, type Phases, phaseNames } from "../../core/outcome.ts";

export interface Stopwatch {
  /** A request is about to be made. After a redirect it is one more: what lies between the answer that led to it and its connection is not counted. */
  another(): void;
  /** Called when a connection begins; a request's first one starts the clock. What was done to prepare it is nobody's latency. */
  begin(): void;
  /** Seconds since the start. */
  elapsed(): number;
  /** When the latest bytes came, in seconds since the start. */
  arrived(): number;
  /** Ends it all, and returns the seconds from start to end: the last byte of a whole answer, or now, in the phase in which it broke off. */
  finish(brokeIn?: PhaseName): number;
  /** Of all requests together. */
  phases(): Phases;
  /** Whether the latest request has left the phase behind. */
  ended(phase: PhaseName): boolean;
  end(phase: PhaseName): void;
  /** Listens to a request's and its socket's own events. */
  follow(request: ClientRequest): void;
}

export function startStopwatch(): Stopwatch {
  const now = systemClock.monotonic;
  const ends = new Map<PhaseName, number>();
  let earlier: Phases = {};
  let earlierMs = 0;
  let start = now();
  let begun = false;
  let arrivedAt = start;
  const end = (phase: PhaseName, at = now()): void => void ends.set(phase, at);
  const since = (at: number): number => (earlierMs + Math.max(0, at - start)) / 1000;

  const followSocket = (socket: Socket): void => {
    if (socket.connecting) {
      socket.once("lookup", (error) => error ?? end("dns"));
      socket.on("connect", () => end("connect"));
    }
    socket.on("secureConnect", () => end("tls"));
    // Before the HTTP parser's: what it finds in the bytes came when they came.
    socket.prependListener("data", () => {
      arrivedAt = now();
    });
  };

  /** Each begins where the nearest one before it ended (no TLS, an IP address: there is no such phase). */
  const phases = (): Phases => {
    const sums: Partial<Record<PhaseName, number>> = { ...earlier };
    let from = start;
    for (const phase of phaseNames) {
      const at = ends.get(phase);
      if (at === undefined) continue;
      sums[phase] = (sums[phase] ?? 0) + Math.max(0, at - from) / 1000;
      from = Math.max(from, at);
    }
    return sums;
  };

  return {
    another() {
      if (!begun) return;
      earlier = phases();
      earlierMs += arrivedAt - start;
      ends.clear();
      begun = false;
    },
    begin() {
      if (begun) return;
      begun = true;
      start = now();
      arrivedAt = start;
    },
    elapsed: () => since(now()),
    arrived: () => since(arrivedAt),
    finish(brokeIn) {
      const at = brokeIn === undefined ? arrivedAt : now();
      end(brokeIn ?? "transfer", at);
      return since(at);
    },
    phases,
    ended: (phase) => ends.has(phase),
    end: (phase) => end(phase),
    follow(request) {
      request.on("socket", followSocket);
      request.on("finish", () => end("request"));
      request.on("response", () => end("first_byte", arrivedAt));
    },
  };
}
