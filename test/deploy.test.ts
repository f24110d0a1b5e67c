/** The examples under deploy/: that they can be read, agree with each other and with the program, and that their config is one. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { loadConfig } from "../src/config/load.ts";
import { duration } from "../src/mixin/alert.ts";
import { SCRAPE_SECONDS } from "../src/mixin/timing.ts";
import { sections } from "../src/probes/index.ts";
import { findProgram, missing } from "./support/programs.ts";

const DEPLOY = resolve(import.meta.dirname, "../deploy");
const PORT = 10556;
const text = (file: string): string => readFileSync(join(DEPLOY, file), "utf8");
const packageFile = JSON.parse(readFileSync(join(DEPLOY, "../package.json"), "utf8")) as { version: string };

const compose = parse(text("compose.yaml"));
const [deployment, service, configMap, serviceMonitor] = ["deployment", "service", "configmap", "servicemonitor"].map((name) =>
  parse(text(`kubernetes/${name}.yaml`)),
);
const [container] = deployment.spec.template.spec.containers;

test("every example names the same port", () => {
  expect(compose.services.healthd.ports).toEqual([`127.0.0.1:${PORT}:${PORT}`]);
  expect(compose.configs.prometheus.content).toContain(`"healthd:${PORT}"`);
  expect(container.ports).toEqual([{ name: "http", containerPort: PORT }]);
  expect(service.spec.ports).toEqual([{ name: "http", port: PORT, targetPort: "http" }]);
  expect(service.metadata.annotations["prometheus.io/port"]).toBe(String(PORT));
  expect(text("llm-healthd.service")).toContain(`--listen 127.0.0.1:${PORT} `);
});

test("compose: what is mounted and depended on is declared", () => {
  const services = Object.values(compose.services) as { configs?: { source: string }[]; volumes?: string[]; depends_on?: string[] }[];
  const named = services
    .flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(":")[0] ?? ""))
    .filter((name) => !name.startsWith("."));
  expect(named.toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
  const used = services.flatMap(({ configs = [] }) => configs.map(({ source }) => source));
  expect(used.toSorted()).toEqual(Object.keys(compose.configs).toSorted());
  for (const name of services.flatMap(({ depends_on = [] }) => depends_on)) expect(Object.keys(compose.services)).toContain(name);
});

test("compose: alerts go to its Alertmanager, which has the shipped file", () => {
  const { alerting } = parse(compose.configs.prometheus.content);
  expect(alerting.alertmanagers).toEqual([{ static_configs: [{ targets: ["alertmanager:9093"] }] }]);
  const { image, volumes, ports } = compose.services.alertmanager;
  expect({ image, ports }).toEqual({ image: expect.stringMatching(/^prom\/alertmanager:v\d/), ports: ["127.0.0.1:9093:9093"] });
  // Where the image looks for alertmanager.yml, and where the receivers look for their secrets.
  expect(volumes).toContain("../config/alertmanager:/etc/alertmanager:ro");
  const receivers = readdirSync(resolve(DEPLOY, "../config/alertmanager"));
  expect(receivers).toEqual(expect.arrayContaining(["alertmanager.yml", "receivers"]));
});

const why = missing("promtool");

function promtool(prometheusYaml: string, ...args: readonly string[]): { status: number | null; stdout: string } {
  const folder = mkdtempSync(join(tmpdir(), "healthd-deploy-"));
  const file = join(folder, "prometheus.yml");
  writeFileSync(file, prometheusYaml);
  const [verb = "", ...rest] = args;
  const { status, stdout } = spawnSync(findProgram("promtool") ?? "", ["check", verb, file, ...rest], { encoding: "utf8" });
  rmSync(folder, { recursive: true });
  return { status, stdout };
}

/** Labels of the job's targets, after all relabeling. */
function labelsOf(prometheusYaml: string): readonly Readonly<Record<string, string>>[] {
  // It waits for so long, however soon it has found them.
  const { status, stdout } = promtool(prometheusYaml, "service-discovery", "llm-healthd", "--timeout=1s");
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('"labels"') });
  return (JSON.parse(stdout) as { labels: Record<string, string> }[]).map(({ labels }) => labels);
}

describe.skipIf(why !== undefined)(`with promtool${why === undefined ? "" : `: ${why}`}`, () => {
  test("compose: Prometheus accepts its configuration", () => {
    const checked = promtool(compose.configs.prometheus.content, "config");
    expect(checked).toEqual({ status: 0, stdout: expect.stringContaining("SUCCESS") });
  });

  test("compose: what alerts link to is where the daemon is published", () => {
    const [published = ""] = compose.services.healthd.ports as string[];
    const instance = published.split(":").slice(0, 2).join(":");
    expect(labelsOf(compose.configs.prometheus.content)).toEqual([
      expect.objectContaining({ job: "llm-healthd", instance, __address__: `healthd:${PORT}` }),
    ]);
  });

  test("kubernetes: whatever its pod, the daemon is one instance of the job that the rules ask for", () => {
    const { jobLabel, endpoints } = serviceMonitor.spec;
    const meta = (label: string): string => `__meta_kubernetes_service_label_${label.replaceAll(/\W/g, "_")}`;
    // As the operator writes it.
    const scrape = {
      job_name: "llm-healthd",
      static_configs: [
        {
          targets: [`10.0.0.7:${PORT}`],
          labels: {
            __meta_kubernetes_service_name: service.metadata.name,
            __meta_kubernetes_namespace: "watch",
            [meta(jobLabel)]: service.metadata.labels[jobLabel],
          },
        },
      ],
      relabel_configs: [
        { target_label: "job", replacement: "watch/llm-healthd" },
        { source_labels: [meta(jobLabel)], target_label: "job", regex: "(.+)" },
        ...endpoints[0].relabelings.map(({ sourceLabels, targetLabel, ...rest }: { sourceLabels: string[]; targetLabel: string }) => ({
          ...rest,
          source_labels: sourceLabels,
          target_label: targetLabel,
        })),
      ],
    };
    expect(labelsOf(stringify({ scrape_configs: [scrape] }))).toEqual([
      expect.objectContaining({ job: "llm-healthd", instance: `llm-healthd.watch:${PORT}`, __address__: `10.0.0.7:${PORT}` }),
    ]);
  });
});

test("kubernetes: the operator scrapes the service's port as often as the rules expect", () => {
  const { selector, endpoints } = serviceMonitor.spec;
  expect(service.metadata.labels).toMatchObject(selector.matchLabels);
  const [port] = service.spec.ports;
  expect(endpoints).toEqual([expect.objectContaining({ port: port.name, interval: duration(SCRAPE_SECONDS) })]);
  expect(readFileSync(join(DEPLOY, "kubernetes/prometheusrule.yaml"), "utf8")).toContain("servicemonitor.yaml");
});

test("kubernetes: the parts find each other", () => {
  expect(readdirSync(join(DEPLOY, "kubernetes")).toSorted()).toEqual([
    "configmap.yaml",
    "deployment.yaml",
    "prometheusrule.yaml",
    "service.yaml",
    "servicemonitor.yaml",
  ]);
  const labels = deployment.spec.template.metadata.labels;
  expect(deployment.spec.selector.matchLabels).toEqual(labels);
  expect(service.spec.selector).toEqual(labels);
  const { volumes } = deployment.spec.template.spec;
  expect(container.volumeMounts.map(({ name }: { name: string }) => name)).toEqual(volumes.map(({ name }: { name: string }) => name));
  expect(volumes[0].configMap.name).toBe(configMap.metadata.name);
  expect(container.image).toBe(`llm-healthd:${packageFile.version}`);
});

test("kubernetes: what runbooks have kubectl look for is there", () => {
  const folder = resolve(DEPLOY, "../docs/runbooks");
  const books = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
  const selectors = books.flatMap((text) => [...text.matchAll(/kubectl [^`\n]*-l ([^\s`]+)/g)].map(([, selector]) => selector));
  const labels = Object.entries(deployment.spec.template.metadata.labels).map((pair) => pair.join("="));
  expect(new Set(selectors)).toEqual(new Set(labels));
});

test("kubernetes: the probed paths are the program's, and it runs without root", () => {
  const routes = readFileSync(resolve(DEPLOY, "../src/web/routes/standing.ts"), "utf8");
  for (const { httpGet } of [container.livenessProbe, container.readinessProbe]) expect(routes).toContain(`path: "${httpGet.path}"`);
  expect(deployment.spec.template.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
  expect(container.securityContext).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true });
});

test("kubernetes: the config map's config is whole", () => {
  const env = { OPENROUTER_API_KEY: `sk-or-v1-${"a".repeat(64)}`, S3_KEY: "AKIAEXAMPLEEXAMPLE00", S3_SECRET: "s".repeat(40) };
  const loaded = loadConfig({ file: "configmap", text: configMap.data["healthd.yaml"], sections, env });
  expect(loaded).toMatchObject({ ok: true, warnings: [] });
  // The comment that makes the secret names every variable that the config reads.
  const read = [...configMap.data["healthd.yaml"].matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name);
  const made = [...text("kubernetes/configmap.yaml").matchAll(/--from-literal=(\w+)=/g)].map(([, name]) => name);
  expect(made.toSorted()).toEqual(read.toSorted());
});

test("systemd: every line is a section, a comment or a setting; a wrong config is not restarted", () => {
  const lines = text("llm-healthd.service")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  expect(lines.filter((line) => !/^\[(Unit|Service|Install)\]$|^[A-Z][A-Za-z]+=/.test(line))).toEqual([]);
  const settings = Object.fromEntries(
    lines.filter((line) => line.includes("=")).map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  expect(settings).toMatchObject({
    RestartPreventExitStatus: "2",
    DynamicUser: "yes",
    ProtectSystem: "strict",
    ExecReload: "/bin/kill -HUP $MAINPID",
    // The program speaks through a child, and is fed three times within this.
    Type: "notify",
    NotifyAccess: "all",
    WatchdogSec: "60",
  });
  // Ending may take ten seconds (test/e2e/process.test.ts).
  const patience = [
    settings.TimeoutStopSec,
    compose.services.healthd.stop_grace_period,
    deployment.spec.template.spec.terminationGracePeriodSeconds,
  ];
  for (const seconds of patience) expect(Number.parseInt(String(seconds), 10)).toBeGreaterThan(10);
});

const analyze = findProgram("systemd-analyze");
// Where there is no systemd, CI included, the test above has to do.
if (analyze !== undefined) {
  test("systemd: the unit is sound, and little is exposed", () => {
    const unit = join(DEPLOY, "llm-healthd.service");
    const verified = spawnSync(analyze, ["verify", "--man=no", unit], { encoding: "utf8" });
    expect({ status: verified.status, stderr: verified.stderr }).toEqual({ status: 0, stderr: "" });
    // 10 is "unsafe", below 2 "ok" and better.
    const { stdout } = spawnSync(analyze, ["security", "--offline=true", "--threshold=20", unit], { encoding: "utf8" });
    expect(Number(/exposure level for [^:]+: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThan(2);
  });
}
