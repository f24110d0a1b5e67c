/** Places in time: two that begin together bend each other's measurement, so each has one to itself. */

// Where so many stand in a row, being together is not to be helped.
const FARTHEST = 20;

export interface Place {
  /** In milliseconds, counted as was asked. */
  readonly at: number;
  leave(): void;
}

export interface Places {
  /**
   * The place in which this moment of the cycle lies, or the next free one; the moment itself, when none of the next few is free.
   * A cycle without end has its moments once.
   */
  take(cycleMs: number, at: number): Place;
}

export function createPlaces(placeMs: number): Places {
  const cycles = new Map<number, Set<number>>();
  return {
    take(cycleMs, at) {
      const taken = cycles.get(cycleMs) ?? new Set();
      cycles.set(cycleMs, taken);
      const count = Math.floor(cycleMs / placeMs);
      const home = Math.floor(at / placeMs);
      for (let away = 0; away < Math.min(FARTHEST, count); away++) {
        const place = (home + away) % count;
        if (taken.has(place)) continue;
        taken.add(place);
        const leave = (): void => {
          taken.delete(place);
          // Budgets make ever new intervals.
          if (taken.size === 0) cycles.delete(cycleMs);
        };
        return { at: place * placeMs, leave };
      }
      return { at, leave: () => undefined };
    },
  };
}
