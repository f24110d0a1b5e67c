/** Which labels a series has, by the catalogue. */
import { catalogue } from "../../src/metrics/catalogue.ts";

/** What Prometheus adds to each series of a scrape. */
export const SCRAPE_LABELS = ["job", "instance"];

/** Labels of a series of ours, also of a histogram's parts; undefined when there is no such series. */
export function labelsOf(series: string): readonly string[] | undefined {
  const exact = catalogue.find(({ name, type }) => name === series && type !== "histogram");
  if (exact !== undefined) return exact.labels;
  const [, base, part] = /^(\w+)_(bucket|sum|count)$/.exec(series) ?? [];
  const histogram = catalogue.find(({ name, type }) => name === base && type === "histogram");
  return histogram === undefined ? undefined : [...histogram.labels, ...(part === "bucket" ? ["le"] : [])];
}
