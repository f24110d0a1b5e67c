/** What must be known of a target's past to read its next record: kept by the registry, one small value a target. */
import type { ProbedRecord } from "./metric.ts";

export interface Memory {
  /** Failed probes in a row, the latest included. */
  readonly consecutiveFailures: number;
  /** Start of the latest probe that did not fail, milliseconds since 1970. */
  readonly lastSuccessAt?: number;
  /** Who answered last; kept over failures, which tell nothing about it. */
  readonly servedModel?: string;
  readonly provider?: string;
  /** The latest answer came from another model or provider than the one before. */
  readonly servedChanged: boolean;
}

export const noMemory: Memory = Object.freeze({ consecutiveFailures: 0, servedChanged: false });

const differs = (before: string | undefined, now: string | undefined): boolean =>
  before !== undefined && now !== undefined && before !== now;

/** A degraded target still works: only `down` is a failure. */
export function remember(before: Memory, { outcome, startedAt }: ProbedRecord): Memory {
  const { servedModel, provider } = outcome.evidence.completion ?? {};
  return {
    ...before,
    ...(outcome.verdict === "down"
      ? { consecutiveFailures: before.consecutiveFailures + 1 }
      : { consecutiveFailures: 0, lastSuccessAt: startedAt }),
    ...(servedModel === undefined ? {} : { servedModel }),
    ...(provider === undefined ? {} : { provider }),
    servedChanged: differs(before.servedModel, servedModel) || differs(before.provider, provider),
  };
}
