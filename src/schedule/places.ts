/** Places within an interval: two that begin together bend each other's measurement, so each has one to itself. */
import type { Pace } from "./planner.ts";

// Longer than one's handshake takes the thread, and short enough for ten thousand in a minute.
const PLACE_MS = 5;
// Where so many stand in a row, being together is not to be helped.
const FARTHEST = 20;

export interface Places {
  /** With the phase of the place in which its own lies, or of the next free one; as it is, when none within a tenth of a second is free. */
  take(pace: Pace): { readonly pace: Pace; leave(): void };
}

export function createPlaces(): Places {
  const taken = new Map<number, Set<number>>();
  return {
    take(pace) {
      const some = taken.get(pace.intervalSeconds) ?? new Set();
      taken.set(pace.intervalSeconds, some);
      const count = Math.floor((pace.intervalSeconds * 1000) / PLACE_MS);
      const home = Math.floor((pace.phaseSeconds * 1000) / PLACE_MS);
      for (let away = 0; away < Math.min(FARTHEST, count); away++) {
        const place = (home + away) % count;
        if (some.has(place)) continue;
        some.add(place);
        const leave = (): void => {
          some.delete(place);
          // Budgets make ever new intervals.
          if (some.size === 0) taken.delete(pace.intervalSeconds);
        };
        return { pace: { ...pace, phaseSeconds: (place * PLACE_MS) / 1000 }, leave };
      }
      return { pace, leave: () => undefined };
    },
  };
}
