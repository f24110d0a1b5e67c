/** Recording rules: what alerts and dashboards share, and what is too dear to ask anew each time. Named level:metric:operations. */
import type { MetricLabel } from "../metrics/catalogue.ts";
import { bucket, count, labels, type Matches, madeSeries, series } from "./promql.ts";
import { windows } from "./slo.ts";

const KIND = labels("healthd_probes_total", "job", "instance", "kind");
const MODEL = labels("healthd_model_time_to_first_token_seconds", "job", "instance", "kind", "target", "credential", "model");

/** Whose failures count against the objective. What is ours (key, request, money, quota, prober) has alerts of its own. */
const THEIRS = /provider|gateway|network|storage|app/;
/** A bucket's bound: an answer that is not whole by then is slow. */
export const SLOW_SECONDS = "20.48";

const rateOf = (selector: string, window: string): string => `sum by (${KIND}) (rate(${selector}[${window}]))`;
export const badProbes = (matches: Matches<MetricLabel<"healthd_probe_failures_total">> = {}): string =>
  series("healthd_probe_failures_total", { ...matches, owner: THEIRS });

function errorRatio(window: string): string {
  const good = rateOf(series("healthd_probes_total", { verdict: "up" }), window);
  // The counter of a failure is not there before the first: none is 0.
  const bad = `(${rateOf(badProbes(), window)} or ${good} * 0)`;
  return `${bad}\n/\n(${bad} + ${good})`;
}

function slowRatio(window: string): string {
  const answered = { kind: "model", verdict: "up" } as const;
  const quick = rateOf(bucket("healthd_probe_duration_seconds", { ...answered, le: SLOW_SECONDS }), window);
  return `1 - ${quick}\n/\n${rateOf(count("healthd_probe_duration_seconds", answered), window)}`;
}

const quantile = (share: number): string =>
  `histogram_quantile(${share}, sum by (${MODEL}, le) (rate(${bucket("healthd_model_time_to_first_token_seconds", { token: "answer" })}[1h]))) > 0`;

const rules = {
  "target:healthd_model_time_to_first_token_seconds:p90_rate1h": quantile(0.9),
} as const;

export type RecordedName = keyof typeof rules;
/** A recorded series, by a name that the compiler knows. */
export const recorded = (name: RecordedName): string => name;

type OfKind = Matches<"kind">;
const errorsName = (window: string) => `kind:healthd_probe_errors:ratio_rate${window}` as const;
const slowName = (window: string) => `kind:healthd_probe_slow:ratio_rate${window}` as const;
/** By kind of target: the share of probes that failed for others' reasons. */
export const errorShare = (window: string, matches?: OfKind): string => madeSeries(errorsName(window), matches);
/** The share of models' whole answers that were slow. */
export const slowShare = (window: string, matches?: OfKind): string => madeSeries(slowName(window), matches);

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export const recordingRules: readonly RecordingRule[] = [
  ...Object.entries(rules).map(([record, expr]) => ({ record, expr })),
  ...windows.map((window) => ({ record: errorsName(window), expr: errorRatio(window) })),
  ...windows.map((window) => ({ record: slowName(window), expr: slowRatio(window) })),
];
