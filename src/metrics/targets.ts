/** The targets that have series, and how a record becomes values in them. */
import { type ProbeRecord, sameThing, type Target } from "../core/probe.ts";
import { kinds } from "../core/reason.ts";
import type { Family } from "./family.ts";
import { type Memory, noMemory, remember } from "./memory.ts";
import type { ProbedRecord, Sample, SkippedRecord } from "./metric.ts";

export interface TargetSeries {
  add(target: Target, intervalSeconds?: number): void;
  remove(name: string): void;
  /** False when the record is of no target that is known here. */
  take(record: ProbeRecord): boolean;
  list(): readonly Target[];
}

interface Known {
  readonly target: Target;
  readonly memory: Memory;
}

const isProbed = (record: ProbeRecord): record is ProbedRecord => record.outcome.verdict !== "skipped";
const isSkipped = (record: ProbeRecord): record is SkippedRecord => record.outcome.verdict === "skipped";

/** One metric's trouble stays with that metric, and is told to `onFault`. */
export function createTargetSeries(families: Iterable<Family>, onFault: () => void): TargetSeries {
  const all = [...families];
  const readSkip = all.filter(({ metric }) => metric.readSkip !== undefined);
  const read = new Map(
    kinds.map((kind) => [kind, all.filter(({ metric }) => metric.read !== undefined && (metric.of?.includes(kind) ?? true))]),
  );
  const known = new Map<string, Known>();

  /** A catalogue still talks of a model that a reload has just removed or renamed: that must not bring it back. */
  const isCurrent = ({ labels }: Sample, own: Target): boolean => {
    if (labels.target === undefined) return true;
    const target = labels.target === own.name ? own : known.get(labels.target)?.target;
    return target !== undefined && (labels.model === undefined || labels.model === target.model);
  };

  const takeProbed = (record: ProbedRecord, memory: Memory): void => {
    const { target } = record;
    const current = (sample: Sample): boolean => isCurrent(sample, target);
    for (const { metric, replace } of read.get(target.kind) ?? []) {
      try {
        const samples = metric.read?.(record, memory);
        if (samples !== undefined) replace(target.name, samples.every(current) ? samples : samples.filter(current));
      } catch {
        onFault();
      }
    }
  };

  const takeSkipped = (record: SkippedRecord): void => {
    for (const { metric, put } of readSkip) {
      try {
        put(record.target.name, metric.readSkip?.(record) ?? []);
      } catch {
        onFault();
      }
    }
  };

  const remove = (name: string): void => {
    known.delete(name);
    for (const family of all) family.drop(name);
  };

  return {
    remove,
    add(target, intervalSeconds) {
      const before = known.get(target.name);
      const survives = before !== undefined && sameThing(before.target, target);
      if (!survives) remove(target.name);
      known.set(target.name, { target, memory: survives ? before.memory : noMemory });
      for (const { metric, replace } of all) if (metric.start !== undefined) replace(target.name, metric.start(target, intervalSeconds));
    },
    take(record) {
      const current = known.get(record.target.name);
      if (current === undefined || !sameThing(current.target, record.target)) return false;
      if (isProbed(record)) {
        const memory = remember(current.memory, record);
        known.set(record.target.name, { target: current.target, memory });
        takeProbed(record, memory);
      } else if (isSkipped(record)) takeSkipped(record);
      return true;
    },
    list: () => [...known.values()].map(({ target }) => target),
  };
}
