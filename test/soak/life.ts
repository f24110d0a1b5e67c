/** A daemon on a simulated account, for as much simulated time as is asked for, and what Prometheus would have scraped of it. */
import { createWriteStream, type WriteStream } from "node:fs";
import { join } from "node:path";
import { getHeapCodeStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { systemClock } from "../../src/base/clock.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { type Counts, createOperator, type Operator } from "./operator.ts";
import { createPages, SCRAPE_SECONDS } from "./pages.ts";

const HOUR = 3600;
const RELOAD_EVERY_HOURS = 5;
const RESTART_EVERY_HOURS = 31;
const RESTART_SECONDS = 30;
const FILE_HOURS = 24;

export interface LifeOptions {
  readonly hours: number;
  /** Of all probes, those that fail once for no reason that lasts. */
  readonly failureShare: number;
  readonly folder: string;
  /** Something that really breaks, and mends. */
  readonly outage?: { readonly fromHour: number; readonly hours: number; begin(storage: Simulator, llm: Simulator): void };
  tell?(moment: Moment): void;
}

/** Now and then on the way, after the garbage was collected. */
export interface Moment extends Counts {
  readonly hour: number;
  readonly heapMb: number;
  /** Sockets, servers and timers of this process, and timers of the simulated clock. */
  readonly handles: number;
  readonly series: number;
}

export interface Life {
  readonly moments: readonly Moment[];
  /** OpenMetrics files, in the order of time. */
  readonly files: readonly string[];
  /** Seconds since 1970. */
  readonly start: number;
  readonly end: number;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Without what V8 compiles of the program, which goes on for days. */
function heapMb(): number {
  const { code_and_metadata_size: code, bytecode_and_metadata_size: bytecode } = getHeapCodeStatistics();
  return (process.memoryUsage().heapUsed - code - bytecode) / 1e6;
}

/** One file a day: promtool reads the whole file for each of its blocks. */
function createFiles(folder: string) {
  const files: string[] = [];
  let out: WriteStream | undefined;
  const close = (): Promise<void> => new Promise((done) => (out === undefined ? done() : out.end("# EOF\n", () => done())));
  return {
    files,
    close,
    write: (text: string) => void out?.write(text),
    async next() {
      await close();
      const file = join(folder, `scrapes-${files.length}.txt`);
      files.push(file);
      out = createWriteStream(file);
    },
  };
}

/** What the operator does at this second of the life; true where something of it shows on the page. */
async function act(operator: Operator, second: number): Promise<boolean> {
  const hour = Math.floor(second / HOUR);
  const within = second % HOUR;
  const restarts = hour > 0 && hour % RESTART_EVERY_HOURS === 0;
  if (within === 0 && restarts) await operator.stop();
  else if (within === RESTART_SECONDS && restarts) await operator.start();
  else if (within === 0 && hour % RELOAD_EVERY_HOURS === 2) await operator.reload();
  else return false;
  return true;
}

function strike({ outage }: LifeOptions, second: number, storage: Simulator, llm: Simulator): void {
  if (outage === undefined) return;
  if (second === outage.fromHour * HOUR) outage.begin(storage, llm);
  if (second === (outage.fromHour + outage.hours) * HOUR) for (const { faults } of [storage, llm]) faults.clear();
}

/** Runs while simulated time passes, some hundreds of times as fast as it does. */
export async function live(options: LifeOptions): Promise<Life> {
  const { hours, folder, failureShare, tell } = options;
  // All of it lies in the past, so that Prometheus has nothing to say against the times.
  const start = Math.floor(systemClock.wall() / 1000 / HOUR - hours - 1) * HOUR;
  const clock = createFakeClock(start * 1000);
  const swift = { firstTokenMs: 0, tokenMs: 0, catalogueSize: 40, requestsKept: 100 };
  // Signatures are made by the real clock, so storage lives in real time.
  const [storage, llm] = await Promise.all([startSimulator(swift), startSimulator({ ...swift, now: clock.wall })]);
  const operator = createOperator({ folder, clock, storage, llm, failureShare });
  const out = createFiles(folder);
  const pages = createPages(out.write);
  const moments: Moment[] = [];
  const pause = hours > FILE_HOURS ? 6 * HOUR : HOUR;
  try {
    await operator.start();
    let probes = -1;
    let stirred = false;
    for (let second = 0; second < hours * HOUR; second += SCRAPE_SECONDS) {
      if (second % (FILE_HOURS * HOUR) === 0) await out.next();
      const acted = await act(operator, second);
      strike(options, second, storage, llm);
      await clock.advance(SCRAPE_SECONDS * 1000, operator.idle);
      const counts = operator.counts();
      const stirs = acted || counts.probes !== probes;
      // Faults are judged a moment after the record that shows them: one scrape more.
      await pages.scrape(clock.wall() / 1000, operator.page, stirs || stirred);
      probes = counts.probes;
      stirred = stirs;
      if (second % pause !== 0) continue;
      collectGarbage();
      const handles = process.getActiveResourcesInfo().length + clock.pending;
      const moment = { hour: second / HOUR, heapMb: heapMb(), handles, series: pages.seriesCount(), ...counts };
      moments.push(moment);
      tell?.(moment);
    }
    return { moments, files: out.files, start, end: clock.wall() / 1000 };
  } finally {
    await operator.stop();
    await Promise.all([storage.stop(), llm.stop()]);
    await out.close();
  }
}
