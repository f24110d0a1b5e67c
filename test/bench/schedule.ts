/** Whether runs come when they are due: lateness, creep, spread; and ten thousand targets a minute. */
import type { Answer, Cell, Goal, Question } from "./support/answer.ts";
import { apps, type Run, startRig } from "./support/rig.ts";
import { mean, median, quantile, sleep, sum } from "./support/stats.ts";
import { startUpstream } from "./support/upstream.ts";

const PER_SECOND = 100;
const SECONDS = 20;
const MANY = 10_000;
const MANY_SECONDS = 60;

/** How far the intervals between a target's runs are from the second they should be, over the whole time, in ms. */
function creep(runs: readonly Run[]): number {
  const drifts = [...Map.groupBy(runs, ({ target }) => target).values()].map((some) => {
    const starts = some.map(({ startedAt, latenessMs }) => startedAt - latenessMs);
    return (starts.at(-1) ?? 0) - (starts[0] ?? 0) - (starts.length - 1) * 1000;
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

const METHOD = `Lateness is what the daemon measured itself, against anchors on the monotonic clock; creep is how far a target's due times moved against whole intervals
over the time, so an operator sees the same minute's second for years; spread is the fullest second over the average one.`;

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
      creep(runs),
      spreadOf(runs),
      0,
    ]);
    await upstream.visits();

    await rig.start({ yaml: apps(upstream, MANY), everySeconds: MANY_SECONDS });
    // First runs come within half an interval; the timetable itself says which turns it could not give.
    await sleep(MANY_SECONDS * 1500);
    const { runs: many } = await rig.collect();
    await rig.stop();
    await rig.end();
    const ran = new Set(many.filter(({ verdict }) => verdict === "up").map(({ target }) => target));
    const manyLate = many.map(({ latenessMs }) => latenessMs);
    const missed = MANY - ran.size + many.filter(({ verdict }) => verdict.startsWith("skipped")).length;
    rows.push([
      `10,000 targets, every 60 s`,
      many.length,
      quantile(manyLate, 0.5),
      quantile(manyLate, 0.99),
      mean([0]),
      spreadOf(many),
      missed,
    ]);
    const goals: Goal[] = [
      { goal: `schedule lateness p99, ${PER_SECOND} probes/s`, atMost: 5, figure: quantile(late, 0.99), unit: "ms" },
      { goal: `creep over ${SECONDS} s`, atMost: 0.5, figure: creep(runs), unit: "ms" },
      { goal: "schedule lateness p99, 10,000 targets at 60 s", atMost: 5, figure: quantile(manyLate, 0.99), unit: "ms" },
      { goal: "missed ticks of 10,000 targets at 60 s", atMost: 0, figure: missed, unit: "ticks" },
    ];
    const head = ["", "runs", "late p50 ms", "late p99 ms", "creep ms", "fullest second", "missed"];
    return { title: "The schedule", method: METHOD, tables: [{ title: "Lateness", head, rows }], goals };
  },
};
