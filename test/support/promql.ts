/** What a PromQL expression names, by Prometheus' own grammar. */
import { parser } from "@prometheus-io/lezer-promql";
import { catalogue, type MetricName } from "../../src/metrics/catalogue.ts";

export interface Named {
  readonly metric: string;
  /** As written, quotes off: `reason` is `a|b` in `reason=~"a|b"`. */
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

export interface Expression {
  /** Where it cannot be understood. */
  readonly errors: readonly string[];
  readonly selectors: readonly Named[];
  /** Labels of `by`, `without`, `on`, `ignoring`, `group_left`, `group_right`. */
  readonly grouping: readonly string[];
}

export function readPromql(text: string): Expression {
  const errors: string[] = [];
  const selectors: { metric: string; matchers: { label: string; operator: string; value: string }[] }[] = [];
  const grouping: string[] = [];
  parser.parse(text).iterate({
    enter({ name, type, from, to, node }) {
      const word = text.slice(from, to);
      if (type.isError) errors.push(`${text.slice(0, from)} ⚠ ${text.slice(from)}`);
      if (name === "VectorSelector") selectors.push({ metric: "", matchers: [] });
      const last = selectors.at(-1);
      if (name === "Identifier" && last !== undefined) last.metric = word;
      if (name === "LabelName" && node.parent?.name === "GroupingLabels") grouping.push(word);
      if (name !== "UnquotedLabelMatcher") return;
      const [, label = "", operator = "", value = ""] = /^(\w+)\s*(=~|!~|!=|=)\s*"(.*)"$/s.exec(word) ?? [];
      last?.matchers.push({ label, operator, value });
    },
  });
  return { errors, selectors, grouping };
}

/** What Prometheus adds to each series of a scrape. */
export const SCRAPE_LABELS = ["job", "instance"];

/** Labels of a series of ours, also of a histogram's parts; undefined when there is no such series. */
export function labelsOf(series: string): readonly string[] | undefined {
  const exact = catalogue.find(({ name, type }) => name === series && type !== "histogram");
  if (exact !== undefined) return exact.labels;
  const [, base, part] = /^(\w+)_(bucket|sum|count)$/.exec(series) ?? [];
  const histogram = catalogue.find(({ name, type }) => name === (base as MetricName) && type === "histogram");
  return histogram === undefined ? undefined : [...histogram.labels, ...(part === "bucket" ? ["le"] : [])];
}
