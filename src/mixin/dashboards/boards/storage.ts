/** One bucket, or several: does it keep what it is given, how fast is each operation, and which phase of it. */
import type { Board, Section } from "../board.ts";
import { runbooks } from "../links.ts";
import { codeColours, verdictWords } from "../palette.ts";
import { bars, cells, graph, heatmap, stat } from "../panels.ts";
import { daysUntil, grew, grewFromNothing, latest, mean, observed, quantile, verdictOf } from "../query.ts";
import { outcomeTable, successBars } from "./shared.ts";

const BUCKET = { kind: "bucket", target: /$bucket/ } as const;
const OPERATIONS = "healthd_bucket_operation_duration_seconds";

const health: Section = {
  title: "Does it work",
  panels: [
    stat({
      title: "Verdict",
      description: "What the latest probe of each bucket came to.",
      unit: "none",
      size: [4, 6],
      queries: [{ expr: verdictOf("target", BUCKET), legend: "{{target}}" }],
      mappings: verdictWords,
      links: runbooks("StorageUnavailable", "StorageAccessDenied"),
    }),
    stat({
      title: "Corrupted",
      description: "In how many probes of the page's range the object read back was not the one written. One is one too many.",
      unit: "none",
      size: [4, 6],
      decimals: 0,
      queries: [{ expr: `sum by (target) (${grew("healthd_bucket_integrity_failures_total", "$__range", BUCKET)})`, legend: "{{target}}" }],
      colours: ["green", [0.5, "red"]],
      links: runbooks("StorageCorrupted"),
    }),
    outcomeTable(
      { title: "Latest probe", description: "What the latest probe of each bucket saw, and since when it has not worked.", size: [16, 6] },
      { name: "Bucket" },
      BUCKET,
    ),
    cells({
      title: "Status codes",
      description: "Status code of the latest probe over time. Orange is ours to mend (keys, policy, name, region), red the storage's.",
      unit: "none",
      size: [16, 7],
      queries: [{ expr: `max by (target) (${latest("healthd_probe_status_code", BUCKET)})`, legend: "{{target}}" }],
      mappings: codeColours,
    }),
    successBars("Success share", "Share of probes in the page's range that found the bucket working.", [8, 7], BUCKET),
  ],
};

const operations: Section = {
  title: "Operation by operation",
  panels: [
    graph({
      title: "Failed operations in the last hour",
      description: "Which operations failed in the hour before: a get that fails where put works is a policy, all of them an outage.",
      unit: "none",
      size: [8, 8],
      queries: [
        {
          expr: `sum by (operation) (${grewFromNothing("healthd_bucket_operations_total", "1h", { ...BUCKET, verdict: "down" })})`,
          legend: "{{operation}}",
        },
      ],
      stacked: true,
      nothing: "No operation failed",
    }),
    graph({
      title: "Operations in the last hour",
      description: "How many operations our probes did in the hour before.",
      unit: "none",
      size: [8, 8],
      queries: [
        { expr: `sum by (operation) (${grewFromNothing("healthd_bucket_operations_total", "1h", BUCKET)})`, legend: "{{operation}}" },
      ],
      stacked: true,
    }),
    bars({
      title: "Latest duration of each operation",
      description: "How long each operation of the latest probe took; of several buckets the slowest. One that was not reached is absent.",
      unit: "s",
      size: [8, 8],
      queries: [
        {
          expr: `sort_desc(max by (operation) (${latest("healthd_bucket_operation_last_duration_seconds", BUCKET)}))`,
          legend: "{{operation}}",
        },
      ],
      colours: ["green", [0.5, "orange"], [2, "red"]],
      min: 0,
      links: runbooks("StorageSlow"),
    }),
    graph({
      title: "Duration of each operation",
      description: "How long each operation of the latest probe took, over time.",
      unit: "s",
      size: [12, 8],
      queries: [
        {
          expr: `max by (target, operation) (${latest("healthd_bucket_operation_last_duration_seconds", BUCKET)})`,
          legend: "{{target}} {{operation}}",
        },
      ],
    }),
    heatmap({
      title: "All operations",
      description: "How long operations took; each cell counts those of its time that fell into its bucket.",
      unit: "s",
      size: [12, 8],
      queries: [{ expr: `sum by (le) (${observed(OPERATIONS, "$__interval", BUCKET)})`, legend: "{{le}}" }],
    }),
    graph({
      title: "All operations: mean, half, nine in ten",
      description: "Of the operations in the hour before: their mean, and the times within which half and nine in ten were done.",
      unit: "s",
      size: [12, 8],
      queries: [
        ...[0.5, 0.9].map((q) => ({ expr: quantile(q, "target", observed(OPERATIONS, "1h", BUCKET)), legend: `{{target}} p${q * 100}` })),
        { expr: mean(OPERATIONS, "target", "1h", BUCKET), legend: "{{target}} mean" },
      ],
      links: runbooks("StorageSlow"),
    }),
    graph({
      title: "Bytes in the last hour",
      description: "Bytes of object content that our probes sent and received in the hour before.",
      unit: "bytes",
      size: [12, 8],
      queries: [
        { expr: `sum by (target, direction) (${grew("healthd_bucket_bytes_total", "1h", BUCKET)})`, legend: "{{target}} {{direction}}" },
      ],
    }),
  ],
};

const connection: Section = {
  title: "The way there",
  panels: [
    graph({
      title: "Where the time goes",
      description:
        "Phases of the latest probe's request, one on another; of several buckets the mean. Long dns or connect is the network, long first_byte the storage.",
      unit: "s",
      size: [12, 7],
      queries: [{ expr: `avg by (phase) (${latest("healthd_probe_phase_seconds", BUCKET)})`, legend: "{{phase}}" }],
      stacked: true,
    }),
    stat({
      title: "Clock",
      description:
        "The storage's clock minus this machine's. From 15 minutes on S3 refuses every request; whole seconds are the measure's own coarseness.",
      unit: "s",
      size: [6, 7],
      decimals: 0,
      queries: [{ expr: `max by (target) (abs(${latest("healthd_clock_skew_seconds", BUCKET)}))`, legend: "{{target}}" }],
      colours: ["green", [5, "orange"], [300, "red"]],
      links: runbooks("ClockSkewed"),
      nothing: "not told",
    }),
    stat({
      title: "Certificate ends in",
      description: "Days until the storage's certificate ends. Nothing shown: plain HTTP.",
      unit: "d",
      size: [6, 7],
      decimals: 0,
      queries: [
        {
          expr: `min by (target) (${daysUntil(latest("healthd_tls_certificate_expiry_timestamp_seconds", BUCKET))})`,
          legend: "{{target}}",
        },
      ],
      colours: ["red", [3, "orange"], [14, "green"]],
      links: runbooks("CertificateExpiring"),
      nothing: "no certificate",
    }),
  ],
};

export const storage: Board = {
  uid: "healthd-storage",
  title: "llm-healthd / Storage",
  description: "Whether buckets keep what they are given, how fast each operation is, and which part of the way is slow.",
  variables: [
    {
      name: "bucket",
      label: "Bucket",
      description: "The buckets by their names in the config.",
      query: 'label_values(healthd_probe_interval_seconds{kind="bucket", job=~"$job", instance=~"$instance"}, target)',
    },
  ],
  sections: [health, operations, connection],
};
