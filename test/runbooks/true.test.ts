/** Whatever a runbook tells a tired person to type exists: commands and their options, metrics and their labels, reasons, config keys. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { expect, test } from "vitest";
import type { Command, Option } from "../../src/cli/command.ts";
import { commands } from "../../src/cli/commands/index.ts";
import { explanationOf } from "../../src/cli/explanation.ts";
import { skipCauses, verdicts, vias } from "../../src/core/outcome.ts";
import { kinds, owners, reasonNames } from "../../src/core/reason.ts";
import { catalogue } from "../../src/metrics/catalogue.ts";
import { defaultOptions } from "../../src/mixin/alert.ts";
import { alerts } from "../../src/mixin/alerts.ts";
import { faultNames } from "../../src/simulator/faults/table.ts";
import { groupingOf, selectorsOf, syntaxErrors } from "../mixin/promql.ts";
import { labelsOf, SCRAPE_LABELS } from "./series.ts";
import { codeBlocks, everything, shellLines, written } from "./written.ts";

const words = (line: string): string[] => [...line.matchAll(/"[^"]*"|'[^']*'|\S+/g)].map(([word]) => word.replaceAll(/^["']|["']$/g, ""));

/** A value of this option must be one of these. */
const VALUES: Readonly<Record<string, readonly string[]>> = { reason: reasonNames, kind: kinds, fault: faultNames };

function parserOption({ flags, repeatable }: Option): [string, { type: "string" | "boolean"; short?: string; multiple: boolean }] {
  const [, short, name = "", value] = /^(?:-(\w), )?--([\w.-]+)(?: (<.+>))?$/.exec(flags) ?? [];
  const type = value === undefined ? "boolean" : "string";
  return [name, { type, multiple: repeatable === true, ...(short === undefined ? {} : { short }) }];
}

function parsed(command: Command, args: string[]) {
  const options = Object.fromEntries(command.options.map(parserOption));
  return parseArgs({ args, options, allowPositionals: command.parameters !== undefined });
}

function wrongWith(line: string): string | undefined {
  const [, name = "", ...args] = words(line);
  if (name === "--version" && args.length === 0) return undefined;
  const command = commands.find((one) => one.name === name);
  if (command === undefined) return "no such command";
  try {
    const { values, positionals } = parsed(command, args);
    const impossible = Object.entries(values).find(([option, value]) => VALUES[option]?.includes(String(value)) === false);
    if (impossible !== undefined) return `--${impossible.join(" cannot be ")}`;
    return name === "explain" && positionals.some((word) => explanationOf(word) === undefined)
      ? "nothing to explain by that name"
      : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

test("every llm-healthd command and option exists", () => {
  const lines = everything.flatMap((book) => shellLines(book).map((line) => ({ name: book.name, line })));
  const ours = lines.filter(({ line }) => line.startsWith("llm-healthd "));
  expect(ours.length).toBeGreaterThan(100);
  const broken = ours.flatMap(({ name, line }) => {
    const wrong = wrongWith(line);
    return wrong === undefined ? [] : [`${name}: ${line}: ${wrong}`];
  });
  expect(broken).toEqual([]);
});

test("a command that does not exist would be found", () => {
  expect(wrongWith("llm-healthd mend")).toBe("no such command");
  expect(wrongWith("llm-healthd check --colour red")).toContain("--colour");
  expect(wrongWith("llm-healthd check --kind")).toContain("argument missing");
  expect(wrongWith("llm-healthd check --json yes")).toBeUndefined();
  expect(wrongWith("llm-healthd check --kind molde")).toBe("--kind cannot be molde");
  expect(wrongWith("llm-healthd plan qwen")).toContain("qwen");
  expect(wrongWith("llm-healthd explain nonsense")).toBe("nothing to explain by that name");
});

/** Prometheus' own, and those that Node's client adds to every page. */
const FOREIGN = /^(?:up|scrape_duration_seconds|ALERTS|process_\w+|nodejs_\w+)$/;
const CLOSED: Readonly<Record<string, readonly string[]>> = {
  kind: kinds,
  owner: owners,
  reason: reasonNames,
  verdict: verdicts,
  via: vias,
  cause: skipCauses,
  window: ["5m", "30m", "1d", "daily", "weekly", "monthly", "total"],
  capability: ["image_input", "tools", "structured_outputs", "reasoning"],
  token: ["reasoning", "answer"],
};

function wrongQuery(text: string): readonly string[] {
  const known = selectorsOf(text).filter(({ metric }) => !FOREIGN.test(metric));
  const unknown = known.filter(({ metric }) => labelsOf(metric) === undefined).map(({ metric }) => `no metric ${metric}`);
  const labels = known.flatMap(({ metric, matchers }) => {
    const allowed = [...(labelsOf(metric) ?? []), ...SCRAPE_LABELS];
    return matchers.flatMap(({ label, value }) => {
      if (!allowed.includes(label)) return [`${metric} has no label ${label}`];
      const closed = CLOSED[label];
      return value.split("|").flatMap((one) => (closed === undefined || closed.includes(one) ? [] : [`${label} is never ${one}`]));
    });
  });
  const ours = new Set([...known.flatMap(({ metric }) => labelsOf(metric) ?? []), ...SCRAPE_LABELS]);
  const grouping = groupingOf(text).filter((label) => !ours.has(label));
  return [...syntaxErrors(text), ...unknown, ...labels, ...grouping.map((label) => `grouped by ${label}, which nothing has`)];
}

test("every query parses, and names metrics, labels and values that exist", () => {
  const queries = everything.flatMap(({ name, blocks }) => codeBlocks(blocks, "promql").map((query) => ({ name, query })));
  expect(queries.length).toBeGreaterThanOrEqual(written.length);
  expect(queries.flatMap(({ name, query }) => wrongQuery(query).map((wrong) => `${name}: ${query}: ${wrong}`))).toEqual([]);
});

test("a query that is wrong would be found", () => {
  expect(wrongQuery("sum by (kind (healthd_targets)")).not.toEqual([]);
  expect(wrongQuery("healthd_target")).toEqual(["no metric healthd_target"]);
  expect(wrongQuery('healthd_targets{target="x"}')).toEqual(["healthd_targets has no label target"]);
  expect(wrongQuery('healthd_fault_active{reason=~"dns|dsn"}')).toEqual(["reason is never dsn"]);
  expect(wrongQuery("sum by (model) (healthd_targets)")).toEqual(["grouped by model, which nothing has"]);
  expect(wrongQuery("healthd_probe_duration_seconds")).toEqual(["no metric healthd_probe_duration_seconds"]);
});

test("every metric in a sentence is in the catalogue", () => {
  const named = everything.flatMap(({ name, text }) => [...text.matchAll(/\bhealthd_\w+/g)].map(([metric]) => ({ name, metric })));
  const names: readonly string[] = catalogue.map(({ name }) => name);
  expect(named.filter(({ metric }) => !names.includes(metric) && labelsOf(metric) === undefined)).toEqual([]);
});

test("every reason in a sentence is one of ours, every config key in the docs", () => {
  const config = readFileSync(resolve(import.meta.dirname, "../../docs/config.md"), "utf8");
  const chapter = (key: string): string => new RegExp(`## \`${key}(?:\\.NAME)?\`[\\s\\S]*?(?=\n## |$)`).exec(config)?.[0] ?? "";
  const code = everything.flatMap(({ name, text }) => [...text.matchAll(/`([^`\n]+)`/g)].map(([, word = ""]) => ({ name, word })));
  const keys = code.flatMap(({ name, word }) => {
    const [, key = "", field = ""] = /^(budget|policy|defaults|history|shard|proxy|web|log)\.(\w+)/.exec(word) ?? [];
    return key === "" || chapter(key).includes(`\`${field}\``) ? [] : [`${name}: ${word}`];
  });
  const reasons: readonly string[] = reasonNames;
  const invented = code.filter(({ word }) => /^(?:s3|timeout|connect|key|model)_[a-z_]+$/.test(word) && !reasons.includes(word));
  expect({ keys, invented }).toEqual({ keys: [], invented: [] });
});

/** Labels that the alert's series can have, besides those that its rule gives it. */
function seriesLabels(name: string): readonly string[] {
  const found = alerts.find((one) => one.name === name);
  const expr = typeof found?.expr === "function" ? found.expr(defaultOptions) : (found?.expr ?? "");
  const dropped = /^max without \((.*?)\)/m.exec(expr)?.[1]?.split(", ") ?? [];
  const all = selectorsOf(expr).flatMap(({ metric }) => labelsOf(metric) ?? []);
  const made = expr.includes('"subject"') ? ["subject"] : [];
  const recorded = expr.includes("kind:healthd_") ? ["kind"] : [];
  return [...all.filter((label) => !dropped.includes(label)), ...made, ...recorded];
}

test("a silence names labels that its alert has, or it would silence nothing", () => {
  const broken = written.flatMap((book) =>
    shellLines(book).flatMap((line) => {
      const [, name = "", matchers = ""] = /^amtool silence add alertname=(\w+)((?: \w+=\S+)*)/.exec(line) ?? [];
      const labels = [...matchers.matchAll(/ (\w+)=/g)].map(([, label = ""]) => label);
      return labels.filter((label) => !seriesLabels(name).includes(label)).map((label) => `${name}: ${label}`);
    }),
  );
  expect(broken).toEqual([]);
  expect(seriesLabels("GatewayOutage")).toContain("credential");
  expect(seriesLabels("GatewayOutage")).not.toContain("subject");
});
