/** The 17 rules of grafana/dashboard-linter hold for every dashboard, but for what dashboards/.lint excludes with a reason; and each can fail. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { boards, type Dashboard, type Panel, panelsOf, placesOf, type Target, type Variable } from "./boards.ts";
import { rules } from "./lint.ts";

interface Exclusions {
  readonly exclusions: Readonly<Record<string, { readonly reason: string; readonly entries: { dashboard: string; panel: string }[] }>>;
}
const { exclusions } = parse(readFileSync(resolve(import.meta.dirname, "../../dashboards/.lint"), "utf8")) as Exclusions;

/** The dashboard without the panels that are excluded from the rule. */
const judged = (board: Dashboard, rule: string): Dashboard => ({
  ...board,
  panels: board.panels.filter(
    ({ title }) => !exclusions[rule]?.entries.some((entry) => entry.dashboard === board.title && entry.panel === title),
  ),
});

test("there are 17 rules and five dashboards", () => {
  expect(Object.keys(rules)).toHaveLength(17);
  expect(boards.map(({ uid }) => uid)).toEqual(["healthd-daemon", "healthd-model", "healthd-money", "healthd-overview", "healthd-storage"]);
});

test.each(Object.entries(rules))("%s", (name, rule) => {
  expect(boards.flatMap((board) => rule(judged(board, name)))).toEqual([]);
});

test("what is excluded has a reason, and would break its rule", () => {
  for (const [name, { reason, entries }] of Object.entries(exclusions)) {
    expect(reason).toMatch(/\w+ \w+/);
    for (const { dashboard, panel } of entries) {
      const board = boards.find(({ title }) => title === dashboard);
      const broken = board === undefined ? [] : (rules[name]?.(board) ?? []);
      expect(broken.filter((what) => what.includes(` / ${panel} / `))).not.toEqual([]);
    }
  }
});

describe("each rule can fail", () => {
  const first = (board: Dashboard, type: string): Panel => {
    const panel = panelsOf(board).find((one) => one.type === type);
    if (panel === undefined) throw new Error(`no ${type}`);
    return panel;
  };
  const query = (change: Partial<Target>) => (board: Dashboard) => Object.assign(placesOf(board)[0]?.target ?? {}, change);
  const variable = (name: string, change: Partial<Variable>) => (board: Dashboard) =>
    Object.assign(board.templating.list.find((one) => one.name === name) ?? {}, change);
  const stat = (change: (panel: Panel) => void) => (board: Dashboard) => change(first(board, "stat"));
  const HERE = 'job=~"$job", instance=~"$instance"';

  const spoil: Readonly<Record<string, ((board: Dashboard) => unknown)[]>> = {
    "template-datasource-rule": [variable("datasource", { label: "Prometheus" }), variable("datasource", { name: "source" })],
    "template-job-rule": [variable("job", { allValue: ".*" }), variable("job", { multi: false }), variable("job", { name: "jobs" })],
    "template-instance-rule": [variable("instance", { label: "instance" }), variable("instance", { type: "custom" })],
    "template-label-promql-rule": [variable("job", { query: "label_values(up{, job)" }), variable("job", { query: "values(up, job)" })],
    "template-on-time-change-reload-rule": [variable("instance", { refresh: 1 })],
    "panel-datasource-rule": [stat((panel) => Object.assign(panel, { datasource: { type: "prometheus", uid: "abc" } }))],
    "panel-title-description-rule": [stat((panel) => Object.assign(panel, { title: "" })), stat((panel) => delete panel.description)],
    "panel-units-rule": [
      stat((panel) => delete panel.fieldConfig?.defaults.unit),
      (board) =>
        first(board, "table").fieldConfig?.overrides.push({ matcher: { options: "x" }, properties: [{ id: "unit", value: "furlong" }] }),
    ],
    "panel-no-targets-rule": [stat((panel) => delete panel.targets)],
    "target-logql-rule": [query({ datasource: { type: "loki", uid: "$datasource" } })],
    "target-logql-auto-rule": [query({ expr: 'rate({app="x"}[$__auto])' })],
    "target-promql-rule": [query({ expr: "" }), query({ expr: `sum(up{${HERE}}` })],
    "target-rate-interval-rule": [
      query({ expr: `rate(x_total{${HERE}}[5m])` }),
      query({ expr: `sum(irate(x_total{${HERE}}[5m] offset 1h))` }),
    ],
    "target-job-rule": [query({ expr: 'up{job="$job", instance=~"$instance"}' }), query({ expr: 'up{instance=~"$instance"}' })],
    "target-instance-rule": [query({ expr: `up{${HERE}} + up{job=~"$job"}` })],
    "target-counter-agg-rule": [query({ expr: `sum(x_total{${HERE}})` }), query({ expr: `max_over_time(x_total{${HERE}}[5m])` })],
    "uneditable-dashboard-rule": [(board) => Object.assign(board, { editable: true })],
  };

  test.each(Object.keys(rules))("%s", (name) => {
    const [healthy] = boards.map((board) => judged(board, name)).filter(({ uid }) => uid === "healthd-overview");
    expect(spoil[name]?.length).toBeGreaterThan(0);
    for (const change of spoil[name] ?? []) {
      const board = structuredClone(healthy) as Dashboard;
      expect(rules[name]?.(board)).toEqual([]);
      change(board);
      expect(rules[name]?.(board)).not.toEqual([]);
    }
  });
});
