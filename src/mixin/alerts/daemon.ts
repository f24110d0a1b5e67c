/** Alerts on the daemon itself: who watches must be watched. */
import { alert, MINUTE, STICKY_SECONDS } from "../alert.ts";
import { labels, scraped, series } from "../promql.ts";
import { DOWN_SECONDS } from "../timing.ts";

const INSTANCE = labels("healthd_targets", "job", "instance");
/** Now, by the clock that the daemon writes its times with: Prometheus' may be another. */
const DAEMONS_TIME = `${series("healthd_scheduler_last_tick_timestamp_seconds")} + ${series("healthd_scheduler_idle_seconds")}`;
// Probing has stopped when no run has ended for so many of the shortest intervals, and a minute at least.
const STALLED_INTERVALS = 3;
const SKEW_SECONDS = 30;
const LAG_SECONDS = 0.25;
const SUSPECT_SHARE = 0.1;
/** At each start, while the program is still being loaded and compiled: no trouble. */
const SUSPECT_FEW = 10;

export const daemonAlerts = [
  alert({
    name: "HealthdDown",
    severity: "critical",
    scope: "daemon",
    owner: "prober",
    summary: "Prometheus cannot scrape llm-healthd, so nobody looks at anything.",
    description:
      "{{ $labels.instance }} does not answer. See whether the process runs and its log says why it ended, and whether Prometheus may reach it.",
    expr: ({ job }) => `${scraped({ job })} == 0`,
    forSeconds: DOWN_SECONDS,
    dashboard: "healthd-daemon",
    servedBy: "any",
  }),
  alert({
    name: "HealthdAbsent",
    severity: "critical",
    scope: "daemon",
    owner: "prober",
    summary: "Prometheus knows no llm-healthd to scrape, so nobody looks at anything.",
    description:
      "No target of the job {{ $labels.job }} is there. See the scrape configuration, and whether the daemon is deployed at all.",
    expr: ({ job }) => `absent(${scraped({ job })})`,
    forSeconds: 5 * MINUTE,
    dashboard: "healthd-daemon",
    servedBy: "any",
  }),
  alert({
    name: "HealthdStalled",
    severity: "critical",
    scope: "daemon",
    owner: "prober",
    summary: "The daemon answers, and has stopped probing.",
    description:
      "{{ $labels.instance }} has ended no probe for {{ $value | humanizeDuration }}. Restart it, and report the last lines of its log.",
    // By the daemon's word and not by two clocks: where one of them is wrong, this would page and silence what is.
    expr: `${series("healthd_scheduler_idle_seconds")} > on (${INSTANCE})
clamp_min(${STALLED_INTERVALS} * min by (${INSTANCE}) (${series("healthd_probe_interval_seconds")}), ${MINUTE})
+ max by (${INSTANCE}) (${series("healthd_probe_timeout_seconds")})`,
    forSeconds: MINUTE,
    dashboard: "healthd-daemon",
  }),
  alert({
    name: "HealthdReloadFailed",
    severity: "warning",
    scope: "daemon",
    owner: "prober",
    summary: "The config was changed and is wrong, so the one before it is still in use.",
    description: "{{ $labels.instance }} refused the config. `llm-healthd validate` names every place that is wrong; so does the log.",
    expr: `${series("healthd_config_last_reload_successful")} == 0`,
    forSeconds: 5 * MINUTE,
    dashboard: "healthd-daemon",
  }),
  alert({
    name: "HealthdHistoryUnwritable",
    severity: "warning",
    scope: "daemon",
    owner: "prober",
    summary: "What the daemon sees is not written to its history.",
    description:
      "{{ $labels.instance }} cannot write history.path, and keeps what is new in memory until it ends. See its log for why: the disk may be full, or the folder not its own.",
    expr: `${series("healthd_history_writable")} == 0`,
    forSeconds: 5 * MINUTE,
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-daemon",
  }),
  alert({
    name: "HealthdNoTargets",
    severity: "warning",
    scope: "daemon",
    owner: "prober",
    summary: "The daemon runs and has nothing to probe.",
    description: "{{ $labels.instance }} has no target. Name some in the config, or see whether its shard is an empty one.",
    expr: `sum by (${INSTANCE}) (${series("healthd_targets")}) == 0`,
    forSeconds: 10 * MINUTE,
    dashboard: "healthd-daemon",
  }),
  alert({
    name: "HealthdMissesProbes",
    severity: "warning",
    scope: "daemon",
    owner: "prober",
    summary: "Probes do not run when they are due.",
    description:
      '{{ $labels.instance }} gave up {{ $value | printf "%.0f" }} runs, or has not looked at so many targets for thrice their interval. See whether the machine sleeps or is overloaded, or divide the targets into shards.',
    // Models may be refused for long, by the budget; what costs nothing never is.
    expr: `sum by (${INSTANCE}) (increase(${series("healthd_scheduler_missed_total")}[30m])) >= 3
or count by (${INSTANCE}) (
  (${DAEMONS_TIME}) - on (${INSTANCE}) group_right ${series("healthd_probe_last_run_timestamp_seconds", { kind: { not: "model" } })}
  > 3 * ${series("healthd_probe_interval_seconds")} + ${series("healthd_probe_timeout_seconds")}
)`,
    forSeconds: 5 * MINUTE,
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-daemon",
  }),
  alert({
    name: "HealthdLoopLate",
    severity: "warning",
    scope: "daemon",
    owner: "prober",
    summary: "The daemon's event loop is late, so what it measures is too long.",
    description:
      "{{ $labels.instance }}: one timer of a hundred ran {{ $value | humanizeDuration }} late. Give it more processor time, or divide the targets into shards.",
    expr: `${series("healthd_event_loop_lag_seconds", { stat: "p99" })} > ${LAG_SECONDS}`,
    forSeconds: 5 * MINUTE,
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-daemon",
  }),
  alert({
    name: "HealthdMeasuresLate",
    severity: "warning",
    scope: "daemon",
    owner: "prober",
    summary: "The daemon stands in its own way: latencies of many probes could not be measured.",
    description:
      "{{ $labels.instance }} stood still during {{ $value | humanizePercentage }} of its probes; their latencies are left out. Give it more processor time, or divide the targets into shards.",
    expr: `sum by (${INSTANCE}) (rate(${series("healthd_measurement_suspect_total")}[30m]))
/ sum by (${INSTANCE}) (rate(${series("healthd_probes_total", { verdict: { not: "skipped" } })}[30m]))
> ${SUSPECT_SHARE}
and sum by (${INSTANCE}) (increase(${series("healthd_measurement_suspect_total")}[30m])) > ${SUSPECT_FEW}`,
    forSeconds: 10 * MINUTE,
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-daemon",
  }),
  alert({
    name: "HealthdShardMissing",
    severity: "warning",
    scope: "daemon",
    owner: "prober",
    summary: "Some shard of the targets is probed by nobody.",
    description:
      "Of job {{ $labels.job }}, {{ $value }} shards are missing, or its daemons disagree on how many there are. See shard.index and shard.total of each, and that each of them runs.",
    expr: `max by (job) (${series("healthd_shards")}) - count by (job) (count_values by (job) ("shard", ${series("healthd_shard_index")})) > 0`,
    forSeconds: 5 * MINUTE,
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-daemon",
    servedBy: "any",
  }),
  alert({
    name: "ClockSkewed",
    severity: "warning",
    scope: "daemon",
    owner: "prober",
    summary: "The daemon's clock differs from the clocks of most that it looks at.",
    description:
      'The clock of {{ $labels.instance }} is {{ $value | printf "%.0f" }} seconds off. Set it by NTP: S3 refuses requests from 15 minutes on, and reports carry wrong times.',
    // One server's clock may be wrong; most servers' are not.
    expr: `abs(quantile by (${INSTANCE}) (0.5, ${series("healthd_clock_skew_seconds")})) > ${SKEW_SECONDS}`,
    forSeconds: 10 * MINUTE,
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-daemon",
  }),
  alert({
    name: "Watchdog",
    severity: "none",
    scope: "daemon",
    owner: "prober",
    summary: "Always fires, so that somebody outside notices when alerts stop coming.",
    description: "All is well with Prometheus and Alertmanager. Whoever gets this must raise the alarm when it stops.",
    expr: "vector(1)",
    dashboard: "healthd-daemon",
    servedBy: "any",
  }),
] as const;
