/** How far intervals must be stretched so that what probes use in a day fits into what they may use. Pure. */

export const DAY_SECONDS = 86_400;

export interface Consumer {
  /** Seconds between its runs if nothing limited them. */
  readonly everySeconds: number;
  /** What one run uses: 1 request, or USD. */
  readonly perRun: number;
  /** Bound to the clock (cron): it cannot be stretched, only counted. */
  readonly fixed?: boolean;
}

const perDay = ({ everySeconds, perRun }: Consumer, floor = 0): number => (perRun * DAY_SECONDS) / Math.max(everySeconds, floor);

/**
 * The shortest interval such that all consumers together, none running more often than it, stay within the allowance.
 * 0: nobody needs to be slowed. Infinity: there is no room at all.
 */
export function shortestInterval(consumers: readonly Consumer[], allowedPerDay: number): number {
  let left = allowedPerDay;
  let stretchable: Consumer[] = [];
  for (const one of consumers) {
    if (one.fixed === true) left -= perDay(one);
    else stretchable.push(one);
  }
  if (stretchable.reduce((sum, one) => sum + perDay(one), 0) <= left) return 0;
  // Whoever runs rarely enough anyway keeps its pace; the others share what is left. Each round can only add to the former.
  for (;;) {
    const weight = stretchable.reduce((sum, one) => sum + one.perRun, 0);
    const interval = left > 0 ? (weight * DAY_SECONDS) / left : Number.POSITIVE_INFINITY;
    const slower = stretchable.filter(({ everySeconds }) => everySeconds > interval);
    if (slower.length === 0) return interval;
    for (const one of slower) left -= perDay(one);
    stretchable = stretchable.filter((one) => !slower.includes(one));
  }
}
