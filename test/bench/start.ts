/** How soon it serves and knows something, how large it is, and what its packages cost to load. */
import { execFileSync, spawn } from "node:child_process";
import { lstatSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../support/programs.ts";
import type { Answer, Cell, Goal, Question, Table } from "./support/answer.ts";
import { FLAGS, installed, ROOT } from "./support/installed.ts";
import { models } from "./support/rig.ts";
import { end, folder, owned } from "./support/scratch.ts";
import { machineClock, median, sleep } from "./support/stats.ts";
import { startUpstream, type Upstream } from "./support/upstream.ts";

const ROUNDS = 7;

interface Start {
  readonly metricsMs: number;
  readonly verdictMs: number;
}

async function start(main: string, config: string): Promise<Start> {
  const port = await freePort();
  const begin = machineClock();
  const args = [...FLAGS, "--", main, "run", "--config", config, "--listen", `127.0.0.1:${port}`, "--log-format", "json"];
  const child = owned(spawn(process.execPath, args, { stdio: "ignore" }));
  const page = (): Promise<string> =>
    fetch(`http://127.0.0.1:${port}/metrics`).then(
      (answer) => answer.text(),
      () => "",
    );
  let metricsMs = Number.NaN;
  for (;;) {
    const text = await page();
    if (text !== "" && Number.isNaN(metricsMs)) metricsMs = machineClock() - begin;
    if (/^healthd_probe_success\{/m.test(text)) break;
    await sleep(2);
  }
  const verdictMs = machineClock() - begin;
  await end(child);
  return { metricsMs, verdictMs };
}

const BUCKET = (upstream: Upstream): string =>
  `buckets:\n  files: { bucket: files, endpoint: "${upstream.url}", region: eu-1, access_key_id: AKIAEXAMPLE, secret_access_key: not-a-secret-at-all }\n`;

async function starts(): Promise<{ table: Table; goals: Goal[] }> {
  const main = installed();
  const upstream = await startUpstream({ delayMs: 1, tokenMs: 1 });
  const rows: Cell[][] = [];
  const seen = new Map<string, Start[]>();
  const kinds = [
    ["without a bucket", ""],
    ["with a bucket", BUCKET(upstream)],
  ] as const;
  for (const [name, more] of kinds)
    writeFileSync(join(folder, `${name}.yaml`), `${models(upstream, 10)}${more}history: { path: ":memory:" }\n`, { mode: 0o600 });
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name] of kinds) seen.set(name, [...(seen.get(name) ?? []), await start(main, join(folder, `${name}.yaml`))]);
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

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean; readonly devOptional?: boolean }>>;
}

const sizeOf = (path: string): number => {
  const about = lstatSync(path);
  return about.isDirectory()
    ? readdirSync(path).reduce((all, name) => all + (name === "node_modules" ? 0 : sizeOf(join(path, name))), 0)
    : about.size;
};

/** Of what `npm ci --omit=dev` puts on the disk here, by package, largest first. */
function sizes(): { readonly packages: number; readonly mib: number; readonly largest: readonly (readonly [string, number])[] } {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as Lock;
  const sizes = Object.entries(packages).flatMap(([path, { dev, devOptional }]): (readonly [string, number])[] => {
    if (path === "" || dev === true || devOptional === true) return [];
    try {
      return [[path.slice(path.lastIndexOf("node_modules/") + 13), sizeOf(join(ROOT, path)) / 2 ** 20]];
    } catch {
      // For another platform.
      return [];
    }
  });
  return {
    packages: sizes.length,
    mib: sizes.reduce((all, [, size]) => all + size, 0),
    largest: sizes.toSorted(([, a], [, b]) => b - a).slice(0, 5),
  };
}

const PACKAGES = [
  "fastify",
  "got",
  "zod",
  "yaml",
  "pino",
  "prom-client",
  "commander",
  "node-cron",
  "node:sqlite",
  "@aws-sdk/client-s3",
] as const;

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

const METHOD = `The built program with its production packages, started by node with ten models, ${ROUNDS} rounds in turns, medians; its own process start is in it. A bucket's SDK is
loaded by its first probe only. Each package's import is timed alone, in a process of its own.`;

export const startQuestion: Question = {
  name: "start",
  async ask(): Promise<Answer> {
    const { table, goals } = await starts();
    const { packages, mib, largest } = sizes();
    const size: Table = {
      title: "Installed size",
      head: ["", "MiB"],
      rows: [[`${packages} production packages`, mib], ...largest.map(([name, one]): Cell[] => [name, one])],
    };
    const imports: Table = { title: "Import", head: ["package", "ms"], rows: PACKAGES.map((name) => [name, importMs(name)]) };
    return { title: "Start and size", method: METHOD, tables: [table, size, imports], goals };
  },
};
