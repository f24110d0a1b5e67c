/** One metric's living series. prom-client forgets nothing by itself, and removes only by the exact labels: so they are kept here. */
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Metric, Sample } from "./metric.ts";

type Labels = Readonly<Record<string, string>>;

interface Instrument {
  apply(labels: Labels, value: number): void;
  remove(labels: Labels): void;
}

interface Series {
  readonly key: string;
  readonly labels: Labels;
  /** Whose record brought it. */
  readonly writer: string;
}

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
}

function createInstrument(metric: Metric, registry: Registry): Instrument {
  const settings = { name: metric.name, help: metric.help, labelNames: metric.labels, registers: [registry] };
  switch (metric.type) {
    case "counter": {
      const counter = new Counter(settings);
      return { apply: (labels, value) => counter.inc(labels, value), remove: (labels) => counter.remove(labels) };
    }
    case "histogram": {
      const histogram = new Histogram({ ...settings, buckets: [...(metric.buckets ?? [])] });
      return { apply: (labels, value) => histogram.observe(labels, value), remove: (labels) => histogram.remove(labels) };
    }
    case "gauge": {
      const gauge = new Gauge(settings);
      // A gauge without labels is born 0 in prom-client: "the last tick was in 1970". Absent until it is set.
      if (metric.labels.length === 0) gauge.remove({});
      return { apply: (labels, value) => gauge.set(labels, value), remove: (labels) => gauge.remove(labels) };
    }
  }
}

/** prom-client prints a label that is undefined as "undefined". */
function toldLabels(metric: Metric, labels: Readonly<Record<string, string | undefined>>): Labels {
  return Object.fromEntries(metric.labels.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])));
}

/** prom-client prints NaN, and throws at a counter's negative or a histogram's infinite value. */
const fits = (metric: Metric, value: number): boolean => Number.isFinite(value) && (metric.type === "gauge" || value >= 0);

export function createFamily(metric: Metric, registry: Registry): Family {
  const instrument = createInstrument(metric, registry);
  const live = new Map<string, Series>();
  const ofTarget = new Map<string, Set<Series>>();

  /** The targets a series ends with. One that names none, such as the timetable's lateness, outlives them all. */
  const namesOf = ({ writer, labels }: Series): readonly string[] => {
    const owner = labels.target ?? labels.credential;
    return owner === undefined ? [] : [writer, owner];
  };
  const enter = (series: Series): void => {
    live.set(series.key, series);
    for (const name of namesOf(series)) ofTarget.set(name, (ofTarget.get(name) ?? new Set()).add(series));
  };
  const leave = (series: Series): void => {
    instrument.remove(series.labels);
    live.delete(series.key);
    for (const name of namesOf(series)) {
      ofTarget.get(name)?.delete(series);
      if (ofTarget.get(name)?.size === 0) ofTarget.delete(name);
    }
  };

  const write = (writer: string, samples: readonly Sample[]): Set<string> => {
    const written = new Set<string>();
    for (const sample of samples) {
      if (!fits(metric, sample.value)) continue;
      const labels = toldLabels(metric, sample.labels);
      const key = JSON.stringify(labels);
      instrument.apply(labels, sample.value);
      if (!live.has(key)) enter({ key, labels, writer });
      written.add(key);
    }
    return written;
  };

  return {
    metric,
    put: (writer, samples) => void write(writer, samples),
    replace(writer, samples) {
      const written = write(writer, samples);
      if (metric.type !== "gauge") return;
      const own = writer === SELF ? live.values() : (ofTarget.get(writer) ?? []);
      for (const series of [...own]) if (series.writer === writer && !written.has(series.key)) leave(series);
    },
    drop(target) {
      for (const series of ofTarget.get(target) ?? []) leave(series);
    },
  };
}
