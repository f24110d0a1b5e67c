/** Whether runs come when they are due: lateness, creep, spread; and ten thousand targets a minute. */

import { freePort } from "../support/programs.ts";
import type { Answer, Cell, Goal, Question } from "./support/answer.ts";
import { apps, type Run, startRig } from "./support/rig.ts";
import { median, quantile, sleep, sum } from "./support/stats.ts";
import { startUpstream } from "./support/upstream.ts";

const PER_SECOND = 100;
const SECONDS = 20;
const MANY = 10_000;
const MANY_SECONDS = 60;
const FAILING = 2000;
// First runs, second looks, and the judging of it all.
const STORM_SECONDS = 45;

/** How far the intervals between a target's runs are from what they should be, over the whole time, in ms. */
function creep(runs: readonly Run[], everySeconds: number): number {
  const often = [...Map.groupBy(runs, ({ target }) => target).values()].filter(({ length }) => length > 1);
  const drifts = often.map((some) => {
    const moved = some.map(({ startedAt, latenessMs }, at) => startedAt - latenessMs - at * everySeconds * 1000);
    // A single start is known no better than its record's end: between the middles of the first and the last quarter, as of the whole time.
    const quarter = Math.ceil(moved.length / 4);
    const between = median(moved.slice(-quarter)) - median(moved.slice(0, quarter));
    return (between * (moved.length - 1)) / (moved.length - quarter);
  });
  return median(drifts.map(Math.abs));
}

/** The fullest second over the average one. */
function spreadOf(runs: readonly Run[]): number {
  const from = Math.min(...runs.map(({ startedAt }) => startedAt));
  const seconds = new Map<number, number>();
  for (const { startedAt } of runs) {
    const second = Math.floor((startedAt - from) / 1000);
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  }
  // The last second is not whole.
  const whole = [...seconds.entries()].filter(([second]) => second < seconds.size - 1).map(([, count]) => count);
  return Math.max(...whole) / (sum(whole) / whole.length);
}

/** All begin to fail within half a minute: each has a second look, and what is wrong with them all is judged again and again. */
async function storm(what: string, yaml: string): Promise<Cell[]> {
  const rig = startRig();
  await rig.start({ yaml, gaps: true });
  await rig.collect();
  const before = rig.cpuMs();
  await sleep(STORM_SECONDS * 1000);
  const cpu = rig.cpuMs() - before;
  const rss = rig.rssMiB();
  const { runs, longestGapMs } = await rig.collect();
  await rig.end();
  const late = runs.map(({ latenessMs }) => latenessMs);
  return [what, runs.length, quantile(late, 0.99), Math.max(...late), longestGapMs, cpu / runs.length, rss];
}

/** Targets that did not run, and turns that were not given. */
function missedIn(runs: readonly Run[], targets: number): number {
  const ran = new Set(runs.filter(({ verdict }) => verdict === "up").map(({ target }) => target));
  return targets - ran.size + runs.filter(({ verdict }) => verdict.startsWith("skipped")).length;
}

const METHOD = `Lateness is what the daemon measured itself, against anchors on the monotonic clock; creep is how far a target's due times moved against whole intervals
over the time, so an operator sees the same minute's second for years; spread is the fullest second over the average one.
In a storm ${FAILING.toLocaleString("en-US")} applications all fail; the CPU is that of everything, logging each failure and judging them too, by the run.`;

export const schedule: Question = {
  name: "schedule",
  async ask(): Promise<Answer> {
    const upstream = await startUpstream();
    const rig = startRig();
    const rows: Cell[][] = [];
    await rig.start({ yaml: apps(upstream, PER_SECOND), everySeconds: 1 });
    await sleep(2000);
    await rig.collect();
    await sleep(SECONDS * 1000);
    const { runs } = await rig.collect();
    await rig.stop();
    const late = runs.map(({ latenessMs }) => latenessMs);
    rows.push([
      `${PER_SECOND} probes/s, ${SECONDS} s`,
      runs.length,
      quantile(late, 0.5),
      quantile(late, 0.99),
      creep(runs, 1),
      spreadOf(runs),
      missedIn(runs, PER_SECOND),
    ]);
    await upstream.visits();

    await rig.start({ yaml: apps(upstream, MANY), everySeconds: MANY_SECONDS });
    // First runs come within an interval; the timetable itself says which turns it could not give.
    await sleep(MANY_SECONDS * 1500);
    const { runs: many } = await rig.collect();
    await rig.stop();
    await rig.end();
    await upstream.visits();

    const dead = await freePort();
    const failing = apps(upstream, FAILING);
    const storms = [
      await storm("refused: one fault, the network's", failing.replaceAll(upstream.url, `http://127.0.0.1:${dead}`)),
      await storm("wrong status: a fault for each", failing.replaceAll(" }", ", expect: { status: 404 } }")),
    ];
    const manyLate = many.map(({ latenessMs }) => latenessMs);
    const missed = missedIn(many, MANY);
    rows.push([
      `10,000 targets, every 60 s`,
      many.length,
      quantile(manyLate, 0.5),
      quantile(manyLate, 0.99),
      creep(many, MANY_SECONDS),
      spreadOf(many),
      missed,
    ]);
    const goals: Goal[] = [
      { goal: `schedule lateness p99, ${PER_SECOND} probes/s`, atMost: 5, figure: quantile(late, 0.99), unit: "ms" },
      { goal: `creep over ${SECONDS} s`, atMost: 0.5, figure: creep(runs, 1), unit: "ms" },
      { goal: "schedule lateness p99, 10,000 targets at 60 s", atMost: 5, figure: quantile(manyLate, 0.99), unit: "ms" },
      { goal: "missed ticks of 10,000 targets at 60 s", atMost: 0, figure: missed, unit: "ticks" },
    ];
    const head = ["", "runs", "late p50 ms", "late p99 ms", "creep ms", "fullest second", "missed"];
    const tables = [
      { title: "Lateness", head, rows },
      {
        title: `${FAILING.toLocaleString("en-US")} targets that fail`,
        head: ["", "runs", "late p99 ms", "latest ms", "longest gap ms", "CPU ms", "RSS MiB"],
        rows: storms,
      },
    ];
    return { title: "The schedule", method: METHOD, tables, goals };
  },
};
