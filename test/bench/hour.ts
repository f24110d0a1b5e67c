/** Whether memory stays as it is: a real hour at a user's pace. Asked only by name, for it takes that hour. */
import type { Answer, Cell, Question } from "./support/answer.ts";
import { historyFile, probesIn, startProgram } from "./support/program.ts";
import { models } from "./support/rig.ts";
import { median, sleep } from "./support/stats.ts";
import { startUpstream } from "./support/upstream.ts";

const TARGETS = 100;
const MINUTES = 60;
/** Prometheus' usual pace. */
const SCRAPES_A_MINUTE = 4;
const TENTH = MINUTES / 10;

const METHOD = `The built program with ${TARGETS} models, each probed once a minute, and scraped every ${60 / SCRAPES_A_MINUTE} s: its resident memory after each minute of an hour.
The first tenth of the hour fills caches; growth is the last tenth's median over the second tenth's.`;

export const hour: Question = {
  name: "hour",
  async ask(): Promise<Answer> {
    const upstream = await startUpstream({ tokens: 16, models: TARGETS });
    const program = await startProgram(`${models(upstream, TARGETS)}defaults: { every: 1m }\n${historyFile("hour")}`);
    const minutes: number[] = [];
    let probes = 0;
    while (minutes.length < MINUTES) {
      for (let scrape = 0; scrape < SCRAPES_A_MINUTE; scrape++) {
        await sleep(60_000 / SCRAPES_A_MINUTE);
        probes = probesIn(await program.page());
      }
      minutes.push(program.rssMiB());
    }
    await program.end();
    process.kill(upstream.pid);
    const tenths = [...Array(10).keys()].map((at) => median(minutes.slice(at * TENTH, (at + 1) * TENTH)));
    const rows: Cell[][] = tenths.map((rss, at) => [`${at * TENTH + 1}–${(at + 1) * TENTH}`, rss]);
    return {
      title: "An hour",
      method: METHOD,
      tables: [{ title: `RSS, ${probes.toLocaleString("en-US")} probes`, head: ["minutes", "RSS MiB"], rows }],
      goals: [
        { goal: `RSS at the end of an hour, ${TARGETS} targets`, atMost: 100, figure: tenths.at(-1) ?? Number.NaN, unit: "MiB" },
        {
          goal: "RSS at the end of an hour, of that after its first tenth",
          atMost: 1.1,
          figure: (tenths.at(-1) ?? Number.NaN) / (tenths[1] ?? Number.NaN),
          unit: "×",
        },
      ],
    };
  },
};
