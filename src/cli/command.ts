/** The contract of a command: data from which the parser, the help and docs/cli.md are made, and what it does. */
import type { ExitCode, Io } from "./io.ts";

export interface Option {
  /** As commander writes them: `--kind <kind>`, `-o, --only`. */
  readonly flags: string;
  readonly says: string;
  readonly fallback?: string;
  readonly choices?: readonly string[];
  /** May be given several times; the value is then always a list. */
  readonly repeatable?: boolean;
}

export interface Invocation {
  readonly args: readonly string[];
  /** Values of the options by their camelCase names. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly io: Io;
}

export interface Command {
  readonly name: string;
  /** As commander writes it: `[target...]`. */
  readonly parameters?: string;
  readonly summary: string;
  readonly options: readonly Option[];
  readonly examples: readonly string[];
  /** What each exit code means; docs only. */
  readonly exits: string;
  run(invocation: Invocation): Promise<ExitCode>;
}

export const text = (invocation: Invocation, name: string): string | undefined => {
  const value = invocation.options[name];
  return typeof value === "string" ? value : undefined;
};
export const list = (invocation: Invocation, name: string): readonly string[] => {
  const value = invocation.options[name];
  return Array.isArray(value) ? value.map(String) : [];
};
export const flag = (invocation: Invocation, name: string): boolean => invocation.options[name] === true;

export const jsonOption: Option = { flags: "--json", says: "print one JSON array instead of a table" };

/** Options of every command that reads a config. */
export const configOptions: readonly Option[] = [
  { flags: "-c, --config <file>", says: "the config file; default: config/healthd.yaml, or $LLM_HEALTHD_CONFIG" },
  { flags: "--env-file <file>", says: "read variables from this file too, such as .env.dev (repeatable)", repeatable: true },
];
