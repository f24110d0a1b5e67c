/** What a scrape costs, and what it does to the measurements that go on beside it. */
import { Agent, get } from "node:http";
import type { Answer, Cell, Goal, Question, Table } from "./support/answer.ts";
import { addedMs, apps, models, type Rig, startRig } from "./support/rig.ts";
import { machineClock, median, quantile, sleep } from "./support/stats.ts";
import { startUpstream, type Upstream } from "./support/upstream.ts";

const SCRAPES = 9;
const ROUNDS = 5;
// A thousand probes a round: the p99 of a few hundred is the third slowest, and tells of nothing else.
const SECONDS = 10;
const agent = new Agent({ keepAlive: true });

interface Scrape {
  readonly ms: number;
  readonly bytes: number;
  readonly page: string;
}

function scrape(url: string, gzip: boolean): Promise<Scrape> {
  const start = machineClock();
  return new Promise((done, failed) => {
    get(`${url}/metrics`, { agent, headers: gzip ? { "accept-encoding": "gzip" } : {} }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk) => chunks.push(chunk as Buffer));
      response.on("end", () => {
        const body = Buffer.concat(chunks);
        done({ ms: machineClock() - start, bytes: body.length, page: gzip ? "" : body.toString() });
      });
    }).on("error", failed);
  });
}

interface Size {
  readonly series: number;
  readonly goalMs?: number;
  readonly goalGapMs?: number;
}
const SIZES: readonly Size[] = [
  { series: 1000 },
  { series: 10_000, goalMs: 25, goalGapMs: 10 },
  { series: 100_000, goalMs: 150, goalGapMs: 20 },
];
// Of a model that answered once, to turn series into targets; the table tells how many there are indeed.
const SERIES_A_MODEL = 87;

async function size(rig: Rig, upstream: Upstream, { series, goalMs, goalGapMs }: Size): Promise<{ row: Cell[]; goals: Goal[] }> {
  const count = Math.round(series / SERIES_A_MODEL);
  const url = await rig.start({ yaml: models(upstream, count), gaps: true });
  let ended = 0;
  while (ended < count) {
    await sleep(100);
    ended += (await rig.collect()).runs.filter(({ target }) => target.startsWith("m")).length;
  }
  const of = async (gzip: boolean): Promise<{ scrapes: Scrape[]; gaps: number[] }> => {
    const scrapes: Scrape[] = [];
    const gaps: number[] = [];
    for (let at = 0; at < SCRAPES; at++) {
      await sleep(50);
      await rig.collect();
      scrapes.push(await scrape(url, gzip));
      gaps.push((await rig.collect()).longestGapMs);
    }
    return { scrapes, gaps };
  };
  await of(true);
  const plain = await of(false);
  const packed = await of(true);
  await rig.stop();
  const lines = plain.scrapes[0]?.page.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length ?? 0;
  const ms = (some: readonly Scrape[]): number => median(some.map((one) => one.ms));
  const gap = median([...plain.gaps, ...packed.gaps]);
  const bytes = (some: readonly Scrape[]): number => (some[0]?.bytes ?? 0) / 1024;
  const row = [lines, ms(plain.scrapes), ms(packed.scrapes), gap, bytes(plain.scrapes), bytes(packed.scrapes)];
  const goals: Goal[] = [];
  const named = `${series.toLocaleString("en-US")} series`;
  if (goalMs !== undefined) goals.push({ goal: `scrape of ${named}, gzip`, atMost: goalMs, figure: ms(packed.scrapes), unit: "ms" });
  if (goalGapMs !== undefined) goals.push({ goal: `longest loop gap, scrape of ${named}`, atMost: goalGapMs, figure: gap, unit: "ms" });
  return { row, goals };
}

const PROBES = 100;

/** The added error of probes that go on, with a scrape a second and without, in turns. */
async function disturbance(rig: Rig): Promise<{ table: Table; goal: Goal }> {
  const upstream = await startUpstream();
  const idle = await startUpstream({ delayMs: 1, tokenMs: 1 });
  const quiet: number[][] = [];
  const scraped: number[][] = [];
  const scrapeMs: number[] = [];
  // The models only bring their series; only the apps are probed every second.
  const yaml = `${models(idle, Math.round(10_000 / SERIES_A_MODEL))}${apps(upstream, PROBES)}`;
  const url = await rig.start({ yaml, everySeconds: 1, only: "app" });
  await sleep(4000);
  for (let round = 0; round < 2 * ROUNDS; round++) {
    await rig.collect();
    await upstream.visits();
    const from = machineClock();
    for (let second = 0; second < SECONDS; second++) {
      if (round % 2 === 1) scrapeMs.push((await scrape(url, true)).ms);
      await sleep(from + (second + 1) * 1000 - machineClock());
    }
    const to = machineClock();
    await sleep(200);
    const { runs } = await rig.collect();
    (round % 2 === 1 ? scraped : quiet).push(addedMs(runs, await upstream.visits(), { from, to }));
  }
  await rig.stop();
  const of = (some: readonly number[][], share: number): number => median(some.map((one) => quantile(one, share)));
  const ratio = median(scraped.map((one, at) => quantile(one, 0.99) / quantile(quiet[at] ?? [], 0.99)));
  const rows = [
    ["quiet", of(quiet, 0.5), of(quiet, 0.99), Number.NaN],
    ["scraped every second", of(scraped, 0.5), of(scraped, 0.99), median(scrapeMs)],
  ];
  const title = `Added error of ${PROBES} probes/s beside 10,000 series`;
  return {
    table: { title, head: ["", "p50 ms", "p99 ms", "a scrape ms"], rows },
    goal: {
      goal: "added error p99 while 10,000 series are scraped every second, of its quiet value",
      atMost: 1.2,
      figure: ratio,
      unit: "×",
    },
  };
}

const METHOD = `One scraper over a kept connection, ${SCRAPES} scrapes each way after as many that do not count; medians. The gap is the longest time in which the event
loop took no turn during a scrape. Series come from models that answered once. A page waits while a probe runs, up to 50 ms in all: beside probes a
scrape takes longer, so that they do not.`;

export const scrapeQuestion: Question = {
  name: "scrape",
  async ask(): Promise<Answer> {
    const upstream = await startUpstream({ delayMs: 1, tokenMs: 1, models: 1200 });
    const rig = startRig();
    const rows: Cell[][] = [];
    const goals: Goal[] = [];
    for (const one of SIZES) {
      const { row, goals: more } = await size(rig, upstream, one);
      rows.push(row);
      goals.push(...more);
    }
    const { table, goal } = await disturbance(rig);
    await rig.end();
    const head = ["series", "plain ms", "gzip ms", "longest gap ms", "plain KiB", "gzip KiB"];
    return { title: "The scrape", method: METHOD, tables: [{ title: "GET /metrics", head, rows }, table], goals: [...goals, goal] };
  },
};
