/** Metrics of models: what their answers measured, and what the catalogue says of them. */
import { type Completion, capabilities, type ModelListing, uptimeWindows } from "../../core/outcome.ts";
import type { Target } from "../../core/probe.ts";
import { MODEL, type ModelLabels, modelLabels } from "../labels.ts";
import { DURATION_BUCKETS_SECONDS, metric, type ProbedRecord, type Sample, sample, seconds, undisturbed } from "../metric.ts";

/** The finish reasons OpenRouter promises; whatever else a provider invents is `other`, for label values are a closed list. */
export const finishReasons = ["stop", "length", "tool_calls", "content_filter", "error", "other"] as const;
const finishReason = (told: string): string => finishReasons.find((known) => known === told) ?? "other";

const TOKENS = ["reasoning", "answer"] as const;
const LONGEST_UPSTREAM_LABEL = 100;

/** Text an upstream chose, made fit for a label: no control characters, and never long. */
const upstreamLabel = (text: string | undefined): string | undefined =>
  text
    ?.replace(/\p{Cc}/gu, "")
    .slice(0, LONGEST_UPSTREAM_LABEL)
    .toWellFormed();

type Reading = (completion: Completion, labels: ModelLabels) => number | undefined;
const ofAnswer =
  (reading: Reading) =>
  ({ target, outcome }: ProbedRecord): Sample<keyof ModelLabels>[] => {
    const { completion } = outcome.evidence;
    return completion === undefined ? [] : sample(modelLabels(target), reading(completion, modelLabels(target)));
  };

const models = <T>(target: Target, make: (labels: ModelLabels) => readonly T[]): readonly T[] =>
  target.kind === "model" ? make(modelLabels(target)) : [];

/** Of every listing in a catalogue record; a record without listings could not tell, and leaves what was known. */
const listed =
  <Label extends string>(reading: (listing: ModelListing, labels: ModelLabels) => readonly Sample<Label>[]) =>
  ({ outcome }: ProbedRecord): readonly Sample<Label>[] | undefined =>
    outcome.evidence.listings?.flatMap((listing) => {
      const { target, credential, model } = listing;
      return reading(listing, { kind: "model", target, credential, model });
    });

const answers = [
  metric({
    name: "healthd_model_time_to_first_token_seconds",
    type: "histogram",
    help: "Time from the start of a probe to the model's first token, in seconds, of its reasoning and of its answer.",
    labels: [...MODEL, "token"],
    buckets: DURATION_BUCKETS_SECONDS,
    read: undisturbed(({ target, outcome }) =>
      TOKENS.flatMap((token) => sample({ ...modelLabels(target), token }, outcome.evidence.completion?.firstTokenSeconds?.[token])),
    ),
  }),
  metric({
    name: "healthd_model_time_per_output_token_seconds",
    type: "histogram",
    help: "Time per output token after the first, in seconds; measured on answers of 16 tokens or more.",
    labels: MODEL,
    buckets: DURATION_BUCKETS_SECONDS,
    read: undisturbed(ofAnswer((completion) => completion.perOutputTokenSeconds)),
  }),
  metric({
    name: "healthd_model_tokens_total",
    type: "counter",
    help: "Number of tokens that probes of the model used, by type: input or output.",
    labels: [...MODEL, "type"],
    start: (target) => models(target, (m) => [...sample({ ...m, type: "input" }, 0), ...sample({ ...m, type: "output" }, 0)]),
    read: ({ target, outcome: { evidence } }) => [
      ...sample({ ...modelLabels(target), type: "input" }, evidence.completion?.inputTokens),
      ...sample({ ...modelLabels(target), type: "output" }, evidence.completion?.outputTokens),
    ],
  }),
  metric({
    name: "healthd_model_token_details_total",
    type: "counter",
    help: "Number of tokens that are part of healthd_model_tokens_total: input read from a cache, and output spent on reasoning.",
    labels: [...MODEL, "detail"],
    start: (target) =>
      models(target, (m) => [...sample({ ...m, detail: "input_cached" }, 0), ...sample({ ...m, detail: "output_reasoning" }, 0)]),
    read: ({ target, outcome: { evidence } }) => [
      ...sample({ ...modelLabels(target), detail: "input_cached" }, evidence.completion?.inputCachedTokens),
      ...sample({ ...modelLabels(target), detail: "output_reasoning" }, evidence.completion?.outputReasoningTokens),
    ],
  }),
  metric({
    name: "healthd_model_cost_usd_total",
    type: "counter",
    help: "What probes of the model cost, in US dollars, as the API told it.",
    labels: MODEL,
    start: (target) => models(target, (labels) => sample(labels, 0)),
    read: ofAnswer((completion) => completion.costUsd),
  }),
  metric({
    name: "healthd_model_finish_total",
    type: "counter",
    help: "Number of answers by the reason for which they ended; reasons that are not in OpenRouter's list count as other.",
    labels: [...MODEL, "finish_reason"],
    start: (target) => models(target, (m) => finishReasons.flatMap((reason) => sample({ ...m, finish_reason: reason }, 0))),
    read: ({ target, outcome: { evidence } }) => {
      const told = evidence.completion?.finishReason;
      return told === undefined ? [] : sample({ ...modelLabels(target), finish_reason: finishReason(told) }, 1);
    },
  }),
  metric({
    name: "healthd_model_served_info",
    type: "gauge",
    help: "Always 1; its labels tell which model and which provider gave the latest answer. Absent when the latest probe got none.",
    labels: [...MODEL, "response_model", "provider"],
    read: ({ target, outcome: { evidence } }) => {
      const response = upstreamLabel(evidence.completion?.servedModel);
      const provider = upstreamLabel(evidence.completion?.provider);
      const told = response !== undefined || provider !== undefined;
      return told ? sample({ ...modelLabels(target), response_model: response, provider }, 1) : [];
    },
  }),
  metric({
    name: "healthd_model_served_changes_total",
    type: "counter",
    help: "Number of answers that came from another model or provider than the answer before.",
    labels: MODEL,
    start: (target) => models(target, (labels) => sample(labels, 0)),
    read: ({ target }, memory) => (memory.servedChanged ? sample(modelLabels(target), 1) : []),
  }),
  metric({
    name: "healthd_model_fallbacks_total",
    type: "counter",
    help: "Number of answers that came only after another provider had failed: an outage hidden behind a 200. OpenRouter only.",
    labels: MODEL,
    start: (target) => models(target, (labels) => sample(labels, 0)),
    read: ofAnswer((completion) => ((completion.attempts ?? 1) > 1 ? 1 : undefined)),
  }),
] as const;

const listings = [
  metric({
    name: "healthd_model_listed",
    type: "gauge",
    help: "Whether the catalogue lists the configured model id: 1 yes, 0 no. As of the latest catalogue that could be read.",
    labels: MODEL,
    read: listed((listing, labels) => sample(labels, listing.listed)),
  }),
  metric({
    name: "healthd_model_blocked",
    type: "gauge",
    help: "Whether this account's privacy settings, policies or guardrails rule the model out: 1 yes, 0 no. Absent where that cannot be asked.",
    labels: MODEL,
    read: listed((listing, labels) => sample(labels, listing.blocked)),
  }),
  metric({
    name: "healthd_model_endpoints",
    type: "gauge",
    help: "Number of endpoints that serve the model; with 0 it is listed and cannot be reached. OpenRouter only.",
    labels: MODEL,
    read: listed((listing, labels) => sample(labels, listing.endpoints)),
  }),
  metric({
    name: "healthd_model_endpoint_uptime_ratio",
    type: "gauge",
    help: "Share of everybody's requests that the model's best endpoint answered well, 0 to 1, by window: 5m, 30m, 1d. OpenRouter only.",
    labels: [...MODEL, "window"],
    read: listed((listing, labels) => uptimeWindows.flatMap((window) => sample({ ...labels, window }, listing.uptime?.[window]))),
  }),
  metric({
    name: "healthd_model_free",
    type: "gauge",
    help: "Whether the model costs nothing: 1 yes, 0 no. As of the latest catalogue that could be read.",
    labels: MODEL,
    read: listed((listing, labels) => sample(labels, listing.free)),
  }),
  metric({
    name: "healthd_model_supports",
    type: "gauge",
    help: "Whether the catalogue says that the model has the capability: 1 yes, 0 no.",
    labels: [...MODEL, "capability"],
    read: listed((listing, labels) =>
      capabilities.flatMap((capability) => sample({ ...labels, capability }, listing.capabilities?.[capability])),
    ),
  }),
  metric({
    name: "healthd_model_price_usd_per_token",
    type: "gauge",
    help: "The catalogue's price of one token in US dollars, by type: input or output.",
    labels: [...MODEL, "type"],
    read: listed((listing, labels) => [
      ...sample({ ...labels, type: "input" }, listing.priceUsdPerToken?.input),
      ...sample({ ...labels, type: "output" }, listing.priceUsdPerToken?.output),
    ]),
  }),
  metric({
    name: "healthd_model_context_length_tokens",
    type: "gauge",
    help: "How many tokens the model's context holds, as the catalogue says.",
    labels: MODEL,
    read: listed((listing, labels) => sample(labels, listing.contextLengthTokens)),
  }),
  metric({
    name: "healthd_model_expiration_timestamp_seconds",
    type: "gauge",
    help: "When the model may leave the catalogue, in seconds since 1970; absent when no day is set.",
    labels: MODEL,
    read: listed((listing, labels) => sample(labels, seconds(listing.expiresAt))),
  }),
] as const;

export const modelMetrics = [...answers, ...listings] as const;
