/** How late the event loop is, from Node's own measure. */
import { monitorEventLoopDelay } from "node:perf_hooks";

// At 10 ms, as is usual, looking alone takes a hundredth of a core.
const RESOLUTION_MS = 20;
const NANOSECONDS = 1e9;

export const lagStats = ["min", "mean", "p50", "p99", "max"] as const;
export type LagStat = (typeof lagStats)[number];

/** Each reading covers the time since the one before. Node reports the timer's whole period: the plan is taken off. */
export function createLagMeter(): () => Readonly<Record<LagStat, number>> {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / NANOSECONDS - RESOLUTION_MS / 1000);
  return () => {
    if (delays.count === 0) return { min: 0, mean: 0, p50: 0, p99: 0, max: 0 };
    const { min, mean, max } = delays;
    const reading = {
      min: late(min),
      mean: late(mean),
      p50: late(delays.percentile(50)),
      p99: late(delays.percentile(99)),
      max: late(max),
    };
    delays.reset();
    return reading;
  };
}
