/** Makes docs/dashboards.md from the dashboards. */
import type { Panel as Built, Dashboard, RowPanel } from "@grafana/grafana-foundation-sdk/dashboard";
import type { MetricName } from "../../metrics/catalogue.ts";
import { GRAFANA_DASHBOARDS } from "../grafana.ts";

/** Metrics that no dashboard and no rule looks at, and why: the place for an exception. */
export const unseen: Readonly<Partial<Record<MetricName, string>>> = {};

const INTRO = `# Dashboards

Generated from \`src/mixin/dashboards/\` by \`npm run generate\`; do not edit.

Five dashboards in [dashboards/](../dashboards), written for Grafana 10 to 13 (its classic schema). They can be had in three ways:

- **With compose**: \`docker compose -f deploy/compose.yaml --profile grafana up\`, then <http://127.0.0.1:3000>.
- **Provisioned from files**: put [config/grafana/provisioning/](../config/grafana/provisioning) below \`/etc/grafana/\`, and \`dashboards/\` where it says
  (\`${GRAFANA_DASHBOARDS}\`). Keep \`jsonData.timeInterval\` as long as the scrape interval of the daemon's job.
- **By hand**: Grafana → Dashboards → New → Import, one file after another.

At the top of each: the data source, the scrape job, the instance (all of them at first), and the daemon's address as your browser reaches it, for
links to its status page and runbooks. A panel's (i) says what it shows. Marks on the time axis: alerts firing, configs loaded, daemons started.

- Probes are sparse, one in minutes: panels show the latest value, or count over an hour or the page's range. A rate would be zeros and spikes.
- *Nothing shown* is honest where a thing could not be told; the panel's text says what that means.
- Of several daemons that look at the same target, a page shows the worst unless it names the instance.
`;

const cell = (text: string): string => text.replaceAll("|", "\\|");

function rows(panels: readonly (Built | RowPanel)[]): string[] {
  return panels.flatMap((panel) => {
    if (panel.type === "row") return [`| **${cell(panel.title ?? "")}** | |`];
    return [`| ${cell(panel.title ?? "")} | ${cell("description" in panel ? (panel.description ?? "") : "")} |`];
  });
}

function unseenText(): string {
  const all = Object.entries(unseen).map(([name, why]) => `- \`${name}\`: ${why}`);
  const ours =
    all.length === 0 ? ["Every `healthd_*` metric is on a dashboard or in a rule."] : ["No dashboard or rule looks at these:", "", ...all];
  const theirs =
    "Of prom-client's `process_*` and `nodejs_*`, the Daemon dashboard shows memory, CPU and open files; the rest is there for who debugs Node.";
  return ["## Not on a dashboard", "", ...ours, "", theirs, ""].join("\n");
}

export function dashboardsDoc(built: readonly Dashboard[]): string {
  const sections = built.map(({ title, uid, description, panels = [] }) =>
    [`## ${title}`, "", `\`dashboards/${uid}.json\`. ${description}`, "", "| panel | shows |", "|---|---|", ...rows(panels), ""].join("\n"),
  );
  return [INTRO, ...sections, unseenText()].join("\n");
}
