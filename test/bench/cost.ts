/** What a probe and a target cost: CPU, beside blackbox_exporter; memory, and whether it grows; series. */
import type { Answer, Cell, Goal, Question, Table } from "./support/answer.ts";
import { type Blackbox, startBlackbox } from "./support/peers/blackbox.ts";
import { type Cloudprober, findCloudprober } from "./support/peers/cloudprober.ts";
import { startNodeAlone } from "./support/peers/node.ts";
import { historyFile, probesIn, seriesIn, startProgram } from "./support/program.ts";
import { apps, models, type Rig, startRig } from "./support/rig.ts";
import { median, sleep } from "./support/stats.ts";
import { startUpstream, type Upstream } from "./support/upstream.ts";

const ROUNDS = 5;
const PER_SECOND = 100;
const SECONDS = 10;
// V8 compiles what is used most as it goes: at this pace for two minutes.
const YOUNG_SECONDS = 120;
const FLOOR_YOUNG_SECONDS = 30;

/** CPU of the daemon's whole process over the window, for each probe that ended in it. */
async function healthdCpu(rig: Rig, yaml: string, seconds = SECONDS): Promise<number> {
  await rig.start({ yaml, everySeconds: 1 });
  await sleep(2000);
  await rig.collect();
  const before = rig.cpuMs();
  await sleep(seconds * 1000);
  const used = rig.cpuMs() - before;
  const { runs } = await rig.collect();
  await rig.stop();
  return used / runs.filter(({ verdict }) => verdict === "up").length;
}

async function blackboxCpu(blackbox: Blackbox | undefined, upstream: Upstream): Promise<number> {
  if (blackbox === undefined) return Number.NaN;
  const before = blackbox.cpuMs();
  const probes = await blackbox.probe(upstream, PER_SECOND, SECONDS);
  return (blackbox.cpuMs() - before) / probes.length;
}

async function cpu(
  rig: Rig,
  blackbox: Blackbox | undefined,
  cloudprober: Cloudprober | undefined,
): Promise<{ table: Table; goals: Goal[] }> {
  const floor = startNodeAlone();
  const rows: Cell[][] = [];
  const goals: Goal[] = [];
  for (const [name, tls, atMost] of [
    ["plain", false, 0.7],
    ["TLS", true, 0.9],
  ] as const) {
    const upstream = await startUpstream({ tls });
    const ours: number[] = [];
    const theirs: number[] = [];
    const third: number[] = [];
    const least: number[] = [];
    const young = await healthdCpu(rig, apps(upstream, PER_SECOND), YOUNG_SECONDS);
    await floor.cpu(upstream, false, PER_SECOND, FLOOR_YOUNG_SECONDS);
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await healthdCpu(rig, apps(upstream, PER_SECOND)));
      theirs.push(await blackboxCpu(blackbox, upstream));
      if (cloudprober !== undefined) third.push((await cloudprober(upstream, PER_SECOND, SECONDS)).cpuMs);
      least.push(await floor.cpu(upstream, false, PER_SECOND, SECONDS));
    }
    const ofTheirs = (some: readonly number[]): number => median(some.map((one, at) => one / (theirs[at] ?? Number.NaN)));
    const ratio = ofTheirs(ours);
    rows.push([`${name}, llm-healthd`, median(ours), 1000 / median(ours), ratio]);
    rows.push([`${name}, llm-healthd, first ${YOUNG_SECONDS} s`, young, 1000 / young, young / median(theirs)]);
    rows.push([`${name}, blackbox_exporter`, median(theirs), 1000 / median(theirs), 1]);
    if (third.length > 0) rows.push([`${name}, cloudprober`, median(third), 1000 / median(third), ofTheirs(third)]);
    rows.push([`${name}, Node's client alone`, median(least), 1000 / median(least), ofTheirs(least)]);
    goals.push({ goal: `CPU per ${name} probe, everything included, of blackbox_exporter's`, atMost, figure: ratio, unit: "×" });
  }
  const upstream = await startUpstream({ tls: true });
  const streamed: number[] = [];
  const least: number[] = [];
  const young = await healthdCpu(rig, models(upstream, PER_SECOND), YOUNG_SECONDS);
  await floor.cpu(upstream, true, PER_SECOND, FLOOR_YOUNG_SECONDS);
  for (let round = 0; round < ROUNDS; round++) {
    streamed.push(await healthdCpu(rig, models(upstream, PER_SECOND)));
    least.push(await floor.cpu(upstream, true, PER_SECOND, SECONDS));
  }
  rows.push(["stream of 20 tokens, TLS, llm-healthd", median(streamed), 1000 / median(streamed), Number.NaN]);
  rows.push([`stream of 20 tokens, TLS, llm-healthd, first ${YOUNG_SECONDS} s`, young, 1000 / young, Number.NaN]);
  rows.push(["stream of 20 tokens, TLS, Node's client alone", median(least), 1000 / median(least), Number.NaN]);
  await floor.end();
  goals.push({ goal: "CPU per streamed probe of 20 tokens, TLS", atMost: 4, figure: median(streamed), unit: "ms" });
  const head = ["probe", "CPU ms", "probes per core-second", "of blackbox's"];
  return { table: { title: `CPU per probe, at ${PER_SECOND} probes/s`, head, rows }, goals };
}

interface Size {
  readonly targets: number;
  readonly goalMiB?: number;
}
const SIZES: readonly Size[] = [{ targets: 10 }, { targets: 100, goalMiB: 100 }, { targets: 1000, goalMiB: 250 }, { targets: 10_000 }];

async function memory({ targets, goalMiB }: Size): Promise<{ row: Cell[]; goals: Goal[] }> {
  const upstream = await startUpstream({ delayMs: 1, tokenMs: 1, models: targets });
  const program = await startProgram(`${models(upstream, targets)}${historyFile(String(targets))}`);
  // Seldom, for to be asked costs the daemon memory and time.
  while (probesIn(await program.page()) < targets) await sleep(Math.max(200, targets));
  await sleep(2000);
  const series = seriesIn(await program.page());
  const rss = program.rssMiB();
  await program.end();
  process.kill(upstream.pid);
  const goals: Goal[] = [];
  if (goalMiB !== undefined) goals.push({ goal: `RSS at ${targets} targets, full metrics`, atMost: goalMiB, figure: rss, unit: "MiB" });
  return { row: [targets, rss, series, series / targets], goals };
}

const METHOD = `CPU is user and system time of the whole process, at ${PER_SECOND} probes a second for ${SECONDS} s, in turns, ${ROUNDS} rounds, divided by the probes
that ended well: scheduling, metrics, log and the event loop are in it. Prometheus' scrape is counted for neither ("The scrape" tells what it takes), yet
blackbox_exporter tells of each probe in the answer to it. It is asked over one kept connection; who asks is not counted.
A daemon runs for months: what counts is measured after ${YOUNG_SECONDS} s of the same probes, in which V8 compiles what is used most; these have rows of their own.
cloudprober writes each result to a file.
Node's client alone is the floor of any prober in Node: it checks no certificate, throws the answer away, and keeps, schedules and tells nothing.
Memory is that of the built program, with the flags and the environment that its own first line, image and unit give it, after every target's first probe and a scrape; each target is a model with all its series.`;

export const cost: Question = {
  name: "cost",
  async ask(): Promise<Answer> {
    const rig = startRig();
    const blackbox = await startBlackbox();
    const { table, goals } = await cpu(rig, blackbox, findCloudprober());
    await rig.end();
    await blackbox?.end();
    const rows: Cell[][] = [];
    for (const size of SIZES) {
      const { row, goals: more } = await memory(size);
      rows.push(row);
      goals.push(...more);
    }
    const head = ["targets", "RSS MiB", "series", "series a target"];
    return { title: "Cost", method: METHOD, tables: [table, { title: "Memory", head, rows }], goals };
  },
};
