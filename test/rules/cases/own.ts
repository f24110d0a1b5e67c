/** Alerts on the daemon itself, on accounts, on storage and servers. */
import { type Case, DAY, each, HERE, metric, part, scraped } from "./case.ts";

const OPENROUTER = { credential: "openrouter" } as const;
const KEY = { kind: "credential", target: "openrouter", credential: "openrouter" } as const;
const FILES = { kind: "bucket", target: "files" } as const;
/** Probes every two minutes, for 30 seconds at most. */
const paced = [metric("healthd_probe_interval_seconds", KEY, 120), metric("healthd_probe_timeout_seconds", KEY, 30)];
const ofStorage = (quickShare: number) => [
  metric("healthd_probe_interval_seconds", FILES, 300),
  ...(["1.28", "2.56", "5.12", "+Inf"] as const).map((le) =>
    part("healthd_bucket_operation_duration_seconds", "bucket", { ...FILES, le }, each(le === "1.28" ? 10 * quickShare : 10)),
  ),
];

export const ownCases: readonly Case[] = [
  {
    alert: "HealthdDown",
    fires: {
      series: [scraped((minute) => (minute < 5 ? 1 : 0))],
      at: 6,
      labels: HERE,
      says: "127.0.0.1:10556 does not answer. See whether the process runs and its log says why it ended, and whether Prometheus may reach it. Owner: prober.",
    },
    // A restart: away for less than a minute.
    quiet: { series: [scraped((minute) => (minute === 5 ? 0 : 1))], at: 6 },
  },
  {
    alert: "HealthdAbsent",
    fires: {
      series: [],
      at: 5,
      labels: { job: "llm-healthd" },
      says: "No target of the job llm-healthd is there. See the scrape configuration, and whether the daemon is deployed at all. Owner: prober.",
    },
    quiet: { series: [scraped(0)], at: 10 },
  },
  {
    alert: "HealthdStalled",
    fires: {
      series: [...paced, metric("healthd_scheduler_idle_seconds", {}, (minute) => Math.max(0, 60 * minute - 600))],
      // Stalled from 600 + 3 * 120 + 30 s on, and that for a minute.
      at: 18,
      labels: HERE,
      says: "127.0.0.1:10556 has ended no probe for 8m 0s. Restart it, and report the last lines of its log. Owner: prober.",
    },
    // Its clock is an hour slow.
    quiet: {
      series: [
        ...paced,
        metric("healthd_scheduler_idle_seconds", {}, 360),
        metric("healthd_scheduler_last_tick_timestamp_seconds", {}, (minute) => 60 * (minute - 66)),
      ],
      at: 10,
    },
  },
  {
    alert: "HealthdReloadFailed",
    fires: {
      series: [metric("healthd_config_last_reload_successful", {}, 0)],
      at: 5,
      labels: HERE,
      says: "127.0.0.1:10556 refused the config. `llm-healthd validate` names every place that is wrong; so does the log. Owner: prober.",
    },
    quiet: { series: [metric("healthd_config_last_reload_successful", {}, (minute) => (minute < 4 ? 0 : 1))], at: 20 },
  },
  {
    alert: "HealthdHistoryUnwritable",
    fires: {
      series: [metric("healthd_history_writable", {}, 0)],
      at: 5,
      labels: HERE,
      says: "127.0.0.1:10556 cannot write history.path, and keeps what is new in memory until it ends. See its log for why: the disk may be full, or the folder not its own. Owner: prober.",
    },
    quiet: { series: [metric("healthd_history_writable", {}, (minute) => (minute === 5 ? 0 : 1))], at: 10 },
  },
  {
    alert: "HealthdNoTargets",
    fires: {
      series: [metric("healthd_targets", { kind: "model" }, 0), metric("healthd_targets", { kind: "app" }, 0)],
      at: 10,
      labels: HERE,
      says: "127.0.0.1:10556 has no target. Name some in the config, or see whether its shard is an empty one. Owner: prober.",
    },
    quiet: { series: [metric("healthd_targets", { kind: "model" }, 0), metric("healthd_targets", { kind: "app" }, 1)], at: 20 },
  },
  {
    alert: "HealthdMissesProbes",
    fires: {
      series: [
        metric("healthd_scheduler_missed_total", { cause: "overlap" }, 0),
        metric("healthd_scheduler_missed_total", { cause: "late" }, each(0.2)),
      ],
      at: 30,
      lingers: 30,
      labels: HERE,
      says: "127.0.0.1:10556 gave up 6 runs, or has not looked at so many targets for thrice their interval. See whether the machine sleeps or is overloaded, or divide the targets into shards. Owner: prober.",
    },
    quiet: {
      series: [
        metric("healthd_scheduler_missed_total", { cause: "late" }, (minute) => (minute < 10 ? 0 : 2)),
        ...paced,
        // Its clock is an hour slow.
        metric("healthd_scheduler_idle_seconds", {}, 20),
        metric("healthd_scheduler_last_tick_timestamp_seconds", {}, (minute) => 60 * minute - 3620),
        metric("healthd_probe_last_run_timestamp_seconds", KEY, (minute) => 60 * minute - 3900),
      ],
      at: 30,
    },
  },
  {
    alert: "HealthdLoopLate",
    fires: {
      series: [metric("healthd_event_loop_lag_seconds", { stat: "p99" }, 0.4)],
      at: 5,
      labels: { ...HERE, stat: "p99" },
      says: "127.0.0.1:10556: one timer of a hundred ran 400ms late. Give it more processor time, or divide the targets into shards. Owner: prober.",
    },
    quiet: {
      series: [
        metric("healthd_event_loop_lag_seconds", { stat: "p99" }, (minute) => (minute % 5 === 0 ? 0.2 : 0.4)),
        metric("healthd_event_loop_lag_seconds", { stat: "max" }, 2),
      ],
      at: 20,
    },
  },
  {
    alert: "HealthdMeasuresLate",
    fires: {
      series: [
        metric("healthd_measurement_suspect_total", {}, each(3)),
        metric("healthd_probes_total", { ...KEY, verdict: "up" }, each(20)),
      ],
      at: 40,
      lingers: 30,
      labels: HERE,
      says: "127.0.0.1:10556 stood still during 15% of its probes; their latencies are left out. Give it more processor time, or divide the targets into shards. Owner: prober.",
    },
    quiet: {
      // A start's few, and runs that were skipped are no measurements.
      series: [
        metric("healthd_measurement_suspect_total", {}, (minute) => (minute < 3 ? 0 : 5)),
        metric("healthd_probes_total", { ...KEY, verdict: "up" }, each(20)),
        metric("healthd_probes_total", { ...KEY, verdict: "skipped" }, 0),
      ],
      at: 40,
    },
  },
  {
    alert: "HealthdShardMissing",
    fires: {
      series: [0, 2].flatMap((index) => [
        metric("healthd_shards", { instance: `h${index}:10556` }, 3),
        metric("healthd_shard_index", { instance: `h${index}:10556` }, index),
      ]),
      at: 5,
      labels: { job: "llm-healthd" },
      says: "Of job llm-healthd, 1 shards are missing, or its daemons disagree on how many there are. See shard.index and shard.total of each, and that each of them runs. Owner: prober.",
    },
    quiet: {
      series: [0, 1, 2, 2].flatMap((index, at) => [
        metric("healthd_shards", { instance: `h${at}:10556` }, 3),
        metric("healthd_shard_index", { instance: `h${at}:10556` }, index),
      ]),
      at: 20,
    },
  },
  {
    alert: "ClockSkewed",
    fires: {
      series: ["openrouter", "files", "frontend"].map((target) => metric("healthd_clock_skew_seconds", { kind: "app", target }, -45)),
      at: 10,
      labels: HERE,
      says: "The clock of 127.0.0.1:10556 is 45 seconds off. Set it by NTP: S3 refuses requests from 15 minutes on, and reports carry wrong times. Owner: prober.",
    },
    // One server of three has the wrong time.
    quiet: {
      series: ["openrouter", "files", "frontend"].map((target, at) =>
        metric("healthd_clock_skew_seconds", { kind: "app", target }, at === 0 ? 900 : 1),
      ),
      at: 30,
    },
  },
  {
    alert: "ApiKeyExpiring",
    fires: {
      series: [metric("healthd_key_expiration_timestamp_seconds", OPENROUTER, 6 * DAY)],
      at: 1,
      labels: { ...HERE, ...OPENROUTER },
      says: "The key of openrouter expires in 5d 23h 59m 0s. Make a new key, and put it where the daemon and the application read it. Owner: key.",
    },
    quiet: { series: [metric("healthd_key_expiration_timestamp_seconds", OPENROUTER, 8 * DAY)], at: 10 },
  },
  {
    alert: "CreditsRunningOut",
    fires: {
      // A cent a minute: 14.40 USD a day.
      series: [metric("healthd_account_credits_remaining_usd", OPENROUTER, (minute) => 20 - minute / 100)],
      at: 95,
      labels: { ...HERE, ...OPENROUTER },
      says: "openrouter: 19.05 USD are left. Buy credits, or find what spends them. Owner: money.",
    },
    quiet: { series: [metric("healthd_account_credits_remaining_usd", OPENROUTER, (minute) => 80 - minute / 100)], at: 95 },
  },
  {
    alert: "HealthdBudgetSpent",
    fires: {
      series: [metric("healthd_budget_exhausted", OPENROUTER, 1)],
      at: 5,
      labels: { ...HERE, ...OPENROUTER },
      says: "Probes through openrouter are refused by budget.free_quota_share or budget.usd_per_day. `llm-healthd plan` shows what uses how much; raise the budget, or probe less often. Owner: prober.",
    },
    quiet: { series: [metric("healthd_budget_exhausted", OPENROUTER, 0)], at: 10 },
  },
  {
    alert: "StorageSlow",
    fires: {
      series: ofStorage(0.5),
      at: 45,
      labels: { ...HERE, kind: "bucket", target: "files", subject: "files" },
      says: "files: nine of ten operations end within 2.304s. See which operation is slow on the dashboard, and ask whoever runs the storage. Owner: storage.",
    },
    quiet: { series: ofStorage(0.95), at: 45 },
  },
  {
    alert: "CertificateExpiring",
    fires: {
      series: [metric("healthd_tls_certificate_expiry_timestamp_seconds", FILES, 5 * DAY)],
      at: 1,
      labels: { ...HERE, ...FILES, subject: "files" },
      says: "The certificate of files (bucket) ends in 4d 23h 59m 0s. Renew it, or ask whoever runs the server. Owner: app.",
    },
    quiet: {
      series: [
        metric("healthd_tls_certificate_expiry_timestamp_seconds", FILES, 10 * DAY),
        metric("healthd_tls_certificate_expiry_timestamp_seconds", { kind: "model", target: "qwen" }, 5 * DAY),
      ],
      at: 30,
    },
  },
];
