/**
 * PromQL of the dashboards. Every selector is bound to the job and the instance chosen at the top of the page.
 * Probes are sparse, one in minutes: so gauges of the latest value, and increase() over an hour or the page's range, hardly ever rate().
 */
import type { MetricLabel, MetricName } from "../../metrics/catalogue.ts";
import { bucket, count, type Match, type Matches, selector, series, total } from "../promql.ts";

export const CHOSEN = { job: /$job/, instance: /$instance/ } as const;
const chosen = <Label extends string>(matches?: Matches<Label>): Matches<Label> => ({ ...matches, ...CHOSEN }) as Matches<Label>;

/** Grafana's range of the page, the width of one point of the panel, and windows of our own. */
export type Window = "$__range" | "$__interval" | "1h" | "1d";

/** Series that Prometheus, Node and prom-client make beside our catalogue. */
type Foreign =
  | "up"
  | `scrape_${"duration_seconds" | "samples_scraped" | "series_added"}`
  | `process_${"start_time_seconds" | "resident_memory_bytes" | "cpu_seconds_total" | "open_fds" | "max_fds"}`
  | `nodejs_${"heap_size_used_bytes" | "heap_size_total_bytes" | "external_memory_bytes"}`;

export const foreign = (name: Foreign): string => selector(name, CHOSEN);

/** Alerts have the job, and the instance only where they are about one. ALERTS is 1; ALERTS_FOR_STATE is when it became active. */
export const firing = (matches: Readonly<Record<string, Match>> = {}): string =>
  selector("ALERTS", { alertstate: "firing", ...matches, job: CHOSEN.job });
export const firingSince = `${selector("ALERTS_FOR_STATE", { job: CHOSEN.job })} * ignoring (alertstate) ${firing()}`;

export const latest = <Name extends MetricName>(name: Name, matches?: Matches<MetricLabel<Name>>): string => series(name, chosen(matches));

/** How much a counter grew. */
export const grew = <Name extends MetricName>(name: Name, window: Window, matches?: Matches<MetricLabel<Name>>): string =>
  `increase(${latest(name, matches)}[${window}])`;

/** The same for a counter whose series are born by their first event, which increase() does not see. */
export function grewFromNothing<Name extends MetricName>(name: Name, window: Window, matches?: Matches<MetricLabel<Name>>): string {
  const counter = latest(name, matches);
  const born = `last_over_time(${counter}[${window}]) unless last_over_time(${counter}[10m] offset ${window})`;
  return `((${born}) or increase(${counter}[${window}]))`;
}

/** How many observations of a histogram fell into each bucket. */
export const observed = <Name extends MetricName>(name: Name, window: Window, matches?: Matches<MetricLabel<Name>>): string =>
  `increase(${bucket(name, chosen(matches) as Matches<MetricLabel<Name> | "le">)}[${window}])`;

/** Nothing where nothing was observed: the quantile of nothing is no number. */
export const quantile = (q: number, by: string, buckets: string): string =>
  `histogram_quantile(${q}, sum by (le, ${by}) (${buckets})) >= 0`;

/** Mean of what a histogram observed; nothing where it observed nothing. */
export function mean<Name extends MetricName>(name: Name, by: string, window: Window, matches?: Matches<MetricLabel<Name>>): string {
  const all = chosen(matches);
  return `sum by (${by}) (increase(${total(name, all)}[${window}])) / (sum by (${by}) (increase(${count(name, all)}[${window}])) > 0)`;
}

export type TargetMatches<More extends string = never> = Matches<"kind" | "target" | More>;

/** 2 up, 1 degraded, 0 down; the worst where several instances look. */
export function verdictOf(by: string, matches?: TargetMatches): string {
  const info = (verdict: string): string => latest("healthd_probe_last_outcome_info", { ...matches, verdict });
  return `min by (${by}) (2 * ${info("up")} or ${info("degraded")} or 0 * ${info("down")})`;
}

/** Share of probes that found the target working; skipped ones count for nothing. */
export function successShare(by: string, window: Window, matches?: TargetMatches): string {
  const probes = (verdict: Match): string => `sum by (${by}) (${grew("healthd_probes_total", window, { ...matches, verdict })})`;
  return `${probes(/up|degraded/)} / (${probes({ not: "skipped" })} > 0)`;
}

/** A gauge of every target, with the verdict, the reason and the owner of its latest probe beside it. */
export function withOutcome(gauge: string, matches?: TargetMatches<"verdict">): string {
  const told = "instance, kind, target, verdict, reason, owner";
  const info = latest("healthd_probe_last_outcome_info", matches);
  return `max by (${told}) (${info} * on (job, instance, kind, target) group_left () ${gauge})`;
}

/** 0 while there is none and the daemon is there to say so; nothing when it is not. */
export const orNone = (counted: string): string => `${counted} or 0 * count(${foreign("up")} == 1)`;

export const ageOf = (timestamp: string): string => `time() - ${timestamp}`;
export const daysUntil = (timestamp: string): string => `(${timestamp} - time()) / 86400`;
