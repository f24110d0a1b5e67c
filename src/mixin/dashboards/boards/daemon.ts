/** The daemon itself: does it keep its timetable, can its times be believed, and what does it use. */
import type { Board, Section } from "../board.ts";
import { runbooks } from "../links.ts";
import { wellOr } from "../palette.ts";
import { bars, graph, heatmap, stat } from "../panels.ts";
import { ageOf, foreign, grew, latest, observed, quantile } from "../query.ts";
import { table } from "../table.ts";

const each = (gauge: string): string => `max by (instance) (${gauge})`;
const BUILD = "instance, version, revision, node";
/** A value of each instance, with what runs there beside it. */
const withBuild = (value: string): string =>
  `(${value}) * on (instance) group_left (version, revision, node) max by (${BUILD}) (${latest("healthd_build_info")})`;

const alive: Section = {
  title: "Does it watch",
  panels: [
    stat({
      title: "Scraped",
      description: "Whether Prometheus could scrape the daemon.",
      unit: "none",
      size: [4, 4],
      queries: [{ expr: `min by (instance) (${foreign("up")})`, legend: "{{instance}}" }],
      mappings: wellOr("yes", "no"),
      links: runbooks("HealthdDown", "HealthdAbsent"),
      nothing: "not scraped",
    }),
    stat({
      title: "Last scheduled run",
      description: "How long ago a scheduled run last ended or was refused: the sign that the timetable lives.",
      unit: "s",
      size: [4, 4],
      decimals: 0,
      queries: [{ expr: each(latest("healthd_scheduler_idle_seconds")), legend: "{{instance}}" }],
      colours: ["green", [600, "orange"], [1800, "red"]],
      links: runbooks("HealthdStalled"),
    }),
    stat({
      title: "Overdue targets",
      description: "Targets whose latest probe is older than twice their interval and their timeout: skipped for long, or stuck.",
      unit: "none",
      size: [4, 4],
      queries: [
        {
          expr: `sum by (instance) (${ageOf(latest("healthd_probe_last_run_timestamp_seconds"))} > bool 2 * ${latest("healthd_probe_interval_seconds")} + ${latest("healthd_probe_timeout_seconds")})`,
          legend: "{{instance}}",
        },
      ],
      colours: ["green", [1, "orange"]],
      links: runbooks("HealthdStalled"),
    }),
    stat({
      title: "Config",
      description: "Whether the config on disk was taken at the latest attempt. If not, the one before it is still in use.",
      unit: "none",
      size: [4, 4],
      queries: [{ expr: `min by (instance) (${latest("healthd_config_last_reload_successful")})`, legend: "{{instance}}" }],
      mappings: wellOr("taken", "refused"),
      links: runbooks("HealthdReloadFailed"),
    }),
    stat({
      title: "Config in use since",
      description: "How long ago the config in use was loaded.",
      unit: "s",
      size: [4, 4],
      queries: [{ expr: each(ageOf(latest("healthd_config_last_reload_success_timestamp_seconds"))), legend: "{{instance}}" }],
      colours: ["blue"],
    }),
    stat({
      title: "Running for",
      description: "How long ago the process started.",
      unit: "s",
      size: [4, 4],
      queries: [{ expr: each(ageOf(foreign("process_start_time_seconds"))), legend: "{{instance}}" }],
      colours: ["blue"],
    }),
    table({
      title: "Who runs where",
      description:
        "Version, revision and Node of each daemon, which shard of the targets it probes and how many they are; in the page's range, bugs it met and writes of its history that failed.",
      size: [12, 6],
      labels: { instance: { name: "Instance" }, version: { name: "Version" }, revision: { name: "Revision" }, node: { name: "Node" } },
      columns: [
        { name: "Targets", expr: withBuild(`sum by (instance) (${latest("healthd_targets")})`), width: 90 },
        { name: "Shard", expr: withBuild(each(latest("healthd_shard_index"))), width: 80 },
        { name: "Of", expr: withBuild(each(latest("healthd_shards"))), width: 60 },
        { name: "Bugs met", expr: withBuild(each(grew("healthd_unexported_readings_total", "$__range"))), decimals: 0, width: 90 },
        {
          name: "Writes failed",
          expr: withBuild(each(grew("healthd_history_write_failures_total", "$__range"))),
          decimals: 0,
          width: 110,
        },
      ],
      links: runbooks("HealthdBug", "HealthdShardMissing"),
    }),
    stat({
      title: "History",
      description:
        "Whether the history could be written at the latest attempt. If not, probing goes on, and what is new waits in memory: a restart would lose it.",
      unit: "none",
      size: [4, 6],
      queries: [{ expr: `min by (instance) (${latest("healthd_history_writable")})`, legend: "{{instance}}" }],
      mappings: wellOr("written", "not written"),
    }),
    bars({
      title: "Targets",
      description: "How many targets are being probed, by kind.",
      unit: "none",
      size: [8, 6],
      queries: [{ expr: `sum by (kind) (${latest("healthd_targets")})`, legend: "{{kind}}" }],
      colours: ["blue"],
      links: runbooks("HealthdNoTargets", "HealthdShardMissing"),
    }),
  ],
};

const timetable: Section = {
  title: "Does it keep its timetable, and can its times be believed",
  panels: [
    graph({
      title: "Event loop lag",
      description:
        "How much later than planned the event loop's timers ran since the scrape before. A late loop measures late: above 0.1 s do not believe the latencies.",
      unit: "s",
      size: [8, 8],
      queries: [{ expr: `max by (instance, stat) (${latest("healthd_event_loop_lag_seconds")})`, legend: "{{instance}} {{stat}}" }],
      links: runbooks("HealthdLoopLate", "HealthdMeasuresLate"),
    }),
    heatmap({
      title: "Lateness of runs",
      description:
        "How long after their due time runs started or were refused; each cell counts the runs of its time that fell into its bucket.",
      unit: "s",
      size: [8, 8],
      queries: [{ expr: `sum by (le) (${observed("healthd_scheduler_lateness_seconds", "$__interval")})`, legend: "{{le}}" }],
    }),
    graph({
      title: "Lateness, 99 in 100",
      description: "Of the runs in the hour before, 99 in 100 started within this time after they were due.",
      unit: "s",
      size: [8, 8],
      queries: [{ expr: quantile(0.99, "instance", observed("healthd_scheduler_lateness_seconds", "1h")), legend: "{{instance}}" }],
    }),
    graph({
      title: "Missed runs in the last hour",
      description:
        "Runs in the hour before that the timetable could not keep: overlap, the one before went on; late, their time had passed.",
      unit: "none",
      size: [8, 7],
      queries: [{ expr: `sum by (cause) (${grew("healthd_scheduler_missed_total", "1h")})`, legend: "{{cause}}" }],
      stacked: true,
      links: runbooks("HealthdMissesProbes"),
    }),
    graph({
      title: "Skipped runs in the last hour",
      description: "Runs in the hour before that were due and refused, by cause: what we chose not to do.",
      unit: "none",
      size: [8, 7],
      queries: [{ expr: `sum by (cause) (${grew("healthd_probe_skips_total", "1h")})`, legend: "{{cause}}" }],
      stacked: true,
    }),
    graph({
      title: "Probes in flight",
      description: "Probes that were running at the moment of the scrape.",
      unit: "none",
      size: [8, 7],
      queries: [{ expr: each(latest("healthd_probes_in_flight")), legend: "{{instance}}" }],
    }),
  ],
};

const use: Section = {
  title: "What it uses",
  panels: [
    graph({
      title: "Our budget: free requests",
      description: "Free requests that our probes may still send today.",
      unit: "short",
      size: [6, 7],
      queries: [
        {
          expr: `min by (instance, credential) (${latest("healthd_budget_free_requests_remaining")})`,
          legend: "{{instance}} {{credential}}",
        },
      ],
      links: runbooks("HealthdBudgetSpent"),
    }),
    graph({
      title: "Our budget: money",
      description: "What our probes may still cost today.",
      unit: "currencyUSD",
      size: [6, 7],
      queries: [
        { expr: `min by (instance, credential) (${latest("healthd_budget_usd_remaining")})`, legend: "{{instance}} {{credential}}" },
      ],
      links: runbooks("HealthdBudgetSpent"),
    }),
    graph({
      title: "Scrape duration",
      description: "How long a scrape of the page takes. Near the scrape timeout, values will be missing.",
      unit: "s",
      size: [6, 7],
      queries: [{ expr: each(foreign("scrape_duration_seconds")), legend: "{{instance}}" }],
    }),
    graph({
      title: "Series",
      description: "Series on the page, and how many of them were new at the scrape. Ours are bounded: at most 170 a model, 160 a bucket.",
      unit: "short",
      size: [6, 7],
      queries: [
        { expr: each(foreign("scrape_samples_scraped")), legend: "{{instance}}" },
        { expr: each(foreign("scrape_series_added")), legend: "{{instance}} new" },
      ],
    }),
    graph({
      title: "Memory",
      description: "Resident memory of the process, and what its heap holds.",
      unit: "bytes",
      size: [8, 7],
      queries: [
        { expr: each(foreign("process_resident_memory_bytes")), legend: "{{instance}} resident" },
        { expr: each(foreign("nodejs_heap_size_used_bytes")), legend: "{{instance}} heap used" },
        { expr: each(foreign("nodejs_heap_size_total_bytes")), legend: "{{instance}} heap" },
        { expr: each(foreign("nodejs_external_memory_bytes")), legend: "{{instance}} external" },
      ],
    }),
    graph({
      title: "CPU",
      description: "Share of one core that the process used.",
      unit: "percentunit",
      size: [8, 7],
      queries: [{ expr: each(`rate(${foreign("process_cpu_seconds_total")}[$__rate_interval])`), legend: "{{instance}}" }],
    }),
    graph({
      title: "Open files",
      description: "File descriptors in use (sockets among them), and how many there may be.",
      unit: "short",
      size: [8, 7],
      queries: [
        { expr: each(foreign("process_open_fds")), legend: "{{instance}} open" },
        { expr: each(foreign("process_max_fds")), legend: "{{instance}} at most" },
      ],
    }),
  ],
};

export const daemon: Board = {
  uid: "healthd-daemon",
  title: "llm-healthd / Daemon",
  description: "Whether the daemon watches, keeps its timetable and measures rightly, and what it uses.",
  variables: [],
  sections: [alive, timetable, use],
};
