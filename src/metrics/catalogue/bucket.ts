/** Metrics of storage buckets. */
import type { Target } from "../../core/probe.ts";
import { TARGET, targetLabels } from "../labels.ts";
import { DURATION_BUCKETS_SECONDS, metric, type ProbedRecord, type Sample, sample, undisturbed } from "../metric.ts";

const DIRECTIONS = ["sent", "received"] as const;

const buckets = <T>(target: Target, samples: readonly T[]): readonly T[] => (target.kind === "bucket" ? samples : []);

const bytes = ({ target, outcome: { evidence } }: ProbedRecord): Sample<"kind" | "target" | "direction">[] =>
  (evidence.operations ?? []).flatMap((operation) => [
    ...sample({ ...targetLabels(target), direction: "sent" }, operation.bytesSent),
    ...sample({ ...targetLabels(target), direction: "received" }, operation.bytesReceived),
  ]);

export const bucketMetrics = [
  metric({
    name: "healthd_bucket_operation_duration_seconds",
    type: "histogram",
    help: "How long single operations on the bucket took, in seconds, all operations together.",
    labels: TARGET,
    buckets: DURATION_BUCKETS_SECONDS,
    read: undisturbed(({ target, outcome: { evidence } }) =>
      (evidence.operations ?? []).flatMap((operation) => sample(targetLabels(target), operation.durationSeconds)),
    ),
  }),
  // A histogram by operation would be 15 series for each of eight; the latest value of each is what a person looks for.
  metric({
    name: "healthd_bucket_operation_last_duration_seconds",
    type: "gauge",
    help: "How long each operation of the latest probe took, in seconds; an operation that was not reached is absent.",
    labels: [...TARGET, "operation"],
    read: ({ target, outcome: { evidence } }) =>
      (evidence.operations ?? []).flatMap(({ operation, durationSeconds }) =>
        sample({ ...targetLabels(target), operation }, durationSeconds),
      ),
  }),
  metric({
    name: "healthd_bucket_operations_total",
    type: "counter",
    help: "Number of operations on the bucket, by operation and verdict.",
    labels: [...TARGET, "operation", "verdict"],
    read: ({ target, outcome: { evidence } }) =>
      (evidence.operations ?? []).flatMap(({ operation, verdict }) => sample({ ...targetLabels(target), operation, verdict }, 1)),
  }),
  metric({
    name: "healthd_bucket_integrity_failures_total",
    type: "counter",
    help: "Number of probes in which the object read back was not the one written.",
    labels: TARGET,
    start: (target) => buckets(target, sample(targetLabels(target), 0)),
    read: ({ target, outcome }) => (outcome.reason === "s3_integrity" ? sample(targetLabels(target), 1) : []),
  }),
  metric({
    name: "healthd_bucket_bytes_total",
    type: "counter",
    help: "Bytes of object content that probes sent to the bucket and received from it.",
    labels: [...TARGET, "direction"],
    start: (target) =>
      buckets(
        target,
        DIRECTIONS.flatMap((direction) => sample({ ...targetLabels(target), direction }, 0)),
      ),
    read: bytes,
  }),
] as const;
