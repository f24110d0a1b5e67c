/**
 * The rules of grafana/dashboard-linter (lint/rules.go at 4d0844b and since), each as a function from a dashboard to what breaks it.
 * Where its code takes less than its text says, the text holds: units and descriptions for every type of panel, and counters with matchers.
 */
import { type Dashboard, LABEL_VALUES, type Panel, type Place, panelsOf, placesOf, type Variable } from "./boards.ts";
import { type Selector, selectorsOf, syntaxErrors } from "./promql.ts";

export type Rule = (board: Dashboard) => string[];

/** Those of Grafana's ids that a dashboard of ours may need (packages/grafana-data/src/valueFormats/categories.ts). */
const UNITS = new Set(
  "none short percent percentunit string bytes decbytes currencyUSD s ms m h d dtdurations dateTimeAsIso dateTimeFromNow ops reqps bool_yes_no".split(
    " ",
  ),
);
const DATASOURCES = ["$datasource", "${" + "datasource}"];
/** Panels that ask nothing of a data source that we name. */
const WITHOUT_QUERY = new Set(["alertlist", "text"]);

const variable = (board: Dashboard, name: string): Variable | undefined => board.templating.list.find((one) => one.name === name);
const queryVariables = (board: Dashboard): Variable[] => board.templating.list.filter(({ type }) => type === "query");

function template(name: string, label: string): Rule {
  return (board) => {
    const found = variable(board, name);
    if (found === undefined) return [`no variable ${name}`];
    const wrong = {
      "is no query": found.type !== "query",
      "does not ask $datasource": !DATASOURCES.includes(found.datasource?.uid ?? ""),
      [`is not labelled ${label}`]: found.label !== label,
      "is no multi select": found.multi !== true,
      "has another allValue than .+": found.allValue !== ".+",
    };
    return Object.entries(wrong).flatMap(([what, holds]) => (holds ? [`variable ${name} ${what}`] : []));
  };
}

const perPanel =
  (fails: (panel: Panel) => boolean): Rule =>
  (board) =>
    panelsOf(board)
      .filter(fails)
      .map(({ title, id }) => `${title} (${id})`);

const perQuery =
  (problem: (place: Place) => string | undefined): Rule =>
  (board) =>
    placesOf(board).flatMap((place) => {
      const what = problem(place);
      return what === undefined ? [] : [`${place.name}: ${what}`];
    });

const perSelector = (problem: (selector: Selector) => string | undefined): Rule =>
  perQuery(({ target }) =>
    selectorsOf(target.expr)
      .map(problem)
      .find((what) => what !== undefined),
  );

const requires = (label: string): Rule =>
  perSelector(({ metric, matchers }) => {
    const held = matchers.some((matcher) => matcher.label === label && matcher.op === "=~" && matcher.value === `$${label}`);
    return held ? undefined : `${metric} lacks ${label}=~"$${label}"`;
  });

/** Its own unit, and those of its columns. */
function unitsOf({ fieldConfig }: Panel): string[] {
  const overrides = fieldConfig?.overrides.flatMap(({ properties }) => properties.filter(({ id }) => id === "unit")) ?? [];
  return [fieldConfig?.defaults.unit ?? "", ...overrides.map(({ value }) => String(value))];
}

// The third gives the value as it is: how a counter that was born within the range is counted from nothing.
const COUNTING = new Set(["rate", "irate", "increase", "last_over_time"]);

export const rules: Readonly<Record<string, Rule>> = {
  "template-datasource-rule": (board) => {
    const found = board.templating.list.filter(({ type }) => type === "datasource");
    const fits =
      found.length === 1 && found[0]?.name === "datasource" && found[0].label === "Data source" && found[0].query === "prometheus";
    return fits ? [] : ["not one variable datasource, labelled Data source, of type prometheus"];
  },
  "template-job-rule": template("job", "Job"),
  "template-instance-rule": template("instance", "Instance"),
  "template-label-promql-rule": (board) =>
    queryVariables(board)
      .filter(({ query }) => syntaxErrors(LABEL_VALUES.exec(query)?.[1] ?? "(").length > 0)
      .map(({ name, query }) => `${name}: ${query}`),
  "template-on-time-change-reload-rule": (board) =>
    queryVariables(board)
      .filter(({ refresh }) => refresh !== 2)
      .map(({ name }) => name),
  "panel-datasource-rule": perPanel(({ type, datasource }) => !WITHOUT_QUERY.has(type) && !DATASOURCES.includes(datasource?.uid ?? "")),
  "panel-title-description-rule": perPanel(({ title, description }) => title === "" || (description ?? "") === ""),
  "panel-units-rule": perPanel((panel) => !WITHOUT_QUERY.has(panel.type) && unitsOf(panel).some((unit) => !UNITS.has(unit))),
  "panel-no-targets-rule": perPanel(({ type, targets = [] }) => !WITHOUT_QUERY.has(type) && targets.length === 0),
  // Both only speak of Loki, and nothing here may.
  "target-logql-rule": perQuery(({ target }) => (target.datasource.type === "prometheus" ? undefined : target.datasource.type)),
  "target-logql-auto-rule": perQuery(({ target }) => (/\$__auto\b/.test(target.expr) ? "$__auto is of Loki" : undefined)),
  "target-promql-rule": perQuery(({ target }) => (target.expr === "" ? "empty" : syntaxErrors(target.expr)[0])),
  "target-rate-interval-rule": perSelector(({ metric, range, call }) =>
    /^i?rate$/.test(call ?? "") && range !== "$__rate_interval" ? `${call}(${metric}[${range}])` : undefined,
  ),
  "target-job-rule": requires("job"),
  "target-instance-rule": requires("instance"),
  "target-counter-agg-rule": perSelector(({ metric, range, call }) =>
    metric.endsWith("_total") && !(range !== undefined && COUNTING.has(call ?? "")) ? `${metric} as it is` : undefined,
  ),
  "uneditable-dashboard-rule": (board) => (board.editable ? ["it is editable"] : []),
};
