/** Whether something grows that must not, by a straight line through what was measured. */
import type { Moment } from "./life.ts";

export interface Growth {
  readonly what: string;
  readonly unit: string;
  readonly perDay: number;
  readonly bound: number;
}

/** Caches fill and code is compiled in the first day. */
const WARM_HOURS = 24;

function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (at: 0 | 1): number => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const spread = points.reduce((sum, [hour]) => sum + (hour - x) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [hour, value]) => sum + (hour - x) * (value - y), 0) / spread;
}

/** Of lives longer than two days; shorter ones are all warming up. */
export function growth(moments: readonly Moment[]): readonly Growth[] {
  const warm = moments.filter(({ hour }) => hour >= WARM_HOURS);
  const perDay = (read: (moment: Moment) => number): number => 24 * slope(warm.map((moment) => [moment.hour, read(moment)]));
  return [
    { what: "heap", unit: "MB", perDay: perDay(({ heapMb }) => heapMb), bound: 0.5 },
    { what: "handles", unit: "handles and timers", perDay: perDay(({ handles }) => handles), bound: 0.5 },
    { what: "series", unit: "series", perDay: perDay(({ series }) => series), bound: 5 },
  ];
}
