/** Every metric there is, one entry each; the entries live in catalogue/. A metric that is not here does not exist. */
import { kinds } from "../core/reason.ts";
import { bucketMetrics } from "./catalogue/bucket.ts";
import { schedulerMetrics, selfMetrics } from "./catalogue/daemon.ts";
import { keyMetrics } from "./catalogue/key.ts";
import { modelMetrics } from "./catalogue/model.ts";
import { probeMetrics } from "./catalogue/probe.ts";
import type { Metric } from "./metric.ts";

/** `of`: whose records tell them; the others are not asked. */
export const groups = [
  { title: "Every target", of: kinds, metrics: probeMetrics },
  { title: "Models", of: ["model", "catalog"], metrics: modelMetrics },
  { title: "API keys", of: ["credential"], metrics: keyMetrics },
  { title: "Buckets", of: ["bucket"], metrics: bucketMetrics },
  { title: "The daemon", of: kinds, metrics: [...schedulerMetrics, ...selfMetrics] },
] as const;

type Entry = (typeof groups)[number]["metrics"][number];
export type MetricName = Entry["name"];
export type MetricLabel<Name extends MetricName> = Extract<Entry, { readonly name: Name }>["labels"][number];
export type SelfMetricName = (typeof selfMetrics)[number]["name"];

export const catalogue: readonly Metric[] = groups.flatMap(({ of, metrics }) => metrics.map((metric: Metric) => ({ ...metric, of })));
