/** How long the event loop stood still while something was measured: so much too late everything may have been noticed that came meanwhile. */
import type { Clock } from "../base/clock.ts";

export interface StandstillWatch {
  /** From now on; returns what ends it and tells the longest standstill since then, in seconds. */
  begin(): () => number;
}

// A standstill is seen up to this much shorter than it was. Ticks only while something is measured.
const TICK_MS = 10;

export function createStandstillWatch(clock: Clock): StandstillWatch {
  const open = new Set<{ readonly since: number; longestMs: number }>();
  let due = 0;
  let cancel = (): void => undefined;

  const arm = (): void => {
    due = clock.monotonic() + TICK_MS;
    cancel = clock.after(TICK_MS, () => {
      look();
      arm();
    });
  };
  // Also between ticks: one that is overdue tells already what its timer will.
  const look = (): void => {
    const now = clock.monotonic();
    for (const one of open) one.longestMs = Math.max(one.longestMs, now - Math.max(due, one.since));
  };

  return {
    begin() {
      const own = { since: clock.monotonic(), longestMs: 0 };
      if (open.size === 0) arm();
      open.add(own);
      return () => {
        look();
        open.delete(own);
        if (open.size === 0) cancel();
        return own.longestMs / 1000;
      };
    },
  };
}
