/** The longest that each sort of fault can go unnoticed at given paces. Pure. */
import type { Target } from "../core/probe.ts";
import type { Kind } from "../core/reason.ts";
import type { Pace } from "./planner.ts";

export interface Detection {
  readonly fault: string;
  /** Which targets' probes notice it. */
  readonly by: Kind;
  readonly worstSeconds: number;
}

/** OpenRouter serves the counter of free requests from a cache of this age (openrouter-api §2). */
const COUNTER_LAG_SECONDS = 60;
/** A key counts as bad after this many polls that agree (core/key-trial.ts). */
const POLLS = 3;

interface Sort {
  readonly fault: string;
  readonly by: Kind;
  /** From the interval and the timeout of one target. */
  worst(intervalSeconds: number, timeoutSeconds: number): number;
}

// A fault can begin right after a probe, and the next one may take its whole timeout.
const next = (interval: number, timeout: number): number => interval + timeout;

const SORTS: readonly Sort[] = [
  { fault: "the API rejects the key or fails (401, 5xx, network)", by: "credential", worst: next },
  { fault: "the key is found bad (key_valid 0)", by: "credential", worst: (interval, timeout) => POLLS * interval + timeout },
  {
    fault: "credits, limits, the free quota run out",
    by: "credential",
    worst: (interval, timeout) => next(interval, timeout) + COUNTER_LAG_SECONDS,
  },
  { fault: "a model is retired, blocked, begins to cost, loses an ability", by: "catalog", worst: next },
  { fault: "a model fails, stalls or answers wrongly", by: "model", worst: next },
  { fault: "the bucket fails, refuses, corrupts", by: "bucket", worst: next },
  { fault: "the application fails", by: "app", worst: next },
];

/** One row for each sort of fault that some target can notice, by the slowest of those targets. */
export function detectionTimes(targets: readonly Target[], paceOf: (name: string) => Pace | undefined): readonly Detection[] {
  return SORTS.flatMap(({ fault, by, worst }) => {
    const times = targets
      .filter(({ kind }) => kind === by)
      .map((target) => worst(paceOf(target.name)?.longestSeconds ?? Number.POSITIVE_INFINITY, target.timeoutSeconds));
    return times.length === 0 ? [] : [{ fault, by, worstSeconds: Math.max(...times) }];
  });
}
