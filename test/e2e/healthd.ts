/** The program as a user starts it, and its metrics page in pieces. */
import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { until } from "../support/programs.ts";

export const ROOT = resolve(import.meta.dirname, "../..");

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Healthd {
  out(): string;
  err(): string;
  /** The log's JSON lines on stderr. */
  log(): readonly Readonly<Record<string, unknown>>[];
  signal(name: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
  hasEnded(): boolean;
  /** First match of the pattern's first group on either output, once it is there. */
  says(pattern: RegExp): Promise<string>;
}

const living = new Set<ChildProcess>();

/** Ends what a failed test left behind. */
export function killLeftovers(): void {
  for (const child of living) child.kill("SIGKILL");
}

export function startHealthd(args: readonly string[], env: Readonly<Record<string, string>> = {}): Healthd {
  const child = spawn(process.execPath, ["--", "src/main.ts", ...args], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => (out += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk) => (err += chunk));
  living.add(child);
  let over = false;
  // "close" comes after "exit", when both outputs were read to their end.
  const ended = new Promise<Ended>((done) =>
    child.once("close", (code, signal) => {
      over = true;
      living.delete(child);
      done({ code, signal });
    }),
  );
  return {
    out: () => out,
    err: () => err,
    log: () =>
      err
        .split("\n")
        .filter((line) => line.startsWith("{") && line.endsWith("}"))
        .map((line) => JSON.parse(line)),
    signal: (name) => void child.kill(name),
    ended,
    hasEnded: () => over,
    async says(pattern) {
      const found = (): string | undefined => (pattern.exec(out) ?? pattern.exec(err))?.[1];
      await until(() => {
        if (over && found() === undefined) throw new Error(`it ended without ${pattern}:\n${out}\n${err}`);
        return found() !== undefined;
      }, `${pattern}`);
      return found() ?? "";
    },
  };
}

/** Runs it to its end. */
export async function runHealthd(
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Promise<Ended & { out: string; err: string }> {
  const healthd = startHealthd(args, env);
  const ended = await healthd.ended;
  return { ...ended, out: healthd.out(), err: healthd.err() };
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SAMPLE = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? (\S+)$/i;

/** What a page says; label values that hold escapes stay escaped. */
export function samplesOf(page: string): readonly Sample[] {
  return page
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, name, labels = "", value] = SAMPLE.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new Error(`not a sample: ${line}`);
      const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [label, text]);
      return { name, labels: Object.fromEntries(pairs), value: Number(value) };
    });
}

export async function scrape(url: string): Promise<readonly Sample[]> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return samplesOf(await answer.text());
}

/** The metric's value for each target. */
export const byTarget = (samples: readonly Sample[], name: string): Readonly<Record<string, number>> =>
  Object.fromEntries(samples.filter((sample) => sample.name === name).map(({ labels, value }) => [labels.target, value]));

/** Targets whose series of this metric has the value, sorted. */
export const targetsAt = (samples: readonly Sample[], name: string, value: number): readonly string[] =>
  Object.entries(byTarget(samples, name))
    .filter(([, at]) => at === value)
    .map(([target]) => target)
    .toSorted();
