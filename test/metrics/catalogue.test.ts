import { expect, test } from "vitest";
import { catalogue } from "../../src/metrics/catalogue.ts";
import { metricsMarkdown } from "../../src/metrics/docs.ts";

test("names are unique, whole and of the right form", () => {
  const names = catalogue.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(45);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => !/^healthd_[a-z_]+$/.test(name))).toEqual([]);
  expect(catalogue.filter(({ name, type }) => name.endsWith("_total") !== (type === "counter"))).toEqual([]);
});

test("every help is a sentence", () => {
  expect(catalogue.filter(({ help }) => !/^[A-Z].*\.$/.test(help)).map(({ name }) => name)).toEqual([]);
});

test("no label can carry an address, a key or an error text", () => {
  const labels = new Set(catalogue.flatMap((metric) => metric.labels));
  for (const label of ["url", "host", "request_id", "error", "message", "api_key", "bucket"]) expect(labels).not.toContain(label);
});

test("the documentation has one row for every metric", () => {
  const rows = metricsMarkdown()
    .split("\n")
    .filter((line) => line.startsWith("| `healthd_"));
  expect(rows.map((row) => /`(healthd_\w+)`/.exec(row)?.[1])).toEqual(catalogue.map(({ name }) => name));
  for (const row of rows) expect(row.replaceAll("\\|", "").split("|")).toHaveLength(6);
});
