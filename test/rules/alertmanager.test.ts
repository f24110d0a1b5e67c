/** Alertmanager's files, by its own tool: valid, and each alert goes where its severity says. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { scopes } from "../../src/mixin/alert.ts";
import { alertmanagerYaml, ways, webhooks } from "../../src/mixin/alertmanager.ts";
import { alertRules } from "../../src/mixin/rules.ts";
import { findProgram, missing } from "../support/programs.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const amtool = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(findProgram("amtool") ?? "", args, { encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
};
const files = ways.map(({ file }) => file);
const why = missing("amtool");

const ROUTES = {
  "severity=critical alertname=ApiKeyRejected": "page",
  "severity=warning alertname=RateLimited": "ticket",
  "severity=none alertname=Watchdog": "heartbeat",
  "severity=info alertname=Other": "null",
  "severity=none alertname=Other": "null",
  // Of somebody else's rules, without any severity: it must not get lost.
  "alertname=Other": "ticket",
} as const;

describe.skipIf(why !== undefined)(`amtool${why === undefined ? "" : `: ${why}`}`, () => {
  describe.each(files)("%s", (file) => {
    test("is valid", () => expect(amtool("check-config", resolve(ROOT, file))).toMatchObject({ status: 0 }));
    test.each(Object.entries(ROUTES))("%s goes to %s", (labels, receiver) => {
      const tested = amtool(
        "config",
        "routes",
        "test",
        `--config.file=${resolve(ROOT, file)}`,
        `--verify.receivers=${receiver}`,
        ...labels.split(" "),
      );
      expect(tested).toMatchObject({ status: 0, said: expect.stringContaining(receiver) });
    });
  });
});

const config = parse(alertmanagerYaml({ says: [], ...webhooks("http://127.0.0.1:1/hooks") }, 0.1));

test("for trials, what comes after the first notification is shortened; the URLs are one's own", () => {
  expect(config.route).toMatchObject({ group_wait: "10s", group_interval: "30s" });
  expect(config.receivers.map(({ name }: { name: string }) => name)).toEqual(["page", "ticket", "heartbeat", "null"]);
  expect(config.receivers[0].webhook_configs[0].url).toBe("http://127.0.0.1:1/hooks/page");
});

test("who is woken, by severity: every alert of ours is claimed by a route", () => {
  const severities = new Set(alertRules().groups.flatMap(({ rules }) => rules.map(({ labels }) => labels.severity)));
  const matched = (config.route.routes as { matchers: string[] }[]).flatMap(({ matchers }) => matchers).join();
  for (const severity of severities) expect(matched).toMatch(new RegExp(`severity=~?"[^"]*${severity}`));
});

test("only who gets it differs between the files", () => {
  const [first, ...others] = ways.map((way) => parse(alertmanagerYaml(way)));
  for (const other of others) expect({ ...other, receivers: [] }).toEqual({ ...first, receivers: [] });
});

interface Inhibition {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal: readonly string[];
}

const scopesIn = (matchers: readonly string[]): string[] =>
  matchers.flatMap((matcher) => (matcher.startsWith("scope=") ? matcher.replace(/^scope=~?"|"$/g, "").split("|") : []));

test("no inhibition silences what wakes somebody, but for a dead daemon, a cut network and a second page of one cause", () => {
  for (const { source_matchers, target_matchers, equal } of config.inhibit_rules as Inhibition[]) {
    expect(source_matchers).toContain('severity="critical"');
    expect(equal).toContain("job");
    for (const scope of [...scopesIn(source_matchers), ...scopesIn(target_matchers)]) expect(scopes).toContain(scope);
    const wide = ["daemon", "network"].includes(scopesIn(source_matchers).join());
    const only = target_matchers.includes('severity="warning"') || target_matchers.includes('alertname="ModelDownEverywhere"');
    expect(wide || only, target_matchers.join()).toBe(true);
    // None silences itself.
    if (!only) for (const scope of scopesIn(target_matchers)) expect(scopesIn(source_matchers)).not.toContain(scope);
  }
});
