/** Turns records into series. The series of a target live as long as the target does. */
import { collectDefaultMetrics, Registry } from "prom-client";
import type { Clock } from "../base/clock.ts";
import type { ProbeRecord, Sink, Target } from "../core/probe.ts";
import { kinds } from "../core/reason.ts";
import { catalogue, type SelfMetricName } from "./catalogue.ts";
import { createFamily, SELF } from "./family.ts";
import { createLagMeter, lagStats } from "./lag.ts";
import type { Sample } from "./metric.ts";
import { CONTENT_TYPE, renderPage } from "./render.ts";
import { createTargetSeries, type TargetSeries } from "./targets.ts";

export interface Metrics extends Sink {
  /**
   * From now on records of the target are taken. Again, after a reload, it keeps the counters, unless the name stands for another thing now.
   * `intervalSeconds`: the longest time between two runs, for a target whose timing is a cron expression.
   */
  addTarget(target: Target, intervalSeconds?: number): void;
  /** Drops every series that names the target or that it wrote; records that still come are ignored. */
  removeTarget(name: string): void;
  /** Sets one of the daemon's own gauges; a function is asked at every scrape. */
  set(name: SelfMetricName, value: number | (() => number), labels?: Readonly<Record<string, string>>): void;
  /**
   * Gives one of the daemon's own gauges exactly these series, asked for at every scrape; those that it had before and are not among
   * them leave.
   */
  setAll(name: SelfMetricName, series: () => readonly Sample[]): void;
  /**
   * The page in the text format 0.0.4, piece by piece. A metric that cannot be rendered is left out.
   * @param measured resolves once no probe runs, undefined when none does: the page waits for it, up to a twentieth of a second in all
   */
  render(measured?: () => Promise<void> | undefined): AsyncIterable<string>;
  readonly contentType: string;
}

export interface MetricsOptions {
  readonly version: string;
  readonly revision: string;
  readonly clock: Clock;
}

/**
 * Left out of prom-client's own: gauges it names like counters, which `promtool check metrics` refuses (the same by type stay);
 * and loop statistics that are NaN between two close scrapes (healthd_event_loop_lag_seconds tells the same).
 */
const UNFIT = /^nodejs_(?:active_(?:resources|handles|requests)_total|eventloop_lag_(?:min|max|mean|stddev|p\d+)_seconds)$/;

/** Of prom-client's timer for those loop statistics: it would fire a hundred times a second for nothing. */
const NEVER_MS = 2 ** 31 - 1;

function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS });
  for (const { name } of registry.getMetricsAsArray()) if (UNFIT.test(name)) registry.removeSingleMetric(name);
  return registry;
}

// Sixty metrics are asked of a record. Alone that takes five times as long as in a row, for all their code must be fetched to the processor
// anew; and no more in a row than what a probe beside it does not notice (decision 0015).
const IN_A_ROW = 8;

interface Waiting {
  readonly record: ProbeRecord;
  readonly takenAt: number;
}

type SetSelf = (name: SelfMetricName, value: number, labels?: Readonly<Record<string, string>>) => void;

/** What the registry can tell of itself at a scrape. */
function selfReadings(set: SetSelf, targets: TargetSeries, idleMs: () => number): readonly (() => void)[] {
  const lag = createLagMeter();
  return [
    () => set("healthd_scheduler_idle_seconds", idleMs() / 1000),
    () => {
      const reading = lag();
      for (const stat of lagStats) set("healthd_event_loop_lag_seconds", reading[stat], { stat });
    },
    () => {
      const list = targets.list();
      for (const kind of kinds) set("healthd_targets", list.filter((target) => target.kind === kind).length, { kind });
    },
  ];
}

export function createMetrics({ version, revision, clock }: MetricsOptions): Metrics {
  const registry = createRegistry();
  const families = new Map(catalogue.map((metric) => [metric.name, createFamily(metric)]));
  const setSelf: SetSelf = (name, value, labels = {}) => families.get(name)?.put(SELF, [{ labels, value }]);
  const onFault = (): void => setSelf("healthd_unexported_readings_total", 1);
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch {
      onFault();
    }
  };
  const targets = createTargetSeries(families.values(), onFault);
  const asked = new Map<string, () => void>();

  // Monotonic: who reads the page may have another clock, and ours may be set.
  let tickedAt = clock.monotonic();
  const readings = selfReadings(setSelf, targets, () => clock.monotonic() - tickedAt);

  let waiting: Waiting[] = [];
  /** Before anybody looks at a series, and before it could belong to another. */
  const settle = (): void => {
    const some = waiting;
    waiting = [];
    for (const { record, takenAt } of some)
      guarded(() => {
        const taken = targets.take(record);
        if (taken && record.latenessSeconds !== undefined) setSelf("healthd_scheduler_last_tick_timestamp_seconds", takenAt / 1000);
      });
  };

  setSelf("healthd_build_info", 1, { version, revision, node: process.version });
  return {
    contentType: CONTENT_TYPE,
    addTarget(target, intervalSeconds) {
      settle();
      targets.add(target, intervalSeconds);
    },
    removeTarget(name) {
      settle();
      targets.remove(name);
    },
    take(record) {
      waiting.push({ record, takenAt: clock.wall() });
      if (record.latenessSeconds !== undefined) tickedAt = clock.monotonic();
      if (waiting.length >= IN_A_ROW) settle();
    },
    set(name, value, labels = {}) {
      const key = JSON.stringify([name, labels]);
      asked.delete(key);
      if (typeof value === "number") setSelf(name, value, labels);
      else asked.set(key, () => setSelf(name, value(), labels));
    },
    setAll: (name, series) => void asked.set(name, () => families.get(name)?.replace(SELF, series())),
    render: (measured = () => undefined) =>
      renderPage({
        readings: [settle, ...[...readings, ...asked.values()].map((reading) => () => guarded(reading))],
        registry,
        families: families.values(),
        measured,
        onFault,
      }),
  };
}
