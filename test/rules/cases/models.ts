/** Alerts on models, and on error budgets. */
import { type Case, DAY, each, HERE, type Labels, metric, part, type Series, type Values } from "./case.ts";
import { seriesOf } from "./faults.ts";

const QWEN = { kind: "model", target: "qwen", credential: "openrouter" } as const;
const LISTED = { ...QWEN, model: "qwen/qwen3-coder:free" } as const;
const probed = metric("healthd_probe_interval_seconds", QWEN, 300);
const ABOUT: Labels = { ...HERE, ...QWEN, subject: "qwen" };
const REGIONS = ["eu:10556", "us:10556", "ap:10556"] as const;

/** The model seen by daemons of three regions, down in so many of them. */
const regions = (down: number): Series[] =>
  REGIONS.map((instance, at) => metric("healthd_probe_consecutive_failures", { ...QWEN, instance }, at < down ? 2 : 0));

/** First tokens within 1.28 s, from some minute on within `late`. */
const firstTokens = (late: "1.28" | "5.12", from: number): Series[] => {
  const labels = { ...LISTED, token: "answer" };
  const good = (minute: number): number => Math.min(minute, from);
  const of = (values: Values, le: string) => part("healthd_model_time_to_first_token_seconds", "bucket", { ...labels, le }, values);
  return [
    probed,
    of(0, "0.64"),
    of(late === "1.28" ? each(1) : good, "1.28"),
    of(late === "1.28" ? each(1) : good, "2.56"),
    of(each(1), "5.12"),
    of(each(1), "+Inf"),
    part("healthd_model_time_to_first_token_seconds", "count", labels, each(1)),
  ];
};

const verdicts = (kind: string, target: string, up: Values, down: Values): Series[] => [
  metric("healthd_probes_total", { kind, target, verdict: "up" }, up),
  metric("healthd_probes_total", { kind, target, verdict: "down" }, down),
];
const failures = (kind: string, target: string, owner: string, values: Values): Series =>
  metric("healthd_probe_failures_total", { kind, target, reason: "provider_error", owner }, values);

const answers = (quickShare: number): Series[] => [
  part("healthd_probe_duration_seconds", "bucket", { ...{ kind: "model", target: "qwen", verdict: "up" }, le: "20.48" }, each(quickShare)),
  part("healthd_probe_duration_seconds", "count", { kind: "model", target: "qwen", verdict: "up" }, each(1)),
];

export const modelCases: readonly Case[] = [
  {
    alert: "ModelDownEverywhere",
    fires: {
      series: regions(2),
      at: 1,
      labels: { job: HERE.job, target: "qwen", credential: "openrouter", subject: "qwen" },
      says: "qwen: 66.67% of the daemons failed at least twice in a row. Compare their /api/v1/faults, and move the application to another model. Owner: provider.",
    },
    // Everywhere, and a page names the cause.
    quiet: {
      series: [
        ...regions(3),
        ...seriesOf({ reason: "provider_error", subject: "qwen", kind: "model", credential: "openrouter", instance: REGIONS[0] }, () => 2),
      ],
      at: 30,
    },
  },
  {
    alert: "ModelLeaving",
    fires: {
      series: [metric("healthd_model_expiration_timestamp_seconds", LISTED, 10 * DAY)],
      at: 5,
      labels: { ...ABOUT, model: LISTED.model },
      says: "qwen (qwen/qwen3-coder:free) leaves in 9d 23h 55m 0s. Choose another model in time; `llm-healthd models --search` proposes some. Owner: request.",
    },
    quiet: { series: [metric("healthd_model_expiration_timestamp_seconds", LISTED, 20 * DAY)], at: 10 },
  },
  {
    alert: "ModelFallingBack",
    fires: {
      series: [probed, metric("healthd_model_fallbacks_total", LISTED, (minute) => Math.floor(minute / 20))],
      at: 120,
      labels: { ...ABOUT, model: LISTED.model },
      says: "qwen (qwen/qwen3-coder:free): 6 answers of the last two hours came from a fallback, later and perhaps at another price. See which provider fails; prefer or exclude providers in the application's requests. Owner: provider.",
    },
    quiet: { series: [probed, metric("healthd_model_fallbacks_total", LISTED, (minute) => Math.floor(minute / 60))], at: 120 },
  },
  {
    alert: "ProviderErrors",
    fires: {
      // Looked at every five minutes: two good answers, one failure.
      series: [
        ...verdicts("model", "qwen", each(2 / 15), each(1 / 15)),
        failures("model", "qwen", "provider", each(1 / 15)),
        metric("healthd_probe_timeout_seconds", QWEN, 60),
      ],
      at: 120,
      labels: ABOUT,
      says: "qwen: 33.33% of the probes of the last two hours failed at the provider. Retry in the application, or choose another provider or model. Owner: provider.",
    },
    quiet: {
      // As many failures; half of them are the request's.
      series: [
        ...verdicts("model", "qwen", each(4 / 15), each(1 / 15)),
        failures("model", "qwen", "provider", each(1 / 30)),
        failures("model", "qwen", "request", each(1 / 30)),
        metric("healthd_probe_timeout_seconds", QWEN, 60),
      ],
      at: 120,
    },
  },
  {
    alert: "FirstTokenSlow",
    fires: {
      series: firstTokens("5.12", 200),
      at: 290,
      labels: { ...ABOUT, model: LISTED.model },
      says: "qwen: nine of ten first tokens came within 4.864s in the last hour, twice as late as usual. The provider is loaded or has changed; choose another provider if it lasts. Owner: provider.",
    },
    quiet: { series: firstTokens("1.28", 200), at: 290 },
  },
  {
    alert: "ErrorBudgetBurn",
    fires: {
      // Of the applications one probe of five: twenty times what the objective allows.
      series: [...verdicts("app", "frontend", each(0.8), each(0.2)), failures("app", "frontend", "app", each(0.2))],
      at: 60,
      // The pair of three days looks back six hours.
      lingers: 375,
      labels: { ...HERE, kind: "app", owner: "app" },
      says: "Of kind app, 20% of the probes failed for reasons that are not ours; the objective is 5 % for models and 1 % for the rest. See which target fails most, and replace it or talk to who runs it. Owner: app.",
    },
    quiet: {
      // As many, and they are ours.
      series: [...verdicts("app", "frontend", each(0.8), each(0.2)), failures("app", "frontend", "request", each(0.2))],
      at: 60,
    },
  },
  {
    alert: "LatencyBudgetBurn",
    fires: {
      series: answers(0.2),
      at: 60,
      lingers: 375,
      labels: { ...HERE, kind: "model" },
      says: "80% of the models' answers took longer than 20.48 seconds; the objective is 5 %. See which model is slow, and choose a faster model or provider. Owner: provider.",
    },
    quiet: { series: answers(0.96), at: 60 },
  },
];
