/** Every metric there is, one entry each; the entries live in catalogue/. A metric that is not here does not exist. */
import { bucketMetrics } from "./catalogue/bucket.ts";
import { schedulerMetrics, selfMetrics } from "./catalogue/daemon.ts";
import { keyMetrics } from "./catalogue/key.ts";
import { modelMetrics } from "./catalogue/model.ts";
import { probeMetrics } from "./catalogue/probe.ts";
import type { Metric } from "./metric.ts";

export const groups = [
  { title: "Every target", metrics: probeMetrics },
  { title: "Models", metrics: modelMetrics },
  { title: "API keys", metrics: keyMetrics },
  { title: "Buckets", metrics: bucketMetrics },
  { title: "The daemon", metrics: [...schedulerMetrics, ...selfMetrics] },
] as const;

type Entry = (typeof groups)[number]["metrics"][number];
export type MetricName = Entry["name"];
export type MetricLabel<Name extends MetricName> = Extract<Entry, { readonly name: Name }>["labels"][number];
export type SelfMetricName = (typeof selfMetrics)[number]["name"];

export const catalogue: readonly Metric[] = groups.flatMap((group): readonly Metric[] => group.metrics);
