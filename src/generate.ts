/** Writes the files that are made from the code, or with --check names those that are stale: `node src/generate.ts [--check]`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cliDoc } from "./cli/docs.ts";
import { configDoc, exampleYaml, jsonSchema } from "./config/docs.ts";
import { metricsMarkdown } from "./metrics/docs.ts";
import { alertmanagerYaml, ways } from "./mixin/alertmanager.ts";
import { dashboardFiles } from "./mixin/dashboards/index.ts";
import { alertsMarkdown } from "./mixin/docs.ts";
import { grafanaDashboards, grafanaDatasource } from "./mixin/grafana.ts";
import { prometheusRuleYaml, prometheusYaml } from "./mixin/prometheus.ts";
import { alertsYaml, recordingsYaml } from "./mixin/rules.ts";
import { sections } from "./probes/index.ts";
import { webConfigDoc } from "./web/web-config/docs.ts";

interface Made {
  /** From the repository's root. */
  readonly path: string;
  make(): string;
}

export const generated: readonly Made[] = [
  { path: "config/schema.json", make: () => jsonSchema(sections) },
  { path: "config/example.yaml", make: () => exampleYaml(sections) },
  { path: "docs/config.md", make: () => configDoc(sections) },
  { path: "docs/web-config.md", make: webConfigDoc },
  { path: "docs/metrics.md", make: metricsMarkdown },
  { path: "docs/cli.md", make: cliDoc },
  { path: "config/grafana/provisioning/datasources/prometheus.yaml", make: grafanaDatasource },
  { path: "config/grafana/provisioning/dashboards/llm-healthd.yaml", make: grafanaDashboards },
  ...dashboardFiles,
  { path: "docs/alerts.md", make: alertsMarkdown },
  { path: "config/prometheus/alerts.yaml", make: alertsYaml },
  { path: "config/prometheus/recording-rules.yaml", make: recordingsYaml },
  { path: "config/prometheus/prometheus.yml", make: prometheusYaml },
  { path: "deploy/kubernetes/prometheusrule.yaml", make: prometheusRuleYaml },
  ...ways.map((way) => ({ path: way.file, make: () => alertmanagerYaml(way) })),
];

const ROOT = join(import.meta.dirname, "..");

/** Paths of the files that are not as they would be made now. */
export function stale(root = ROOT): string[] {
  const differs = ({ path, make }: Made): boolean => !existsSync(join(root, path)) || readFileSync(join(root, path), "utf8") !== make();
  return generated.filter(differs).map(({ path }) => path);
}

function write(root = ROOT): void {
  for (const { path, make } of generated) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), make());
  }
}

if (import.meta.main) {
  if (process.argv.includes("--check")) {
    const old = stale();
    if (old.length > 0) {
      process.stderr.write(`stale, run \`npm run generate\`: ${old.join(", ")}\n`);
      process.exitCode = 1;
    }
  } else {
    write();
  }
}
