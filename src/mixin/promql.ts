/** PromQL with names that the compiler knows: a metric or label that does not exist does not compile. Makes text, asks nobody. */
import type { MetricLabel, MetricName } from "../metrics/catalogue.ts";

/** Labels that Prometheus itself gives to every series of a scrape. */
type ScrapeLabel = "job" | "instance";
/** `"x"`: equals; `/x|y/`: matches whole; `{ not }`: the opposite of either. */
export type Match = string | RegExp | { readonly not: string | RegExp };
export type Matches<Label extends string> = Readonly<Partial<Record<Label | ScrapeLabel, Match>>>;

const quoted = (text: string): string => JSON.stringify(text);

function matcher(label: string, match: Match): string {
  if (typeof match === "string") return `${label}=${quoted(match)}`;
  if (match instanceof RegExp) return `${label}=~${quoted(match.source)}`;
  const { not } = match;
  return typeof not === "string" ? `${label}!=${quoted(not)}` : `${label}!~${quoted(not.source)}`;
}

/** For series that are in no catalogue; else see `series`. */
export function selector(name: string, matches: Readonly<Record<string, Match | undefined>> = {}): string {
  const parts = Object.entries(matches).flatMap(([label, match]) => (match === undefined ? [] : [matcher(label, match)]));
  return parts.length === 0 ? name : `${name}{${parts.join(", ")}}`;
}

/** `series("healthd_fault_active", { owner: "key" })` is `healthd_fault_active{owner="key"}`; histograms: see `bucket` and `count`. */
export const series = <Name extends MetricName>(name: Name, matches?: Matches<MetricLabel<Name>>): string => selector(name, matches);

/** The parts of a histogram. */
export const bucket = <Name extends MetricName>(name: Name, matches?: Matches<MetricLabel<Name> | "le">): string =>
  selector(`${name}_bucket`, matches);
export const count = <Name extends MetricName>(name: Name, matches?: Matches<MetricLabel<Name>>): string =>
  selector(`${name}_count`, matches);
export const total = <Name extends MetricName>(name: Name, matches?: Matches<MetricLabel<Name>>): string =>
  selector(`${name}_sum`, matches);

/** Whether the last scrape went well; Prometheus makes it itself. */
export const scraped = (matches: Matches<never>): string => selector("up", matches);

/** What a recording rule makes; its name has colons, as no metric's has. */
export const madeSeries = <Label extends string>(name: `${string}:${string}:${string}`, matches?: Matches<Label>): string =>
  selector(name, matches);

/** Any of these words, as a match: one word stays plain. */
export function anyOf(words: readonly string[]): Match {
  const [first = ""] = words;
  return words.length === 1 ? first : new RegExp(words.join("|"));
}

/** Names of labels of one metric, for `by (…)` and `on (…)`. */
export const labels = <Name extends MetricName>(_of: Name, ...names: readonly (MetricLabel<Name> | ScrapeLabel)[]): string =>
  names.join(", ");
