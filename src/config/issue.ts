/** What is wrong with a config, as people read it. */
import type { ConfigIssue } from "./config.ts";

/** An issue before it has a place. Schema pieces hand it to zod as the `params` of a custom issue; what they leave out is derived from the schema. */
export interface Problem {
  readonly found?: string;
  readonly expected?: string;
  /** An imperative: `write …`, `remove …`. */
  readonly fix: string;
}

/** An issue in the file that is being read. */
export type Finding = Omit<ConfigIssue, "file">;

export type Path = readonly PropertyKey[];

/** `models.kimi_k2.needs[0]`. */
export function formatPath(path: Path): string {
  let text = "";
  for (const key of path) text += typeof key === "number" ? `[${key}]` : `${text === "" ? "" : "."}${String(key)}`;
  return text;
}

/** `file:line:column  path  found …; expected …; fix`, on one line. */
export function formatIssue(issue: ConfigIssue): string {
  const place = [issue.file, issue.line, issue.column].filter((part) => part !== undefined).join(":");
  const sentence = `found ${issue.found}; expected ${issue.expected}; ${issue.fix}`;
  return [place, issue.path, sentence]
    .filter((part) => part !== "")
    .join("  ")
    .replaceAll(/\s*[\r\n]+\s*/g, " ");
}

const LONGEST_QUOTE = 60;

/** A value as an issue quotes it: short, on one line. Never for a secret. */
export function quote(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  if (typeof value !== "string") return `${typeof value === "boolean" ? "" : "the number "}${String(value)}`;
  return JSON.stringify(value.length > LONGEST_QUOTE ? `${value.slice(0, LONGEST_QUOTE)}…` : value);
}
