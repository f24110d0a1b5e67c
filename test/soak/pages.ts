/** Turns pages of /metrics into what Prometheus would have stored of them, as OpenMetrics lines for `promtool tsdb create-blocks-from`. */

/** As in the shipped prometheus.yml. */
export const SCRAPE_SECONDS = 5;
/** A value that stays is written again this often, and looked back for no longer than LOOKBACK: files stay small, and a series that left is gone as soon. */
const REPEAT_SECONDS = 20;
export const LOOKBACK_SECONDS = 25;
export const JOB = 'job="llm-healthd",instance="127.0.0.1:10556"';

/** What alerts for people are made of; buckets, phases and the like would make it ten times as much. */
const WANTED =
  /^healthd_(?:fault_|probe_(?:success|status_code|consecutive_failures|interval_seconds|timeout_seconds)|key_valid|scheduler_last_tick|config_last_reload)/;

export interface Pages {
  /** `page` is only asked for when something has happened since; it gives undefined while nobody answers. */
  scrape(at: number, page: () => Promise<string | undefined>, happened: boolean): Promise<void>;
  seriesCount(): number;
}

function labelled(series: string): string {
  const brace = series.indexOf("{");
  return brace < 0 ? `${series}{${JOB}}` : `${series.slice(0, brace)}{${JOB},${series.slice(brace + 1)}`;
}

/** The series that are wanted, and how many there are in all. */
function read(page: string | undefined): { readonly wanted: Map<string, string>; readonly count: number } {
  const lines = (page ?? "").split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const wanted = lines
    .filter((line) => WANTED.test(line))
    .map((line): [string, string] => {
      const end = line.lastIndexOf(" ");
      return [line.slice(0, end), line.slice(end + 1)];
    });
  return { wanted: new Map(wanted).set("up", page === undefined ? "0" : "1"), count: lines.length };
}

export function createPages(write: (text: string) => void): Pages {
  let current = new Map<string, string>();
  let count = 0;
  const writtenAt = new Map<string, number>();
  const put = (series: string, value: string, at: number): void => write(`${labelled(series)} ${value} ${at.toFixed(3)}\n`);
  return {
    seriesCount: () => count,
    async scrape(at, page, happened) {
      const before = current;
      if (happened) ({ wanted: current, count } = read(await page()));
      for (const [series, value] of current) {
        if (at - (writtenAt.get(series) ?? 0) < REPEAT_SECONDS && before.get(series) === value) continue;
        put(series, value, at);
        writtenAt.set(series, at);
      }
      for (const series of before.keys()) {
        if (current.has(series)) continue;
        // No text format has a staleness marker; not a number is neither above nor below anything.
        put(series, "NaN", at);
        writtenAt.delete(series);
      }
    },
  };
}
