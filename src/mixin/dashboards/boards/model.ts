/** One model, or several side by side: how it answers, how fast, for how much, from whom, and what the catalogue says of it. */
import type { Board, Section } from "../board.ts";
import { runbooks } from "../links.ts";
import { codeColours, verdictWords, yesNo } from "../palette.ts";
import { bars, cells, graph, heatmap, stat } from "../panels.ts";
import { ageOf, grew, grewFromNothing, latest, mean, observed, quantile, verdictOf } from "../query.ts";
import { table } from "../table.ts";
import { outcomeTable, successBars } from "./shared.ts";

const MODEL = { kind: "model", target: /$target/ } as const;
const OF = { target: /$target/ } as const;

const answers: Section = {
  title: "Does it answer",
  panels: [
    stat({
      title: "Verdict",
      description: "What the latest probe of each model came to. Degraded: it answers, but not as the config asks, such as no longer free.",
      unit: "none",
      size: [8, 6],
      queries: [{ expr: verdictOf("target", MODEL), legend: "{{target}}" }],
      mappings: verdictWords,
      links: runbooks("ProviderUnavailable", "ModelDownEverywhere", "ModelMissing", "ModelRequestRejected"),
    }),
    outcomeTable(
      { title: "Latest probe", description: "What the latest probe of each model saw, and since when it has not worked.", size: [16, 6] },
      { name: "Model" },
      MODEL,
    ),
    cells({
      title: "Status codes",
      description:
        "Effective status code of the latest probe over time: the HTTP status, or the code of an error inside a 200. Orange is ours to mend, red theirs.",
      unit: "none",
      size: [24, 8],
      queries: [{ expr: `max by (target) (${latest("healthd_probe_status_code", MODEL)})`, legend: "{{target}}" }],
      mappings: codeColours,
    }),
    successBars("Success share", "Share of probes in the page's range that found the model working.", [8, 8], MODEL),
    graph({
      title: "Failures in the last hour, by reason",
      description: "How many probes failed in the hour before, by what was wrong.",
      unit: "none",
      size: [8, 8],
      queries: [{ expr: `sum by (reason) (${grewFromNothing("healthd_probe_failures_total", "1h", MODEL)})`, legend: "{{reason}}" }],
      stacked: true,
      links: runbooks("ProviderErrors", "WrongAnswers"),
      nothing: "No probe failed",
    }),
    graph({
      title: "Answers in the last hour, by code",
      description:
        "How many answers came in the hour before, by effective status code and where it stood: an error in a body or a stream hides behind a 200.",
      unit: "none",
      size: [8, 8],
      queries: [
        { expr: `sum by (code, via) (${grewFromNothing("healthd_probe_responses_total", "1h", MODEL)}) > 0`, legend: "{{code}} ({{via}})" },
      ],
      stacked: true,
    }),
  ],
};

const speed: Section = {
  title: "How fast",
  panels: [
    heatmap({
      title: "First token of the answer",
      description:
        "Time from the start of a probe to the first token of the answer; each cell counts the probes of its time that fell into its bucket.",
      unit: "s",
      size: [12, 8],
      queries: [
        {
          expr: `sum by (le) (${observed("healthd_model_time_to_first_token_seconds", "$__interval", { ...OF, token: "answer" })})`,
          legend: "{{le}}",
        },
      ],
    }),
    graph({
      title: "First token, half and nine in ten",
      description: "Of the probes in the hour before: half had their first token (reasoning or answer) within p50, nine in ten within p90.",
      unit: "s",
      size: [12, 8],
      queries: [0.5, 0.9].map((q) => ({
        expr: quantile(q, "target, token", observed("healthd_model_time_to_first_token_seconds", "1h", OF)),
        legend: `{{target}} {{token}} p${q * 100}`,
      })),
      links: runbooks("FirstTokenSlow"),
    }),
    graph({
      title: "Whole answer",
      description: "How long the latest probe took to the last byte, and the timeout that ends it.",
      unit: "s",
      size: [8, 8],
      queries: [
        { expr: `max by (target) (${latest("healthd_probe_last_duration_seconds", MODEL)})`, legend: "{{target}}" },
        { expr: `max(${latest("healthd_probe_timeout_seconds", MODEL)})`, legend: "timeout" },
      ],
    }),
    graph({
      title: "Whole answer, nine in ten",
      description: "Of the probes in the hour before that worked, nine in ten had the whole answer within this time.",
      unit: "s",
      size: [8, 8],
      queries: [
        {
          expr: quantile(0.9, "target", observed("healthd_probe_duration_seconds", "1h", { ...MODEL, verdict: /up|degraded/ })),
          legend: "{{target}}",
        },
      ],
      links: runbooks("LatencyBudgetBurn"),
    }),
    graph({
      title: "Time per token",
      description: "Mean time per output token after the first, over the hour before; measured on answers of 16 tokens or more.",
      unit: "s",
      size: [8, 8],
      queries: [{ expr: mean("healthd_model_time_per_output_token_seconds", "target", "1h", OF), legend: "{{target}}" }],
    }),
    graph({
      title: "Where the time goes",
      description:
        "Phases of the latest probe, one on another; of several models the mean. first_byte is the wait for the API, transfer the stream of the answer.",
      unit: "s",
      size: [24, 7],
      queries: [{ expr: `avg by (phase) (${latest("healthd_probe_phase_seconds", MODEL)})`, legend: "{{phase}}" }],
      stacked: true,
    }),
  ],
};

const use: Section = {
  title: "Tokens, cost, and who answers",
  panels: [
    graph({
      title: "Tokens in the last hour",
      description: "Tokens that our probes used in the hour before.",
      unit: "short",
      size: [8, 7],
      queries: [{ expr: `sum by (type) (${grew("healthd_model_tokens_total", "1h", OF)})`, legend: "{{type}}" }],
      stacked: true,
      links: runbooks("EmptyAnswers"),
    }),
    graph({
      title: "Of these: cached, and reasoning",
      description: "Input tokens that were read from a cache, and output tokens spent on reasoning, in the hour before.",
      unit: "short",
      size: [8, 7],
      queries: [{ expr: `sum by (detail) (${grew("healthd_model_token_details_total", "1h", OF)})`, legend: "{{detail}}" }],
    }),
    graph({
      title: "Cost in the last hour",
      description: "What our probes of each model cost in the hour before, as the API told it.",
      unit: "currencyUSD",
      size: [8, 7],
      queries: [{ expr: `sum by (target) (${grew("healthd_model_cost_usd_total", "1h", OF)})`, legend: "{{target}}" }],
      stacked: true,
    }),
    bars({
      title: "How answers ended",
      description:
        "Answers in the page's range by finish reason: stop is whole, length was cut, content_filter and error are failures behind a 200.",
      unit: "none",
      size: [8, 7],
      decimals: 0,
      queries: [{ expr: `sum by (finish_reason) (${grew("healthd_model_finish_total", "$__range", OF)})`, legend: "{{finish_reason}}" }],
      colours: ["blue"],
    }),
    table({
      title: "Served by",
      description:
        "Which model and which provider gave the latest answer. A model that is not the one asked for is a fallback or an alias.",
      size: [16, 7],
      nothing: "The latest probe got no answer",
      labels: {
        target: { name: "Model" },
        model: { name: "Asked for" },
        response_model: { name: "Answered" },
        provider: { name: "Provider" },
      },
      columns: [
        {
          name: "Seen by daemons",
          expr: `count by (target, model, response_model, provider) (${latest("healthd_model_served_info", OF)})`,
          width: 130,
        },
      ],
    }),
    graph({
      title: "Changes and fallbacks in the last hour",
      description:
        "How often another model or provider answered than before, and how often an answer came only after another provider had failed.",
      unit: "none",
      size: [12, 7],
      queries: [
        { expr: `sum by (target) (${grew("healthd_model_served_changes_total", "1h", OF)})`, legend: "{{target}} changed" },
        { expr: `sum by (target) (${grew("healthd_model_fallbacks_total", "1h", OF)})`, legend: "{{target}} fell back" },
      ],
      links: runbooks("ModelFallingBack"),
    }),
    graph({
      title: "Everybody's uptime",
      description:
        "Share of everybody's requests that the model's best endpoint answered well, by window, as OpenRouter tells it: low here too means it is not us.",
      unit: "percentunit",
      size: [12, 7],
      queries: [
        { expr: `min by (target, window) (${latest("healthd_model_endpoint_uptime_ratio", OF)})`, legend: "{{target}} {{window}}" },
      ],
      max: 1,
    }),
  ],
};

const FACT = "target, model";
const fact = (gauge: string): string => `min by (${FACT}) (${gauge})`;

const catalogue: Section = {
  title: "What the catalogue says",
  panels: [
    table({
      title: "Catalogue",
      description:
        "As of the latest catalogue that could be read. Not listed: the id does not exist, and requests will fail. No endpoints: listed, and nobody serves it.",
      size: [16, 8],
      labels: { target: { name: "Model" }, model: { name: "Id" } },
      columns: [
        { name: "Listed", expr: fact(latest("healthd_model_listed", OF)), mappings: yesNo, width: 70 },
        { name: "Blocked", expr: fact(latest("healthd_model_blocked", OF)), mappings: yesNo, width: 80 },
        { name: "Endpoints", expr: fact(latest("healthd_model_endpoints", OF)), width: 90 },
        { name: "Free", expr: fact(latest("healthd_model_free", OF)), mappings: yesNo, width: 60 },
        {
          name: "Input $/M",
          expr: `1e6 * ${fact(latest("healthd_model_price_usd_per_token", { ...OF, type: "input" }))}`,
          unit: "currencyUSD",
          width: 90,
        },
        {
          name: "Output $/M",
          expr: `1e6 * ${fact(latest("healthd_model_price_usd_per_token", { ...OF, type: "output" }))}`,
          unit: "currencyUSD",
          width: 100,
        },
        { name: "Context", expr: fact(latest("healthd_model_context_length_tokens", OF)), unit: "short", width: 90 },
        {
          name: "Leaves",
          expr: `1000 * ${fact(latest("healthd_model_expiration_timestamp_seconds", OF))}`,
          unit: "dateTimeFromNow",
          width: 120,
        },
      ],
      links: runbooks("ModelMissing", "ModelAtRisk", "ModelNoLongerFree", "ModelLeaving"),
    }),
    table({
      title: "Capabilities",
      description: "What the catalogue says that the model can do.",
      size: [8, 8],
      labels: { target: { name: "Model" }, capability: { name: "Capability" } },
      columns: [
        { name: "Supported", expr: `min by (target, capability) (${latest("healthd_model_supports", OF)})`, mappings: yesNo, width: 100 },
      ],
      links: runbooks("ModelVisionLost"),
    }),
    stat({
      title: "Catalogue's age",
      description: "When the catalogue was last read: what is said above is as old.",
      unit: "s",
      size: [24, 3],
      queries: [
        {
          expr: `max by (credential) (${ageOf(latest("healthd_probe_last_success_timestamp_seconds", { kind: "catalog" }))})`,
          legend: "{{credential}}",
        },
      ],
    }),
  ],
};

export const model: Board = {
  uid: "healthd-model",
  title: "llm-healthd / Model",
  description: "How models answer, how fast, for how much and from whom, and what the catalogue says of them.",
  variables: [
    {
      name: "target",
      label: "Model",
      description: "The models by their names in the config.",
      query: 'label_values(healthd_probe_interval_seconds{kind="model", job=~"$job", instance=~"$instance"}, target)',
    },
  ],
  sections: [answers, speed, use, catalogue],
};
