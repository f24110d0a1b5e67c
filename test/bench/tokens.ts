/** How far is when we say that a token came from when the upstream sent it. */
import type { Answer, Cell, Goal, Question, Table } from "./support/answer.ts";
import { models, type Rig, startRig } from "./support/rig.ts";
import { machineClock, median, type Spread, sleep, spread } from "./support/stats.ts";
import { startUpstream } from "./support/upstream.ts";

const ROUNDS = 5;
const STREAMS: readonly { readonly streams: number; readonly p99Ms?: number }[] = [
  { streams: 1 },
  { streams: 50, p99Ms: 2 },
  { streams: 300, p99Ms: 7 },
];
// Ten tokens a second, as a busy free model gives: two seconds a stream, and the next one starts as it ends.
const STREAM = { tokens: 20, tokenMs: 100, delayMs: 30 };
const STREAM_EVERY_SECONDS = 2.1;
const SETTLE_STREAMS_MS = 3200;
// As for the cost: V8 compiles what is used most as it goes.
const YOUNG_SECONDS = 60;
const WINDOW_SECONDS = 10;
const PAUSE_MS = 500;

interface Lateness {
  readonly first: Spread;
  readonly all: Spread;
}

/** Of the tokens sent within so many seconds. To hand over what it noted holds the daemon up: it is asked for that well before and after. */
async function lateness(rig: Rig, seconds: number): Promise<Lateness> {
  await rig.collect();
  await sleep(PAUSE_MS);
  const from = machineClock();
  await sleep(seconds * 1000);
  const to = machineClock();
  await sleep(PAUSE_MS);
  const tokens = (await rig.collect()).tokens.filter(({ sent }) => sent >= from && sent <= to);
  const of = (some: typeof tokens): Spread => spread(some.map(({ sent, arrived }) => arrived - sent));
  return { first: of(tokens.filter(({ first }) => first)), all: of(tokens) };
}

async function streams(tls: boolean): Promise<{ table: Table; goals: Goal[] }> {
  const rows: Cell[][] = [];
  const goals: Goal[] = [];
  for (const { streams: count, p99Ms } of STREAMS) {
    const upstream = await startUpstream({ tls, ...STREAM });
    const rig = startRig();
    await rig.start({ yaml: models(upstream, count), everySeconds: STREAM_EVERY_SECONDS, tokens: true });
    await sleep(SETTLE_STREAMS_MS);
    const young = await lateness(rig, YOUNG_SECONDS);
    const windows: Lateness[] = [];
    for (let round = 0; round < ROUNDS; round++) windows.push(await lateness(rig, WINDOW_SECONDS));
    await rig.end();
    process.kill(upstream.pid);
    const of = (kind: keyof Lateness, which: keyof Spread): number => median(windows.map((one) => one[kind][which]));
    rows.push([`${count} streams`, of("first", "p50"), of("first", "p99"), of("all", "p50"), of("all", "p99")]);
    rows.push([`${count} streams, first ${YOUNG_SECONDS} s`, young.first.p50, young.first.p99, young.all.p50, young.all.p99]);
    if (p99Ms === undefined) continue;
    const goal = (what: string, figure: number): Goal => ({
      goal: `${what} error p99, ${count} streams, ${tls ? "TLS" : "plain"}`,
      atMost: p99Ms,
      figure,
      unit: "ms",
    });
    goals.push(goal("first-token", of("first", "p99")), goal("token arrival", of("all", "p99")));
  }
  const head = ["at once", "first token p50 ms", "first token p99 ms", "token p50 ms", "token p99 ms"];
  return { table: { title: `Error of token arrival, ${tls ? "TLS" : "plain"}`, head, rows }, goals };
}

const METHOD = `When the daemon says that a token came, less when the upstream sent it. One daemon for each number of streams, each of ${STREAM.tokens} tokens,
${STREAM.tokenMs} ms apart; medians of ${ROUNDS} windows of ${WINDOW_SECONDS} s, after ${YOUNG_SECONDS} s of the same in which V8 compiles what is used most, and which have rows of their own.`;

export const tokens: Question = {
  name: "tokens",
  async ask(): Promise<Answer> {
    const parts = [await streams(false), await streams(true)];
    return { title: "Tokens", method: METHOD, tables: parts.map(({ table }) => table), goals: parts.flatMap(({ goals }) => goals) };
  },
};
