/** Turns cases into tests of Prometheus' own unit tester, runs it once for many of them, and tells what it says of each alert. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { alertRules, recordings } from "../../src/mixin/rules.ts";
import { findProgram } from "../support/programs.ts";
import { type Case, HERE, type Labels, type Series, scraped, type Values, type World } from "./cases/case.ts";

export interface Expectation {
  readonly name: string;
  readonly interval: "1m";
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly alert_rule_test?: readonly object[];
  readonly promql_expr_test?: readonly object[];
}

export interface Round {
  /** How often the rules are evaluated. */
  readonly minutes: 1 | 5;
  readonly groups: readonly { readonly name: string }[];
  readonly expectations: readonly Expectation[];
}

const { groups } = alertRules();
const hoursBack = ({ name }: { readonly name: string }): boolean => /models|objectives/.test(name);
/** What looks back over hours is dear to evaluate: it is left out where no case needs it. */
export const quickGroups = groups.filter((group) => !hoursBack(group));
// What is recorded comes first, as what uses it reads the latest.
export const allGroups = [...recordings().groups, ...groups];

/** What promtool says against each alert, by name; silence is success. */
export function judge({ minutes, groups: some, expectations }: Round): ReadonlyMap<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "healthd-rules-"));
  try {
    writeFileSync(join(folder, "rules.yaml"), stringify({ groups: some }));
    const file = join(folder, "tests.yaml");
    const order = some.map(({ name }) => name);
    const suite = { rule_files: ["rules.yaml"], evaluation_interval: `${minutes}m`, group_eval_order: order, tests: expectations };
    writeFileSync(file, stringify(suite, { lineWidth: 0 }));
    const { status, stdout, stderr } = spawnSync(findProgram("promtool") ?? "", ["test", "rules", file], { encoding: "utf8" });
    const said = `${stdout}${stderr}`;
    const blocks = said.split(/^(?= {4}(?:name|expr): )/m).slice(1);
    const complaints = Map.groupBy(blocks, (block) => /alertname(?:: |!?=\\")(\w+)/.exec(block)?.[1] ?? "");
    if (status !== 0 && blocks.length === 0) throw new Error(said);
    return new Map([...complaints].map(([name, lines]) => [name, lines.join("")]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const selector = (name: string, labels: Labels): string =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(",")}}`;

const valueAt = (values: Values, minute: number): string => {
  const value = typeof values === "number" ? values : values(minute);
  return value === undefined ? "_" : String(value);
};

/** `goneAfter`: minutes after which there is nothing more of it. */
export const inputs = (series: readonly Series[], minutes: number, goneAfter = minutes): Expectation["input_series"] =>
  series.map(({ name, labels, values }) => ({
    series: selector(name, labels),
    values: Array.from({ length: minutes + 1 }, (_, minute) =>
      minute <= goneAfter ? valueAt(values, minute) : minute === goneAfter + 1 ? "stale" : "_",
    ).join(" "),
  }));

const ruleOf = (alert: string) => groups.flatMap(({ rules }) => rules).find((rule) => rule.alert === alert);

/** Every world is scraped, unless it is about that. */
const whole = ({ series }: World, alert: string): readonly Series[] =>
  alert === "HealthdAbsent" || series.some(({ name }) => name === "up") ? series : [...series, scraped(1)];

const firing = (matches: string): string => `ALERTS{alertstate="firing", ${matches}}`;
const none = (expr: string, minute: number): object => ({ expr, eval_time: `${minute}m`, exp_samples: [] });

/** It fires, and nothing else that wakes somebody does; then the series end: what is kept is kept so long, and then it is over. */
export const firesAndEnds =
  (minutes: Round["minutes"]) =>
  ({ alert, fires: world }: Case): Expectation => {
    const rule = ruleOf(alert);
    const { at, lingers = 0, labels, says } = world;
    const kept = Number.parseInt(rule?.keep_firing_for ?? "0", 10);
    const last = at + lingers + kept + 3 * minutes;
    const served = alert === "HealthdDown" || alert === "HealthdAbsent" ? undefined : (labels.instance ?? HERE.instance);
    const annotations = {
      summary: rule?.annotations.summary,
      description: `${says} More: llm-healthd explain ${alert}`,
      // A dead daemon serves nothing: then Prometheus' own page of the alert.
      runbook_url: served === undefined ? `/alerts?search=${alert}` : `http://${served}/runbooks/${alert}`,
      dashboard_url: rule?.annotations.dashboard_url,
    };
    const itself = firing(`alertname="${alert}"`);
    const still = { expr: `count(${itself})`, eval_time: `${at + kept}m`, exp_samples: [{ labels: "{}", value: 1 }] };
    return {
      name: `${alert} fires and ends`,
      interval: "1m",
      input_series: inputs(whole(world, alert), last, at),
      alert_rule_test: [
        {
          eval_time: `${at}m`,
          alertname: alert,
          exp_alerts: [{ exp_labels: { ...rule?.labels, ...labels }, exp_annotations: annotations }],
        },
      ],
      promql_expr_test: [
        none(firing(`alertname!="${alert}", severity="critical"`), at),
        still,
        // Where missing data is what it fires for, it goes on.
        ...(world.series.length === 0 ? [] : [none(itself, last)]),
      ],
    };
  };

/** At no time does it fire. */
export function staysQuiet({ alert, quiet }: Case): Expectation {
  return {
    name: `${alert} stays quiet`,
    interval: "1m",
    input_series: inputs(whole(quiet, alert), quiet.at),
    promql_expr_test: [none(`max_over_time(${firing(`alertname="${alert}"`)}[${quiet.at + 1}m])`, quiet.at)],
  };
}
