/** zod's issues in our words: what was found, what was expected, how to mend it. The schema's own notes supply the words. */
import { stringify } from "yaml";
import type { z } from "zod";
import { formatPath, type Path, type Problem, quote } from "./issue.ts";
import { nearest } from "./nearest.ts";
import { type AnySchema, core, fieldsOf, type Notes, notesOf, schemaAt, valueAt } from "./shape.ts";
import type { Source } from "./source.ts";

/** A problem that has its path, but not yet its place. */
export interface Explained {
  readonly path: Path;
  readonly at: "key" | "value";
  readonly problem: Required<Problem>;
}

/** One line of YAML. */
export function inYaml(value: unknown): string {
  return stringify(value, { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: !Array.isArray(value) }).trim();
}

/** The value at a path as an issue may quote it: never a secret, and of what came from variables only their names. */
export function quoteAt(root: AnySchema, source: Source, path: Path): string {
  const value = valueAt(source.value, path);
  const original = source.original(path);
  if (original !== undefined) return `${quote(original)} with its variables filled in`;
  const schema = schemaAt(root, path);
  if (schema === undefined || !notesOf(schema).secret || typeof value === "object") return quote(value);
  return typeof value === "string" ? `a text of ${value.length} character${value.length === 1 ? "" : "s"}` : "a value that is no text";
}

function tooSmall({ origin, minimum }: z.core.$ZodIssueTooSmall, title: string): { readonly expected: string; readonly fix: string } {
  if (origin === "array") return { expected: "a list that is not empty", fix: "write something into it" };
  return { expected: origin === "string" ? `${title} that is not empty` : `at least ${minimum}`, fix: `write ${minimum} or more` };
}

function expectation(issue: z.core.$ZodIssue, notes: Notes): string {
  const { title, examples } = notes;
  if (issue.code === "invalid_value") return `one of ${issue.values.join(", ")}`;
  if (issue.code === "too_small") return tooSmall(issue, title).expected;
  if (issue.code === "too_big") return `at most ${issue.maximum}`;
  return examples.length > 0 ? `${title} such as ${examples.slice(0, 2).map(inYaml).join(" or ")}` : title;
}

function line(key: string, notes: Notes): string {
  const example = notes.examples[0] ?? notes.fallback;
  return example === undefined ? `${key}: …` : `${key}: ${inYaml(example)}`;
}

function remedy(issue: z.core.$ZodIssue, notes: Notes, key: string, value: unknown): string {
  if (value === undefined) return `add \`${line(key, notes)}\`${notes.secret ? `, or \`${key}_file: …\`` : ""}`;
  if (value === null) return "write a value, or remove the key";
  if (issue.code === "invalid_value" && typeof value === "string") {
    const near = nearest(value, issue.values.map(String));
    return near === undefined ? "write one of these" : `did you mean ${near}?`;
  }
  if (issue.code === "too_small") return tooSmall(issue, notes.title).fix;
  if (issue.code === "too_big") return `write ${issue.maximum} or less`;
  if (issue.code === "invalid_type") {
    const fix = typeRemedy(issue.expected, notes, value);
    if (fix !== undefined) return fix;
  }
  return notes.examples.length > 0 ? `write for example \`${line(key, notes)}\`` : `write ${notes.title}`;
}

function typeRemedy(expected: string, notes: Notes, value: unknown): string | undefined {
  if (expected === "string" && typeof value === "number" && notes.title.startsWith("a duration"))
    return value < 1000 ? `add a unit: ${value}s or ${value}m` : `add a unit: ${value}ms or ${value}s`;
  if (expected === "string" && notes.examples.length === 0 && typeof value !== "object") return "put it in quotes";
  if (expected === "number" && typeof value === "string" && Number.isFinite(Number(value))) return "remove the quotes";
  if (expected !== "object" && expected !== "record") return undefined;
  return Array.isArray(value) ? "write `name: …` lines, without dashes" : "write `key: value` lines";
}

function unknownKey(root: AnySchema, path: Path, key: string): Explained {
  const schema = schemaAt(root, path) ?? root;
  const fields = [...fieldsOf(schema)].flatMap(([field, inside]) => (notesOf(inside).secret ? [field, `${field}_file`] : [field]));
  const known = [...new Set(fields)];
  const near = nearest(key, known);
  const elsewhere = path.length === 0 ? undefined : [...fieldsOf(root).keys()].find((name) => name === key);
  const move = elsewhere === undefined ? "remove it" : "move it to the left margin: it belongs to the whole file";
  const problem = {
    found: `unknown key ${quote(key)}`,
    expected: `one of ${known.join(", ")}`,
    fix: near === undefined ? move : `did you mean ${near}?`,
  };
  return { path: [...path, key], at: "key", problem };
}

/** Every problem a zod issue stands for. */
export function explain(issue: z.core.$ZodIssue, root: AnySchema, source: Source): Explained[] {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(root, path, key));
  const schema = schemaAt(root, path) ?? root;
  const notes = notesOf(schema);
  const value = valueAt(source.value, path);
  const key = String(path.at(-1) ?? formatPath(path));
  const said: Partial<Problem> = issue.code === "custom" ? (issue.params ?? {}) : {};
  const missing = `no ${key}`;
  const problem = {
    found: said.found ?? (value === undefined ? missing : quoteAt(root, source, path)),
    expected: said.expected ?? (issue.code === "custom" && issue.message !== "Invalid input" ? issue.message : expectation(issue, notes)),
    fix: said.fix ?? remedy(issue, notes, key, value),
  };
  return [{ path, at: "value", problem }];
}

/** A text from a variable has no type of its own: where the schema wants a number or a truth value, it is read as one. */
export function retyped(issue: z.core.$ZodIssue, root: AnySchema, source: Source): unknown {
  const text = valueAt(source.value, issue.path);
  if (typeof text !== "string" || source.original(issue.path) === undefined) return undefined;
  const schema = schemaAt(root, issue.path);
  const kind = schema === undefined ? "" : core(schema)._zod.def.type;
  if ((kind === "number" || kind === "union") && /^-?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  if ((kind === "boolean" || kind === "union") && /^(?:true|false)$/.test(text)) return text === "true";
  return undefined;
}
