/** What a metric is: data that says its name, its meaning, and how to read it from a record. Readers are pure. */
import type { Probed, Skipped } from "../core/outcome.ts";
import { isSuspect, type ProbeRecord, type Target } from "../core/probe.ts";
import type { Kind } from "../core/reason.ts";
import type { Memory } from "./memory.ts";

export type ProbedRecord = ProbeRecord & { readonly outcome: Probed };
export type SkippedRecord = ProbeRecord & { readonly outcome: Skipped };

/** One value with its labels; a label whose value is undefined is left out of the series. */
export interface Sample<Label extends string = string> {
  readonly labels: Readonly<Record<Label, string | undefined>>;
  readonly value: number;
}

export interface Metric<Name extends string = string, Label extends string = string> {
  readonly name: Name;
  readonly type: "counter" | "gauge" | "histogram";
  /** A whole sentence for the user, naming the unit. */
  readonly help: string;
  readonly labels: readonly Label[];
  /** Whose records tell it: the catalogue's group says. */
  readonly of?: readonly Kind[];
  /** Upper bounds; histograms only. */
  readonly buckets?: readonly number[];
  /** The series a target has before its first probe. `intervalSeconds` is the longest time between two of its runs. */
  start?(target: Target, intervalSeconds?: number): readonly Sample<NoInfer<Label>>[];
  /** Counters: what to add; histograms: what to observe; gauges: all there is now. Undefined leaves a gauge as it was. */
  read?(record: ProbedRecord, memory: Memory): readonly Sample<NoInfer<Label>>[] | undefined;
  /** What a refused run leaves behind; never a gauge, for nothing was looked at. */
  readSkip?(record: SkippedRecord): readonly Sample<NoInfer<Label>>[];
}

/** Keeps names and labels as literal types, so that the alerts and dashboards that use them are checked by the compiler. */
export function metric<const Name extends `healthd_${string}`, const Label extends string = never>(
  entry: Metric<Name, Label>,
): Metric<Name, Label> {
  return entry;
}

/** The buckets of OpenTelemetry's GenAI durations from 40 ms on. None is a whole number: Prometheus 3 rewrites le="1" to le="1.0". */
export const DURATION_BUCKETS_SECONDS = Object.freeze([0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]);

/** No sample where nothing was told: an absent series is honest, a zero is a claim. */
export function sample<Label extends string>(
  labels: Readonly<Record<Label, string | undefined>>,
  value: number | boolean | null | undefined,
): Sample<Label>[] {
  return value === undefined || value === null ? [] : [{ labels, value: Number(value) }];
}

type Reader<Label extends string> = (record: ProbedRecord) => readonly Sample<Label>[];
/** For latencies: of a run whose measuring was disturbed, none. healthd_measurement_suspect_total counts it. */
export const undisturbed =
  <Label extends string>(read: Reader<Label>): Reader<Label> =>
  (record) =>
    isSuspect(record) ? [] : read(record);

export const seconds = (milliseconds: number | null | undefined): number | undefined =>
  milliseconds === undefined || milliseconds === null ? undefined : milliseconds / 1000;
