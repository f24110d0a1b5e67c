/** Everything exported is looked at, and everything looked at is exported. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { catalogue } from "../../src/metrics/catalogue.ts";
import { unseen } from "../../src/mixin/dashboards/docs.ts";
import { everyExpression } from "./boards.ts";
import { selectorsOf } from "./promql.ts";

const RULES = resolve(import.meta.dirname, "../../config/prometheus");

interface RuleFile {
  readonly groups?: readonly { readonly rules: readonly { readonly expr: string; readonly record?: string }[] }[];
}
const files = existsSync(RULES) ? readdirSync(RULES).filter((name) => /\.ya?ml$/.test(name)) : [];
const rules = files.flatMap((name) => {
  const { groups = [] } = parse(readFileSync(join(RULES, name), "utf8")) as RuleFile;
  return groups.flatMap((group) => group.rules);
});
const recorded = rules.flatMap(({ record }) => record ?? []);

const histograms = catalogue.filter(({ type }) => type === "histogram").map(({ name }) => name);
/** The metric that a series belongs to: `x_bucket` is of the histogram `x`. */
const metricOf = (series: string): string =>
  histograms.find((name) => /^_(bucket|sum|count)$/.test(series.slice(name.length)) && series.startsWith(name)) ?? series;
const namesIn = (exprs: readonly string[]): Set<string> => new Set(exprs.flatMap(selectorsOf).map(({ metric }) => metricOf(metric)));

test("every series that a dashboard or a rule names is exported, recorded, or made by Prometheus, Node or prom-client", () => {
  const known = new Set([...catalogue.map(({ name }) => name), ...recorded]);
  const foreign = /^(up|ALERTS|ALERTS_FOR_STATE|scrape_\w+|process_\w+|nodejs_\w+)$/;
  const named = [...namesIn([...everyExpression(), ...rules.map(({ expr }) => expr)])];
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((name) => !known.has(name) && !foreign.test(name))).toEqual([]);
});

test("a histogram is only asked for its parts", () => {
  const asked = everyExpression().flatMap(selectorsOf);
  expect(asked.map(({ metric }) => metric).filter((metric) => histograms.some((name) => name === metric))).toEqual([]);
});

test("every metric is on a dashboard or in a rule, but for those that the docs name with a reason", () => {
  const seen = namesIn([...everyExpression(), ...rules.map(({ expr }) => expr)]);
  const left = catalogue.map(({ name }) => name).filter((name) => !seen.has(name));
  expect(left).toEqual(Object.keys(unseen));
});

test("selectors match labels that their metric has", () => {
  const labels = new Map(catalogue.map(({ name, labels: own }) => [name as string, [...own, "le", "job", "instance"]]));
  const wrong = everyExpression()
    .flatMap(selectorsOf)
    .flatMap(({ metric, matchers }) => matchers.map(({ label }) => ({ metric, label, known: labels.get(metricOf(metric)) })))
    .filter(({ known, label }) => known !== undefined && !known.includes(label));
  expect(wrong).toEqual([]);
});
