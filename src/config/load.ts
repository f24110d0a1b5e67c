/** A config file to a Config, or to every issue at once. Never throws for what a file holds. */
import { dirname } from "node:path";
import { createRedactor } from "../base/redact.ts";
import { assemble, crossIssues, type Parts, readParts } from "./assemble.ts";
import type { Config, ConfigIssue } from "./config.ts";
import { explain, retyped } from "./explain.ts";
import { createReadText, type FileStamps, type ReadText } from "./files.ts";
import { type Finding, formatPath, type Path } from "./issue.ts";
import { variable } from "./pieces.ts";
import { proxyOf, proxySecrets } from "./proxy.ts";
import type { Add } from "./references.ts";
import { type Root, rootSchema } from "./schema.ts";
import { type Files, type SecretsFound, takeSecrets } from "./secrets.ts";
import type { Section } from "./section.ts";
import { fieldsOf, isMapping, READ_ONCE, valueAt } from "./shape.ts";
import { parseSource, type Source } from "./source.ts";
import { type Env, lookUp, parseEnvText, SECRET_NAME, secretsIn, variablesIn } from "./variables.ts";

export interface LoadOptions {
  readonly file: string;
  readonly sections: readonly Section[];
  readonly env: Env;
  /** Dotenv files: `env` wins over them, a later one over an earlier. */
  readonly envFiles?: readonly string[];
  /** Instead of reading `file`. */
  readonly text?: string;
}

export type { FileStamps } from "./files.ts";

export type Loaded = (
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly ConfigIssue[] }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] }
) & {
  /** Every file that was read for it, or should have been: itself, dotenv files, secrets. */
  readonly files: FileStamps;
};

interface Environment {
  readonly env: Env;
  readonly issues: ConfigIssue[];
  /** Files that others may read; `secret`: there is a variable in it whose name says that it holds a secret. */
  readonly open: readonly { readonly file: string; readonly text: string; readonly secret: boolean }[];
}

const privately = (file: string): ConfigIssue => ({
  file,
  path: "",
  found: "a file with secrets that others may read",
  expected: "a file only its owner may read",
  fix: `chmod 600 ${file}`,
});

// Below it, it is `none` or `unused` for a local server that asks for no key.
const SHORTEST_LITERAL = 8;

/** Some secret stands in it, letter by letter. */
const holdsOne = (text: string, secrets: readonly string[]): boolean =>
  secrets.some((secret) => secret.length >= SHORTEST_LITERAL && text.includes(secret));

function readEnvironment(options: LoadOptions, readText: ReadText): Environment {
  const issues: ConfigIssue[] = [];
  const open: Environment["open"][number][] = [];
  let env: Env = {};
  for (const file of options.envFiles ?? []) {
    const read = readText(file);
    if (!("text" in read)) {
      issues.push({ file, path: "", ...read });
      continue;
    }
    const variables = parseEnvText(read.text);
    if (read.open) open.push({ file, text: read.text, secret: secretsIn(variables).length > 0 });
    env = { ...env, ...variables };
  }
  return { env: { ...env, ...options.env }, issues, open };
}

/** A whole config on one line, for people who have none yet. */
const SMALLEST = `{ credentials: { openrouter: { api_key: "${variable("OPENROUTER_API_KEY")}" } }, models: { qwen_coder: "qwen/qwen3-coder:free" } }`;
const BEGIN = `write into it, for example: ${SMALLEST} (or look around first: npm run demo)`;

/** Applies texts that came from variables as the types the schema asks for. */
function retype(source: Source, root: ReturnType<typeof rootSchema>): ReturnType<typeof root.safeParse> {
  const first = root.safeParse(source.value, READ_ONCE);
  let changed = false;
  for (const issue of first.error?.issues ?? []) {
    const value = retyped(issue, root, source);
    const around = valueAt(source.value, issue.path.slice(0, -1));
    if (value === undefined || typeof around !== "object" || around === null) continue;
    Reflect.set(around, issue.path.at(-1) ?? "", value);
    changed = true;
  }
  return changed ? root.safeParse(source.value, READ_ONCE) : first;
}

/** A section whose entries are all commented out is no mistake, and short forms become long ones. */
function unfold(value: unknown, root: ReturnType<typeof rootSchema>, sections: readonly Section[]): void {
  if (!isMapping(value)) return;
  for (const key of fieldsOf(root).keys()) if (value[key] === null) delete value[key];
  for (const { key, shorthand } of sections) {
    const section = value[key];
    if (shorthand === undefined || !isMapping(section)) continue;
    for (const [name, entry] of Object.entries(section)) if (typeof entry === "string") section[name] = { [shorthand]: entry };
  }
}

interface Ledger {
  readonly findings: Finding[];
  readonly add: Add;
}

function openLedger(source: Source, secrets: SecretsFound): Ledger {
  const findings: Finding[] = [];
  const fromFile = new Set(secrets.fromFile.map(formatPath));
  const lost = new Set(secrets.problems.map(([path]) => formatPath(path)));
  const add: Add = (path, problem, at = "value") => {
    const shown: Path = fromFile.has(formatPath(path)) ? [...path.slice(0, -1), `${String(path.at(-1))}_file`] : path;
    if (source.spoiled(shown) || (shown !== path && lost.has(formatPath(shown)))) return;
    findings.push({ ...source.place(shown, at), path: formatPath(shown), ...problem });
  };
  return { findings, add };
}

interface Read {
  readonly findings: readonly Finding[];
  readonly warnings: readonly Finding[];
  readonly secrets: readonly string[];
  readonly root?: Root | undefined;
  readonly parts?: Parts;
}

function secretVariables(text: string, env: Env): string[] {
  return variablesIn(text).flatMap((name) => {
    const value = lookUp(env, name);
    return SECRET_NAME.test(name) && value !== undefined && value !== "" ? [value] : [];
  });
}

function literalWarnings(source: Source, secrets: SecretsFound): Finding[] {
  return secrets.places
    .filter((path) => source.literal(path) && String(valueAt(source.value, path)).length >= SHORTEST_LITERAL)
    .map((path) => ({
      ...source.place(path, "value"),
      path: formatPath(path),
      found: "a secret in the config itself",
      expected: "a variable or a file",
      fix: `write ${variable("NAME")} and set NAME, or \`${String(path.at(-1))}_file: …\``,
    }));
}

function read(text: string, env: Env, sections: readonly Section[], files: Files): Read {
  const source = parseSource(text, env);
  const variables = secretVariables(text, env);
  if (source.broken) return { findings: source.findings, warnings: [], secrets: variables };
  if (source.value === null || source.value === undefined) {
    return { findings: [{ path: "", found: "an empty file", expected: "a config", fix: BEGIN }], warnings: [], secrets: [] };
  }
  const root = rootSchema(sections);
  unfold(source.value, root, sections);
  const secrets = takeSecrets(root, source, files);
  const { findings, add } = openLedger(source, secrets);
  for (const [path, problem] of secrets.problems) add(path, problem, "key");
  const parsed = retype(source, root);
  for (const issue of parsed.error?.issues ?? []) {
    for (const { path, problem, at } of explain(issue, root, source)) add(path, problem, at);
  }
  const parts = readParts(source.value, root, sections);
  crossIssues(parts, source.value, sections, add);
  return {
    findings: [...source.findings, ...findings],
    warnings: literalWarnings(source, secrets),
    secrets: [...new Set([...secrets.values, ...variables])],
    root: parsed.data,
    parts,
  };
}

/** In the order of the file, each once, and without any secret in its words. */
function issuesOf(file: string, findings: readonly Finding[], secrets: readonly string[]): ConfigIssue[] {
  const redactor = createRedactor(secrets);
  const clean = (finding: Finding): ConfigIssue => ({
    file,
    ...finding,
    path: redactor.text(finding.path),
    found: redactor.text(finding.found),
    expected: redactor.text(finding.expected),
    fix: redactor.text(finding.fix),
  });
  return findings.map(clean).toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}

export function loadConfig(options: LoadOptions): Loaded {
  const { file } = options;
  const { readText, files } = createReadText();
  const environment = readEnvironment(options, readText);
  const source = options.text === undefined ? readText(file) : { text: options.text, open: false };
  if (!("text" in source)) {
    const fix = source.found === "no such file" ? `make it and ${BEGIN}` : source.fix;
    return { ok: false, issues: [...environment.issues, { file, path: "", ...source, fix }], files };
  }
  const folder = dirname(file);
  const { findings, warnings, secrets, root, parts } = read(source.text, environment.env, options.sections, { folder, readText });
  const issues = [...environment.issues, ...issuesOf(file, findings, secrets)];
  if (issues.length > 0 || root === undefined || parts === undefined) return { ok: false, issues, files };
  const { proxy, issues: unfit } = proxyOf(root.proxy, environment.env);
  if (unfit.length > 0) return { ok: false, issues: unfit, files };
  const literal = issuesOf(file, warnings, secrets);
  const open = source.open && holdsOne(source.text, secrets) ? [privately(file)] : [];
  return {
    ok: true,
    config: { ...assemble(file, folder, root, parts, [...secrets, ...proxySecrets(proxy)]), proxy, text: source.text },
    warnings: [
      ...environment.open.filter(({ secret, text }) => secret || holdsOne(text, secrets)).map((opened) => privately(opened.file)),
      ...open,
      ...literal,
    ],
    files,
  };
}
