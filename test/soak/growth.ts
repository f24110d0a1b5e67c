/** Whether something grows that must not: what is left of it at the quietest moments, early and late. */
import type { Moment } from "./life.ts";

export interface Growth {
  readonly what: string;
  readonly unit: string;
  readonly perDay: number;
  readonly bound: number;
}

/** Caches fill, and the ledger reaches back a day. */
const WARM_HOURS = 24;

const lowest = (moments: readonly Moment[], read: (moment: Moment) => number): number => Math.min(...moments.map(read));

/** From the first third to the last, of lives longer than two days; shorter ones are all warming up, and tell nothing. */
export function growth(moments: readonly Moment[]): readonly Growth[] {
  const warm = moments.filter(({ hour }) => hour >= WARM_HOURS);
  const third = Math.floor(warm.length / 3);
  const [early, late] = [warm.slice(0, third), warm.slice(warm.length - third)];
  const days = ((late[0]?.hour ?? 0) - (early[0]?.hour ?? 0)) / 24;
  const perDay = (read: (moment: Moment) => number): number => (days > 0 ? (lowest(late, read) - lowest(early, read)) / days : 0);
  return [
    { what: "heap", unit: "MB", perDay: perDay(({ heapMb }) => heapMb), bound: 0.5 },
    { what: "handles", unit: "handles and timers", perDay: perDay(({ handles }) => handles), bound: 0.5 },
    { what: "series", unit: "series", perDay: perDay(({ series }) => series), bound: 5 },
  ];
}
