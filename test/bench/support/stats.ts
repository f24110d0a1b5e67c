/** The few numbers a benchmark speaks in. */

/** Of sorted or unsorted values; NaN when there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
export const median = (values: readonly number[]): number => quantile(values, 0.5);
export const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);
export const mean = (values: readonly number[]): number => sum(values) / values.length;

/** Milliseconds on CLOCK_MONOTONIC: the same clock in every process of this machine. */
export const machineClock = (): number => Number(process.hrtime.bigint()) / 1e6;

export const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export interface Spread {
  readonly p50: number;
  readonly p99: number;
}
export const spread = (values: readonly number[]): Spread => ({ p50: quantile(values, 0.5), p99: quantile(values, 0.99) });
