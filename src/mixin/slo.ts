/** Service level objectives, and how fast an error budget may burn (sre.google/workbook/alerting-on-slos). */
import { duration } from "./alert.ts";

/** A page's or ticket's pair of windows: burning `factor` times too fast in the long one, and still in the short one. */
export interface Burn {
  readonly factor: number;
  readonly longSeconds: number;
  readonly shortSeconds: number;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** 2 % of a month's budget in an hour, 5 % in six, 10 % in a day, 10 % in three. */
export const burns: readonly Burn[] = [
  { factor: 14.4, longSeconds: HOUR, shortSeconds: 5 * MINUTE },
  { factor: 6, longSeconds: 6 * HOUR, shortSeconds: 30 * MINUTE },
  { factor: 3, longSeconds: DAY, shortSeconds: 2 * HOUR },
  { factor: 1, longSeconds: 3 * DAY, shortSeconds: 6 * HOUR },
];

/** Every window that some pair needs, as Prometheus writes it. */
export const windows: readonly string[] = [...new Set(burns.flatMap(({ longSeconds, shortSeconds }) => [shortSeconds, longSeconds]))]
  .toSorted((one, other) => one - other)
  .map(duration);

/** Share of what may fail above which the budget burns too fast. A threshold that nothing can exceed would be an alert that never fires. */
export function threshold(objective: number, factor: number): number {
  const share = factor * (1 - objective);
  if (!(objective > 0 && objective < 1)) throw new RangeError(`an objective lies between 0 and 1, not ${objective}`);
  if (share >= 1)
    throw new RangeError(`an objective of ${objective} cannot burn ${factor} times too fast: that is ${share}, more than everything`);
  return Number(share.toPrecision(6));
}
