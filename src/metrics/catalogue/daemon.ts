/** Metrics of the daemon itself: how well it keeps its timetable, and what it is set to. */
import { type SkipCause, skipCauses } from "../../core/outcome.ts";
import { isSuspect, type ProbeRecord } from "../../core/probe.ts";
import { DURATION_BUCKETS_SECONDS, metric, sample } from "../metric.ts";

/** A run the timetable owed and could not give is missed; one refused because the daemon stops is not. */
const MISSED: Readonly<Record<SkipCause, boolean>> = {
  overlap: true,
  late: true,
  stopping: false,
  quota: false,
  budget: false,
  backoff: false,
};

const lateness = ({ latenessSeconds }: ProbeRecord) => sample({}, latenessSeconds);

export const schedulerMetrics = [
  metric({
    name: "healthd_scheduler_lateness_seconds",
    type: "histogram",
    help: "How long after their due time runs started or were refused, in seconds.",
    labels: [],
    buckets: DURATION_BUCKETS_SECONDS,
    read: lateness,
    readSkip: lateness,
  }),
  metric({
    name: "healthd_scheduler_missed_total",
    type: "counter",
    help: "Number of runs that the timetable could not keep, by cause: the run before was not over (overlap), or its time had passed (late).",
    labels: ["cause"],
    start: () => skipCauses.flatMap((cause) => (MISSED[cause] ? sample({ cause }, 0) : [])),
    readSkip: ({ outcome: { cause } }) => (MISSED[cause] ? sample({ cause }, 1) : []),
  }),
  metric({
    name: "healthd_measurement_suspect_total",
    type: "counter",
    help: "Number of probes during which llm-healthd itself stood still for more than 20 ms, and a tenth of the probe, in all: their latencies are in no histogram.",
    labels: [],
    read: (record) => (isSuspect(record) ? sample({}, 1) : []),
  }),
] as const;

/** What a fault is of: `kind` and `credential` are its subject's; empty where it has none. */
const FAULT = ["owner", "reason", "subject", "kind", "credential"] as const;

/** Set by the registry and by the daemon; nothing in a record tells them. */
export const selfMetrics = [
  metric({
    name: "healthd_scheduler_last_tick_timestamp_seconds",
    type: "gauge",
    help: "When a scheduled run last ended or was refused, in seconds since 1970; absent before the first.",
    labels: [],
  }),
  metric({
    name: "healthd_scheduler_idle_seconds",
    type: "gauge",
    help: "For how long no scheduled run has ended or been refused, since the start before the first; on a clock that nobody can set.",
    labels: [],
  }),
  metric({
    name: "healthd_fault_active",
    type: "gauge",
    help: "One series for each thing that is really broken now; its value is the number of targets that it explains.",
    labels: FAULT,
  }),
  metric({
    name: "healthd_fault_sightings",
    type: "gauge",
    help: "Number of moments in which probes saw the fault itself, not only what needs its subject: one may be a hiccup, two agree.",
    labels: FAULT,
  }),
  metric({
    name: "healthd_fault_down",
    type: "gauge",
    help: "Whether somebody is without what they need: 1 yes; 0 it is on its way there, such as a model that only the catalogue calls unavailable.",
    labels: FAULT,
  }),
  metric({
    name: "healthd_fault_start_timestamp_seconds",
    type: "gauge",
    help: "Since when the fault has been seen, in seconds since 1970; a restart of llm-healthd does not begin anew.",
    labels: FAULT,
  }),
  metric({ name: "healthd_targets", type: "gauge", help: "Number of targets that are being probed, by kind.", labels: ["kind"] }),
  metric({ name: "healthd_probes_in_flight", type: "gauge", help: "Number of probes that are running now.", labels: [] }),
  metric({
    name: "healthd_config_last_reload_successful",
    type: "gauge",
    help: "Whether the latest attempt to load the config succeeded: 1 yes, 0 no (then the config before it is still in use).",
    labels: [],
  }),
  metric({
    name: "healthd_config_last_reload_success_timestamp_seconds",
    type: "gauge",
    help: "When the config in use was loaded, in seconds since 1970.",
    labels: [],
  }),
  metric({
    name: "healthd_budget_free_requests_remaining",
    type: "gauge",
    help: "Number of free requests that probes may still send today, of the share that the config allows them.",
    labels: ["credential"],
  }),
  metric({
    name: "healthd_budget_usd_remaining",
    type: "gauge",
    help: "What probes may still cost today, in US dollars.",
    labels: ["credential"],
  }),
  metric({
    name: "healthd_budget_exhausted",
    type: "gauge",
    help: "Whether some probe is refused until 00:00 UTC because the day's budget is spent: 1 yes, 0 no.",
    labels: ["credential"],
  }),
  metric({
    name: "healthd_history_writable",
    type: "gauge",
    help: "Whether the history could be written at the latest attempt: 1 yes, 0 no (then probing goes on, and what is new waits in memory).",
    labels: [],
  }),
  metric({
    name: "healthd_history_write_failures_total",
    type: "counter",
    help: "Number of attempts to write the history that failed; each is made again.",
    labels: [],
  }),
  metric({ name: "healthd_shard_index", type: "gauge", help: "Which shard of the targets this process probes, from 0.", labels: [] }),
  metric({ name: "healthd_shards", type: "gauge", help: "Number of shards that the targets are divided into.", labels: [] }),
  metric({
    name: "healthd_event_loop_lag_seconds",
    type: "gauge",
    help: "How much later than planned the event loop's timers ran since the scrape before, in seconds; a late loop measures late.",
    labels: ["stat"],
  }),
  metric({
    name: "healthd_unexported_readings_total",
    type: "counter",
    help: "Number of times a metric could not be read, set or rendered because of a bug in llm-healthd; the rest of the page is not affected.",
    labels: [],
  }),
  metric({
    name: "healthd_build_info",
    type: "gauge",
    help: "Always 1; its labels tell the version of llm-healthd, the revision it was built from, and the version of Node.",
    labels: ["version", "revision", "node"],
  }),
] as const;
