/** The files that make a Prometheus, or a prometheus-operator, use the rules. */
import { defaultOptions, duration } from "./alert.ts";
import { allRules, toYaml } from "./rules.ts";
import { EVALUATION_SECONDS, SCRAPE_SECONDS } from "./timing.ts";

const PROMETHEUS = `# Made by \`npm run generate\` from src/mixin; do not edit. A whole configuration: prometheus --config.file=config/prometheus/prometheus.yml
`;

/** HOST:PORT each. */
export interface Addresses {
  readonly daemon: string;
  readonly alertmanager: string;
}
const USUAL: Addresses = { daemon: "127.0.0.1:10556", alertmanager: "127.0.0.1:9093" };

export const prometheusYaml = ({ daemon, alertmanager }: Addresses = USUAL): string =>
  `${PROMETHEUS}${toYaml({
    global: { scrape_interval: duration(SCRAPE_SECONDS), evaluation_interval: duration(EVALUATION_SECONDS) },
    rule_files: ["alerts.yaml", "recording-rules.yaml"],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: [{ job_name: "llm-healthd", static_configs: [{ targets: [daemon] }] }],
  })}`;

const OPERATOR = `# Made by \`npm run generate\` from src/mixin; do not edit. For the prometheus-operator; kube-prometheus-stack also asks for the label
# release: <name of your release>. The scrape job must be called llm-healthd, as servicemonitor.yaml makes it; for another name:
# \`llm-healthd rules --job NAME\` prints the groups.
`;

export const prometheusRuleYaml = (): string =>
  `${OPERATOR}${toYaml({
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: { name: "llm-healthd", labels: { "app.kubernetes.io/name": "llm-healthd" } },
    spec: allRules(defaultOptions),
  })}`;
