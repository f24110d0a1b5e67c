/** Phases of one exchange on the monotonic clock. got's own timings are whole milliseconds of the wall clock: useless here. */
import type { ClientRequest } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { systemClock } from "../../base/clock.ts";
import type { PhaseName, Phases } from "../../core/outcome.ts";

const MARKS = ["start", "resolved", "connected", "secured", "sent", "headers", "end"] as const;
type Mark = (typeof MARKS)[number];

export interface Stopwatch {
  /** Seconds since the start. */
  elapsed(): number;
  /** Marks the end, and returns the seconds from start to it: the same end that the phases know. */
  finish(): number;
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
  const start = systemClock.monotonic();
  const marks = new Map<Mark, number>([["start", start]]);
  const mark = (name: Mark): void => void marks.set(name, systemClock.monotonic());

  const followSocket = (socket: Socket): void => {
    if (socket.connecting) {
      socket.once("lookup", (error) => error ?? mark("resolved"));
      socket.once("connect", () => mark("connected"));
    }
    if (socket instanceof TLSSocket) socket.once("secureConnect", () => mark("secured"));
  };

  return {
    elapsed: () => (systemClock.monotonic() - start) / 1000,
    finish() {
      const end = systemClock.monotonic();
      marks.set("end", end);
      return (end - start) / 1000;
    },
    reached: (name) => marks.has(name),
    mark,
    follow(request) {
      // A redirect goes through the phases again, and what answers is its last request.
      for (const name of MARKS) if (name !== "start") marks.delete(name);
      request.once("socket", followSocket);
      request.once("finish", () => mark("sent"));
      request.once("response", () => mark("headers"));
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
