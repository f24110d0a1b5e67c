/** How long the event loop stood still while something was measured: so much too late everything may have been noticed that came meanwhile. */
import type { Clock } from "../base/clock.ts";

export interface StandstillWatch {
  /** From now on; returns what ends it and tells the longest standstill since then, in seconds. */
  begin(): () => number;
}

// A standstill is seen up to this much shorter than it was: a fifth of the least that makes a run suspect, a short one and a long one
// (core/probe.ts). Ticks only while something is measured, and no more of them than that: each wakes the process.
const TICK_MS = 10;
const TICK_SHARE = 0.02;

export function createStandstillWatch(clock: Clock): StandstillWatch {
  const open = new Set<{ readonly since: number; longestMs: number }>();
  /** When the latest of all began. */
  let begun = 0;
  let due = 0;
  let cancel = (): void => undefined;

  const arm = (now: number): void => {
    const ms = Math.max(TICK_MS, (now - begun) * TICK_SHARE);
    due = now + ms;
    cancel = clock.after(ms, () => arm(look()));
  };
  /** Also between ticks: one that is overdue tells already what its timer will. Returns the time. */
  const look = (): number => {
    const now = clock.monotonic();
    for (const one of open) one.longestMs = Math.max(one.longestMs, now - Math.max(due, one.since));
    return now;
  };

  return {
    begin() {
      begun = look();
      const own = { since: begun, longestMs: 0 };
      open.add(own);
      if (open.size === 1 || due > begun + TICK_MS) {
        cancel();
        arm(begun);
      }
      return () => {
        look();
        open.delete(own);
        if (open.size === 0) cancel();
        return own.longestMs / 1000;
      };
    },
  };
}
