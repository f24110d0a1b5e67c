/** The latest of every target: what the status page and the API show. */
import { type ProbeRecord, type Sink, sameThing, type Target } from "../core/probe.ts";

export interface TargetLatest {
  readonly target: Target;
  /** The latest run that was not skipped. */
  readonly last?: ProbeRecord;
  /** Milliseconds since 1970. */
  readonly lastSuccessAt?: number;
  readonly consecutiveFailures: number;
  /** Looks in a row that did not find it up. */
  readonly sightings: number;
  /** When the looks in a row began that found it up, or did not, as the last one; −∞ for what was up from the first look on. */
  readonly since: number;
}

export interface Latest extends Sink {
  /** Again, after a reload, it keeps what was seen, unless the name stands for another thing now. */
  add(target: Target): void;
  remove(name: string): void;
  get(name: string): TargetLatest | undefined;
  list(): readonly TargetLatest[];
}

const UNSEEN = { consecutiveFailures: 0, sightings: 0, since: Number.NEGATIVE_INFINITY } as const;

export function createLatest(): Latest {
  const targets = new Map<string, TargetLatest>();
  return {
    add(target) {
      const before = targets.get(target.name);
      const seen = before !== undefined && sameThing(before.target, target) ? before : UNSEEN;
      targets.set(target.name, { ...seen, target });
    },
    remove: (name) => void targets.delete(name),
    get: (name) => targets.get(name),
    list: () => [...targets.values()],
    take(record) {
      const before = targets.get(record.target.name);
      if (before === undefined || !sameThing(before.target, record.target) || record.outcome.verdict === "skipped") return;
      const failed = record.outcome.verdict === "down";
      const isUp = record.outcome.verdict === "up";
      const wasUp = before.sightings === 0;
      targets.set(record.target.name, {
        ...before,
        last: record,
        sightings: isUp ? 0 : before.sightings + 1,
        since: isUp === wasUp ? before.since : record.startedAt,
        consecutiveFailures: failed ? before.consecutiveFailures + 1 : 0,
        ...(failed ? {} : { lastSuccessAt: record.startedAt }),
      });
    },
  };
}
