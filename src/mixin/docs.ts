/** Makes docs/alerts.md from the alerts. */
import { type Alert, duration } from "./alert.ts";
import { alertGroups } from "./alerts.ts";

const INTRO = `# Alerts

Generated from \`src/mixin/alerts/\` by \`npm run generate\`; do not edit.

\`critical\` wakes somebody, \`warning\` is a ticket, \`none\` is for machines. One broken thing is one page: alerts stand on the faults that the
daemon has found, not on each target's symptoms, and count probes that agree instead of time, so that rare probes do not delay or forge them.
*kept* says how long an alert goes on firing after its cause has gone, so that a restart or a flap does not page anew.

The rules: [config/prometheus/alerts.yaml](../config/prometheus/alerts.yaml), or with your own job, runbooks and Grafana \`llm-healthd rules\`.
Who gets them: [config/alertmanager/alertmanager.yml](../config/alertmanager/alertmanager.yml).
`;

const TITLES: Readonly<Record<(typeof alertGroups)[number]["name"], string>> = {
  faults: "Faults that the daemon has found",
  daemon: "The daemon itself",
  accounts: "Keys, money and quota",
  models: "Models",
  targets: "Storage and servers",
  objectives: "Error budgets",
};

function row({ name, severity, summary, owner, forSeconds, keepFiringSeconds }: Alert): string {
  const waits = [
    ...(forSeconds === undefined ? [] : [`for ${duration(forSeconds)}`]),
    ...(keepFiringSeconds === undefined ? [] : [`kept ${duration(keepFiringSeconds)}`]),
  ].join(", ");
  return `| [${name}](runbooks/${name}.md) | ${severity} | ${summary} | ${waits} | ${owner ?? "as the fault says"} |`;
}

export function alertsMarkdown(): string {
  const sections = alertGroups.map(({ name, alerts }) =>
    [`## ${TITLES[name]}`, "", "| alert | severity | when | waits | owner |", "|---|---|---|---|---|", ...alerts.map(row), ""].join("\n"),
  );
  return [INTRO, ...sections].join("\n");
}
