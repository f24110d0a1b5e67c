/** `npm run soak [-- --hours 168]`: a simulated week; ends with 1 when memory or handles grew, somebody was paged for nothing, or an outage went unseen. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { missing } from "../support/programs.ts";
import { type Growth, growth } from "./growth.ts";
import { type Life, live, type Moment } from "./life.ts";
import { OUTAGE } from "./outage.ts";
import { type Page, pagesOf } from "./verdict.ts";

const { values } = parseArgs({ options: { hours: { type: "string", default: "168" }, share: { type: "string", default: "0.005" } } });
const say = (line: string): void => void process.stdout.write(`${line}\n`);

function tell({ hour, heapMb, handles, series, probes, failures, reloads, restarts }: Moment): void {
  const cells = [`${hour} h`, `${heapMb.toFixed(1)} MB`, handles, series, probes, failures, reloads, restarts];
  say(cells.map((cell) => String(cell).padStart(9)).join(""));
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "healthd-soak-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const print = ({ alert, labels, from, seconds }: Page, { start }: Life): string =>
  `  ${alert} at ${((from - start) / 3600).toFixed(2)} h for ${seconds} s  ${JSON.stringify(labels)}`;

async function week(hours: number, failureShare: number): Promise<boolean> {
  say(["time", "heap", "handles", "series", "probes", "failed", "reloads", "restarts"].map((head) => head.padStart(9)).join(""));
  return inFolder(async (folder) => {
    const life = await live({ hours, failureShare, folder, tell });
    const grown: readonly Growth[] = growth(life.moments);
    const pages = await pagesOf(life, folder);
    say("");
    for (const { what, perDay, bound, unit } of grown)
      say(`${what.padEnd(10)}${perDay.toFixed(2).padStart(8)} ${unit} a day; at most ${bound}`);
    say(`${"pages".padEnd(10)}${String(pages.length).padStart(8)} by the shipped critical alerts; at most 0`);
    for (const page of pages) say(print(page, life));
    return pages.length === 0 && grown.every(({ perDay, bound }) => perDay <= bound);
  });
}

/** That a page would have been seen: something really breaks. */
async function outage(): Promise<boolean> {
  return inFolder(async (folder) => {
    const life = await live({ ...OUTAGE, folder });
    const pages = await pagesOf(life, folder);
    say(`\nan outage of the storage, for comparison: ${pages.map(({ alert }) => alert).join(", ") || "no page"}; expected ${OUTAGE.alert}`);
    for (const page of pages) say(print(page, life));
    return pages.length === 1 && pages[0]?.alert === OUTAGE.alert;
  });
}

const why = missing("prometheus", "promtool");
if (why !== undefined) throw new Error(why);
const calm = await week(Number(values.hours), Number(values.share));
const seen = await outage();
process.exitCode = calm && seen ? 0 : 1;
