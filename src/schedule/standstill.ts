/** How long the event loop stood still while something was measured: so much too late everything may have been noticed that came meanwhile. */
import type { Clock } from "../base/clock.ts";

export interface StandstillWatch {
  /** From now on; returns what ends it and tells for how long it stood still since then, in all, in seconds. */
  begin(): () => number;
}

// A standstill is seen up to this much shorter than it was: half of the least that makes a short run suspect, a fifth for a long one
// (core/probe.ts). Ticks only while something is measured, and no more of them than that: each wakes the process.
const TICK_MS = 10;
const TICK_SHARE = 0.02;
/** What is shorter is a turn of the loop like any other. */
const LEAST_MS = 10;

export function createStandstillWatch(clock: Clock): StandstillWatch {
  const open = new Set<{ readonly since: number; stoodMs: number }>();
  /** When the latest of all began. */
  let begun = 0;
  let due = 0;
  /** Until when all is counted. */
  let counted = 0;
  let cancel = (): void => undefined;

  const arm = (now: number): void => {
    const ms = Math.max(TICK_MS, (now - begun) * TICK_SHARE);
    due = now + ms;
    cancel = clock.after(ms, () => arm(look()));
  };
  /** Also between ticks: one that is overdue tells already what its timer will. Returns the time. */
  const look = (): number => {
    const now = clock.monotonic();
    const from = Math.max(due, counted);
    if (now - from < LEAST_MS) return now;
    for (const one of open) one.stoodMs += now - Math.max(from, one.since);
    counted = now;
    return now;
  };

  return {
    begin() {
      begun = look();
      const own = { since: begun, stoodMs: 0 };
      open.add(own);
      if (open.size === 1 || due > begun + TICK_MS) {
        cancel();
        arm(begun);
      }
      return () => {
        look();
        open.delete(own);
        if (open.size === 0) cancel();
        return own.stoodMs / 1000;
      };
    },
  };
}
