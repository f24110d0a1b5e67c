/** One metric's living series. A series lives as long as the target that it belongs to, and a gauge's no longer than it is told. */
import { labelText } from "./labels.ts";
import type { Metric, Sample } from "./metric.ts";
import { headerOf, lineWriter, type Series } from "./series.ts";

/** Writer of the series that are no target's: the daemon itself. */
export const SELF = "";

export interface Family {
  readonly metric: Metric;
  /** Adds to counters, observes in histograms, sets gauges. */
  put(writer: string, samples: readonly Sample[]): void;
  /** As `put`; then a gauge has, of what this writer ever brought, only these samples. */
  replace(writer: string, samples: readonly Sample[]): void;
  /** Forgets what belongs to the target: series that name it, and series that it wrote. */
  drop(target: string): void;
  /** What stands on the page, piece by piece: the header, then each series. */
  text(): Iterable<string>;
}

function apply({ type, buckets = [] }: Metric, series: Series, value: number): void {
  series.value = type === "gauge" ? value : series.value + value;
  if (series.counts === undefined) return;
  const bucket = buckets.findIndex((bound) => value <= bound);
  const at = bucket < 0 ? buckets.length : bucket;
  series.counts[at] = (series.counts[at] ?? 0) + 1;
}

/** NaN and infinity say nothing, and no count goes down. */
const fits = (metric: Metric, value: number): boolean => Number.isFinite(value) && (metric.type === "gauge" || value >= 0);

/** The targets a series ends with. */
function namesOf({ writer, owner }: Series): readonly string[] {
  if (owner === undefined) return [];
  return owner === writer ? [owner] : [writer, owner];
}

export function createFamily(metric: Metric): Family {
  const live = new Map<string, Series>();
  // Arrays, for most hold one: a set of one is three times as large.
  const ofTarget = new Map<string, Series[]>();
  let writing = 0;

  const enter = (labels: string, writer: string, owner: string | undefined): Series => {
    const counts = metric.type === "histogram" ? { counts: new Array<number>((metric.buckets?.length ?? 0) + 1).fill(0) } : {};
    const series: Series = { labels, writer, owner, value: 0, ...counts, writing };
    live.set(labels, series);
    for (const name of namesOf(series)) {
      const some = ofTarget.get(name);
      if (some === undefined) ofTarget.set(name, [series]);
      else some.push(series);
    }
    return series;
  };
  const leave = (series: Series): void => {
    live.delete(series.labels);
    for (const name of namesOf(series)) {
      const rest = ofTarget.get(name)?.filter((one) => one !== series) ?? [];
      if (rest.length === 0) ofTarget.delete(name);
      else ofTarget.set(name, rest);
    }
  };

  const put = (writer: string, samples: readonly Sample[]): void => {
    for (const sample of samples) {
      if (!fits(metric, sample.value)) continue;
      const labels = labelText(metric, sample.labels);
      const series = live.get(labels) ?? enter(labels, writer, sample.labels.target ?? sample.labels.credential);
      apply(metric, series, sample.value);
      series.writing = writing;
    }
  };

  // Counts begin at 0, and what is no target's begins with the process. A gauge is absent until it is set: 0 would be a claim.
  if (metric.type !== "gauge" && metric.labels.length === 0) enter("", SELF, undefined);

  return {
    metric,
    put,
    replace(writer, samples) {
      if (metric.type !== "gauge") return put(writer, samples);
      writing += 1;
      put(writer, samples);
      const own = writer === SELF ? live.values() : (ofTarget.get(writer) ?? []);
      for (const series of own) if (series.writer === writer && series.writing !== writing) leave(series);
    },
    drop(target) {
      const some = ofTarget.get(target) ?? [];
      // At once: one by one, ten thousand would be looked through ten thousand times.
      ofTarget.delete(target);
      for (const series of some) leave(series);
    },
    *text() {
      yield headerOf(metric);
      const line = lineWriter(metric);
      for (const series of live.values()) yield line(series);
    },
  };
}
