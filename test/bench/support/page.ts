/** docs/benchmarks.md. */
import { execFileSync } from "node:child_process";
import { arch, cpus, loadavg, platform, release, totalmem } from "node:os";
import { REMARKS } from "../remarks.ts";
import { type Answer, goalTable, markdown, missed, type Table } from "./answer.ts";
import { ROOT } from "./installed.ts";
import { BLACKBOX } from "./peers/blackbox.ts";
import { cloudproberVersion } from "./peers/cloudprober.ts";
import { CURL } from "./peers/curl.ts";

export interface Surroundings {
  readonly date: string;
  /** What was measured, as git names it. */
  readonly revision: string;
  readonly machine: string;
  readonly node: string;
  readonly peers: string;
  /** How many processes wanted to run, on average, in the minute before. */
  readonly load: number;
}

function version(program: string | undefined, pattern: RegExp): string {
  if (program === undefined) return "not installed";
  // blackbox_exporter tells its version on stderr, in some of its releases.
  const text = execFileSync("sh", ["-c", '"$0" --version 2>&1', program], { encoding: "utf8" });
  return pattern.exec(text)?.[1] ?? "?";
}

/** Read after the question, which may have had one of them built. */
export const peers = (): string =>
  [
    `blackbox_exporter ${version(BLACKBOX, /version (\S+)[, ]/)}`,
    `cloudprober ${cloudproberVersion() ?? "not installed"}`,
    `curl ${version(CURL, /curl (\S+)/)}`,
  ].join(", ");

/** With a plus where something was changed since. */
function revision(): string {
  const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8", cwd: ROOT }).trim();
  return `${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain", "--", "src", "test") === "" ? "" : "+"}`;
}

export function surroundings(): Omit<Surroundings, "peers"> {
  const [first] = cpus();
  return {
    revision: revision(),
    date: new Date().toISOString().slice(0, 16).replace("T", " "),
    machine: `${cpus().length} × ${first?.model.trim() ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${platform()} ${release()} ${arch()}`,
    node: process.version,
    load: loadavg()[0] ?? Number.NaN,
  };
}

const INTRO = `# Benchmarks

Made by \`npm run bench\`; do not edit. Everything on one machine over loopback: the daemon, its upstream and the peer share its cores, so read
ratios before milliseconds. The truth is what the upstream saw: it runs in a process of its own and notes when it had each request and when its last
byte left, on the same monotonic clock. Each figure is the median of several rounds in which the probers take turns. \`benchmarks.json\` has the same.
`;

/** An answer, and in what surroundings it was found. */
export interface Found extends Answer {
  readonly about: Surroundings;
}

/** When it was measured, of which revision, and beside which peers. */
function when(tables: readonly Table[], { date, revision, load, peers }: Surroundings): string {
  const beside = tables.some(({ rows }) => rows.some(([name]) => String(name).includes("blackbox"))) ? ` Beside it: ${peers}.` : "";
  return `${date} UTC, at ${revision}; the load average before it was ${load.toFixed(2)}.${beside}`;
}

export function page(answers: readonly Found[]): string {
  const goals = answers.flatMap((answer) => answer.goals);
  const lost = goals.filter(missed);
  const machines = new Set(answers.map(({ about: { machine, node } }) => `${machine}. Node ${node}.`));
  const remarks = REMARKS.filter(({ of }) => lost.some(({ goal }) => of.test(goal))).map(({ why }) => `- ${why}`);
  return [
    INTRO,
    ...machines,
    "",
    `${goals.length - lost.length} of ${goals.length} goals met.`,
    "",
    markdown(goalTable(goals)),
    ...(remarks.length === 0 ? [] : ["## Where it falls short, and why", "", ...remarks, ""]),
    ...answers.flatMap(({ title, method, tables, about }) => [
      `## ${title}`,
      "",
      when(tables, about),
      "",
      method,
      "",
      ...tables.map(markdown),
    ]),
  ].join("\n");
}
