/** Files from which Grafana takes its data source and its dashboards as it starts. */
import { SCRAPE_SECONDS } from "./timing.ts";

const FROM =
  "# Made from src/mixin/grafana.ts by `npm run generate`; goes below /etc/grafana/provisioning, as deploy/compose.yaml does it.\n";

/** Without the scrape interval, Grafana thinks it is 15 s, and `$__rate_interval` becomes too wide. */
export const grafanaDatasource = (): string => `${FROM}apiVersion: 1
datasources:
  - name: Prometheus
    uid: prometheus
    type: prometheus
    url: http://prometheus:9090
    isDefault: true
    jsonData:
      httpMethod: POST
      timeInterval: ${SCRAPE_SECONDS}s
      # Lets Grafana list the alerts of Prometheus's own rules.
      manageAlerts: true
`;

/** Where the folder dashboards/ is to be seen by Grafana. */
export const GRAFANA_DASHBOARDS = "/var/lib/grafana/dashboards/llm-healthd";

export const grafanaDashboards = (): string => `${FROM}apiVersion: 1
providers:
  - name: llm-healthd
    folder: llm-healthd
    type: file
    disableDeletion: true
    allowUiUpdates: false
    updateIntervalSeconds: 30
    options:
      path: ${GRAFANA_DASHBOARDS}
`;
