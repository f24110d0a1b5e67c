/** The rules as they are written: by promtool, by Prometheus' own grammar, and by the catalogue. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { wordsOf } from "../../src/core/root-cause.ts";
import { catalogue } from "../../src/metrics/catalogue.ts";
import { defaultOptions, duration, severities } from "../../src/mixin/alert.ts";
import { sharesOf } from "../../src/mixin/alerts/reasons.ts";
import { alertNames, alerts } from "../../src/mixin/alerts.ts";
import { alertsMarkdown } from "../../src/mixin/docs.ts";
import { prometheusRuleYaml } from "../../src/mixin/prometheus.ts";
import { recordingRules } from "../../src/mixin/recorded.ts";
import { type AlertRule, alertRules, allRules, toYaml } from "../../src/mixin/rules.ts";
import { burns, threshold, windows } from "../../src/mixin/slo.ts";
import { EVALUATION_SECONDS } from "../../src/mixin/timing.ts";
import { selectorsOf, syntaxErrors } from "../mixin/promql.ts";
import { cli } from "../support/cli.ts";
import { findProgram, missing } from "../support/programs.ts";

const CONFIG = resolve(import.meta.dirname, "../../config/prometheus");
const rules = alertRules().groups.flatMap((group) => group.rules);
const written = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...recordingRules.map(({ record, expr }) => [record, expr] as const),
];

const promtool = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(findProgram("promtool") ?? "", args, { encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
};
const why = missing("promtool");

describe.skipIf(why !== undefined)(`promtool check${why === undefined ? "" : `: ${why}`}`, () => {
  test("rules and config are clean", () => {
    const checked = promtool("check", "rules", "--lint-fatal", join(CONFIG, "alerts.yaml"), join(CONFIG, "recording-rules.yaml"));
    expect(checked).toEqual({ status: 0, said: expect.stringContaining(`SUCCESS: ${alertNames.length} rules found`) });
    const config = promtool("check", "config", "--lint-fatal", join(CONFIG, "prometheus.yml"));
    expect(config).toEqual({ status: 0, said: expect.stringContaining("SUCCESS: 2 rule files found") });
  });

  test("so are the operator's, once unwrapped, and those that a user prints", async () => {
    const folder = mkdtempSync(join(tmpdir(), "healthd-rules-"));
    const own = await cli([
      "rules",
      "--job",
      "a/b",
      "--grafana",
      "https://g.example.net/",
      "--runbooks",
      "https://w.example.net/NAME.html",
    ]);
    expect(own.code).toBe(0);
    const files = { "operator.yaml": toYaml(parse(prometheusRuleYaml()).spec), "own.yaml": own.out };
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text);
      const all = alertNames.length + recordingRules.length;
      expect(promtool("check", "rules", join(folder, name))).toEqual({ status: 0, said: expect.stringContaining(`SUCCESS: ${all} rules`) });
    }
    rmSync(folder, { recursive: true });
  });
});

test.each(written)("%s is PromQL, of metrics that there are", (_, expr) => {
  expect(syntaxErrors(expr)).toEqual([]);
  const parts = catalogue.flatMap(({ name, type }) =>
    type === "histogram" ? ["bucket", "count", "sum"].map((suffix) => `${name}_${suffix}`) : [name],
  );
  const known = new Set([...parts, ...recordingRules.map(({ record }) => record), "up"]);
  expect(
    selectorsOf(expr)
      .map(({ metric }) => metric)
      .filter((metric) => !known.has(metric)),
  ).toEqual([]);
});

test("summaries are sentences that hold for every case; the rest says whose it is and where to read on", () => {
  for (const { alert, annotations, labels } of rules) {
    const { summary, description, runbook_url, dashboard_url } = annotations;
    expect(summary, alert).toMatch(/^[A-Z][^{}]+\.$/);
    expect(description, alert).toMatch(/\{\{|\w/);
    expect(description, alert).toContain(` More: llm-healthd explain ${alert}`);
    expect(description, alert).toContain(`Owner: ${labels.owner ?? "{{ $labels.owner }}"}.`);
    expect(runbook_url, alert).toContain(`/runbooks/${alert}`);
    expect(dashboard_url, alert).toMatch(/^\/d\/healthd-\w+$/);
    expect(severities, alert).toContain(labels.severity);
  }
  // Of the network it is never one port or one name.
  for (const alert of alerts.filter(({ scope }) => scope !== "network")) {
    for (const { reasons: some, places } of sharesOf(alert.name as never)) {
      const kind = places.join() === "model" ? "model" : "credential";
      for (const reason of some)
        expect(alert.description.toLowerCase()).toContain(wordsOf({ subject: "x", kind, reason }).remedy.toLowerCase());
    }
  }
});

test("what wakes somebody counts looks; only the daemon's own absence is waited for", () => {
  for (const { labels, for: wait, alert } of rules.filter((rule) => rule.labels.severity === "critical")) {
    expect(wait === undefined || labels.scope === "daemon", alert).toBe(true);
    expect(labels.scope, alert).not.toBe("slo");
  }
});

test("what wakes somebody is asked as often as plan promises, the rest at leisure", () => {
  for (const { interval, rules: some } of alertRules().groups) {
    const wakes = some.some(({ labels }) => labels.severity === "critical");
    expect(interval).toBe(wakes ? `${EVALUATION_SECONDS}s` : "30s");
  }
});

test("every alert has a row in the docs", () => {
  const rows = [...alertsMarkdown().matchAll(/^\| \[(\w+)\]\(runbooks\/\1\.md\) \|/gm)].map(([, name]) => name);
  expect(rows.toSorted()).toEqual([...alertNames].toSorted());
});

test("options: a user's own job, runbooks and Grafana, and shorter waits", () => {
  const made = allRules({ timeScale: 0.05, job: "mine", runbooks: "https://w.example.net/NAME.html", grafana: "https://g.example.net/" });
  const all = made.groups.flatMap((group): readonly object[] => group.rules).filter((rule) => "alert" in rule) as AlertRule[];
  const down = all.find(({ alert }) => alert === "HealthdDown");
  expect(down).toMatchObject({ expr: 'up{job="mine"} == 0', for: "3s" });
  expect(down?.annotations).toMatchObject({
    runbook_url: "https://w.example.net/HealthdDown.html",
    dashboard_url: "https://g.example.net/d/healthd-daemon",
  });
  const missingModel = all.find(({ alert }) => alert === "ModelMissing");
  expect(missingModel).toMatchObject({ keep_firing_for: "15s" });
  expect(alertRules({ ...defaultOptions, runbooks: "https://w.example.net/" }).groups[0]?.rules[0]?.annotations.runbook_url).toBe(
    "https://w.example.net/ApiKeyRejected",
  );
  expect([0.0004, 0.5, 1.5, 90, 300, 3600, 7200, 86_400].map(duration)).toEqual(["1ms", "500ms", "1500ms", "90s", "5m", "1h", "2h", "1d"]);
});

test.each([
  [["--grafana", "grafana"], "--grafana grafana: no URL"],
  [["--runbooks", "ftp://x"], "--runbooks ftp://x: no URL"],
  [["--grafana", "https://x/{{"], "--grafana https://x/{{: no braces. Prometheus would take them for a template; write %7B and %7D."],
  [["--runbooks", "https://x/{{ $labels.instance }}/NAME"], "NAME: no braces"],
  [["--runbooks", "https://x/}}"], "--runbooks https://x/}}: no braces"],
  [["--time-scale", "0"], "--time-scale 0: not above 0 and up to 1"],
  [["--time-scale", "fast"], "--time-scale fast: not above 0 and up to 1"],
  [["--job", 'a"} or vector(1'], "no job's name"],
])("rules %j is refused, with what would be right", async (args, message) => {
  const { code, out, err } = await cli(["rules", ...args]);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toContain(message);
});

test("an objective that no failure can miss so fast is refused", () => {
  expect(threshold(0.95, 14.4)).toBe(0.72);
  expect(threshold(0.99, 6)).toBe(0.06);
  expect(() => threshold(0.93, 14.4)).toThrow(/cannot burn 14.4 times too fast/);
  expect(() => threshold(1, 1)).toThrow(/between 0 and 1/);
  expect(burns.every(({ longSeconds, shortSeconds }) => longSeconds === 12 * shortSeconds)).toBe(true);
  expect(windows).toEqual(["5m", "30m", "1h", "2h", "6h", "1d", "3d"]);
});

test("exactly these wake somebody; what stands on a fault goes on over a restart", () => {
  const critical = rules.filter(({ labels }) => labels.severity === "critical");
  const table = critical.map((rule) => `${rule.alert} ${rule.for ?? "at once"}, kept ${rule.keep_firing_for ?? "no longer"}`);
  expect(table).toEqual([
    "ApiKeyRejected at once, kept 5m",
    "ApiKeyMalformed at once, kept 5m",
    "PaymentRequired at once, kept 5m",
    "ModelRequestRejected at once, kept 5m",
    "ModelMissing at once, kept 5m",
    "ProviderUnavailable at once, kept 5m",
    "GatewayOutage at once, kept 5m",
    "NetworkUnreachable at once, kept 5m",
    "StorageUnavailable at once, kept 5m",
    "StorageAccessDenied at once, kept 5m",
    "StorageCorrupted at once, kept 5m",
    "AppUnavailable at once, kept 5m",
    "HealthdDown 1m, kept no longer",
    "HealthdAbsent 5m, kept no longer",
    "HealthdStalled 1m, kept no longer",
    "ModelDownEverywhere at once, kept 5m",
  ]);
});
