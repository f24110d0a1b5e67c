/** Alerts and recordings as Prometheus reads them. Pure: options in, plain objects and text out. */
import { stringify } from "yaml";
import { type Alert, defaultOptions, duration, type RuleOptions, type Severity } from "./alert.ts";
import { type AlertName, alertGroups } from "./alerts.ts";
import { recordingRules } from "./recorded.ts";
import { EVALUATION_SECONDS } from "./timing.ts";

export interface AlertRule {
  readonly alert: AlertName;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels: Readonly<{ severity: Severity; scope: string; owner?: string }>;
  readonly annotations: Readonly<Record<"summary" | "description" | "runbook_url" | "dashboard_url", string>>;
}

export interface RuleGroup<Rule> {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly Rule[];
}

// What wakes nobody, and what looks back over hours or days, need not be asked every few seconds.
const UNHURRIED_SECONDS = 30;

/**
 * The daemon serves its own runbooks. Where the alert names none that lives, any that does; where none lives, Prometheus' own page of the alert:
 * receivers such as PagerDuty refuse what is no URL.
 */
function runbookUrl({ name, servedBy }: Alert, { runbooks, job }: RuleOptions): string {
  if (runbooks !== undefined)
    return runbooks.includes("NAME") ? runbooks.replaceAll("NAME", name) : `${runbooks.replace(/\/$/, "")}/${name}`;
  if (servedBy !== "any") return `http://{{ $labels.instance }}/runbooks/${name}`;
  return `{{ with query "up{job='${job}'} == 1" }}http://{{ . | first | label "instance" }}/runbooks/${name}{{ else }}{{ $externalURL }}/alerts?search=${name}{{ end }}`;
}

/** What is made for each fault ends with a space of its own. */
const apart = (text: string): string => (text.endsWith("{{ end }}") ? text : `${text} `);

function alertRule(entry: Alert<AlertName>, options: RuleOptions): AlertRule {
  const { name, severity, scope, owner, summary, description, expr, forSeconds, keepFiringSeconds, dashboard } = entry;
  const scaled = (seconds: number): string => duration(seconds * options.timeScale);
  return {
    alert: name,
    expr: typeof expr === "string" ? expr : expr(options),
    ...(forSeconds === undefined ? {} : { for: scaled(forSeconds) }),
    ...(keepFiringSeconds === undefined ? {} : { keep_firing_for: scaled(keepFiringSeconds) }),
    labels: { severity, scope, ...(owner === undefined ? {} : { owner }) },
    annotations: {
      summary,
      description: `${apart(description)}Owner: ${owner ?? "{{ $labels.owner }}"}. More: llm-healthd explain ${name}`,
      runbook_url: runbookUrl(entry, options),
      dashboard_url: `${(options.grafana ?? "").replace(/\/$/, "")}/d/${dashboard}`,
    },
  };
}

export function alertRules(options: RuleOptions = defaultOptions): { readonly groups: readonly RuleGroup<AlertRule>[] } {
  return {
    groups: alertGroups.map(({ name, alerts }) => ({
      name: `llm-healthd-${name}`,
      interval: duration(alerts.some(({ severity }) => severity === "critical") ? EVALUATION_SECONDS : UNHURRIED_SECONDS),
      rules: alerts.map((entry) => alertRule(entry, options)),
    })),
  };
}

export const recordings = () => ({
  groups: [{ name: "llm-healthd-recordings", interval: duration(UNHURRIED_SECONDS), rules: recordingRules }],
});

/** As in every file here: long lines stay whole, text that spans lines keeps them. */
export const toYaml = (value: unknown): string => stringify(value, { lineWidth: 0, blockQuote: "literal", aliasDuplicateObjects: false });

const HEAD =
  "# Made by `npm run generate` from src/mixin; do not edit. `llm-healthd rules` prints it with your own job, runbooks and Grafana.\n";

/** Everything for one file, as a user's own Prometheus wants it. */
export const allRules = (options: RuleOptions) => ({ groups: [...alertRules(options).groups, ...recordings().groups] });

export const alertsYaml = (options?: RuleOptions): string => `${HEAD}${toYaml(alertRules(options))}`;
export const recordingsYaml = (): string => `${HEAD}${toYaml(recordings())}`;
