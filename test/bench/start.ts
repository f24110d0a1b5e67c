/** How soon it serves and knows something, how large it is, and what its packages cost to load. */
import { execFileSync } from "node:child_process";
import { lstatSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Answer, Cell, Goal, Question, Table } from "./support/answer.ts";
import { installed, production, ROOT } from "./support/installed.ts";
import { startProgram } from "./support/program.ts";
import { models } from "./support/rig.ts";
import { machineClock, median, sleep, sum } from "./support/stats.ts";
import { startUpstream, type Upstream } from "./support/upstream.ts";

const ROUNDS = 15;

interface Start {
  readonly metricsMs: number;
  readonly verdictMs: number;
}

async function start(yaml: string): Promise<Start> {
  const begin = machineClock();
  const program = await startProgram(yaml);
  let metricsMs = Number.NaN;
  for (;;) {
    const text = await program.page();
    if (text !== "" && Number.isNaN(metricsMs)) metricsMs = machineClock() - begin;
    if (/^healthd_probe_success\{/m.test(text)) break;
    await sleep(2);
  }
  const verdictMs = machineClock() - begin;
  await program.end();
  return { metricsMs, verdictMs };
}

const BUCKET = (upstream: Upstream): string =>
  `buckets:\n  files: { bucket: files, endpoint: "${upstream.url}", region: eu-1, access_key_id: AKIAEXAMPLE, secret_access_key: not-a-secret-at-all }\n`;

async function starts(): Promise<{ table: Table; goals: Goal[] }> {
  // Built before it is timed.
  installed();
  const upstream = await startUpstream({ delayMs: 1, tokenMs: 1 });
  const rows: Cell[][] = [];
  const seen = new Map<string, Start[]>();
  const kinds = [
    ["without a bucket", ""],
    ["with a bucket", BUCKET(upstream)],
  ] as const;
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, more] of round % 2 === 0 ? kinds : kinds.toReversed()) {
      const yaml = `${models(upstream, 10)}${more}history: { path: ":memory:" }\n`;
      seen.set(name, [...(seen.get(name) ?? []), await start(yaml)]);
    }
  }
  const of = (name: string, which: keyof Start): number => median((seen.get(name) ?? []).map((one) => one[which]));
  for (const [name] of kinds) rows.push([name, of(name, "metricsMs"), of(name, "verdictMs")]);
  const node = median([...Array(ROUNDS)].map(() => bare()));
  rows.push(["node alone (floor)", node, Number.NaN]);
  return {
    table: { title: "Start", head: ["10 models", "first /metrics ms", "first verdict ms"], rows },
    goals: [
      { goal: "start to first /metrics", atMost: 400, figure: of("with a bucket", "metricsMs"), unit: "ms" },
      { goal: "start to first /metrics, without a bucket", atMost: 250, figure: of("without a bucket", "metricsMs"), unit: "ms" },
    ],
  };
}

function bare(): number {
  const begin = machineClock();
  execFileSync(process.execPath, ["-e", "0"]);
  return machineClock() - begin;
}

function mibOf(path: string): number {
  const about = lstatSync(path);
  return about.isDirectory() ? sum(readdirSync(path).map((name) => mibOf(join(path, name)))) : about.size / 2 ** 20;
}

const PACKAGES = ["got", "zod", "yaml", "pino", "prom-client", "commander", "node-cron", "node:sqlite", "@aws-sdk/client-s3"] as const;

function importMs(name: string): number {
  const script = `const t=performance.now();await import(${JSON.stringify(name)});process.stdout.write(String(performance.now()-t))`;
  const once = (): number =>
    Number(
      execFileSync(process.execPath, ["--input-type=module", "-e", script], {
        cwd: ROOT,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }),
    );
  return median([once(), once(), once()]);
}

const METHOD = `The built program, started by node with ten models, ${ROUNDS} rounds in turns, medians; its own process start is in it. A bucket's SDK is
loaded by its first probe only. Each package's import is timed alone and unbuilt, in a process of its own.`;

export const startQuestion: Question = {
  name: "start",
  async ask(): Promise<Answer> {
    const { table, goals } = await starts();
    const built = dirname(installed());
    const size: Table = {
      title: "Installed size",
      head: ["", "MiB"],
      rows: [["dist", mibOf(built)], ...production().map((path): Cell[] => [path, mibOf(join(ROOT, path))])],
    };
    const imports: Table = { title: "Import", head: ["package", "ms"], rows: PACKAGES.map((name) => [name, importMs(name)]) };
    return { title: "Start and size", method: METHOD, tables: [table, size, imports], goals };
  },
};
