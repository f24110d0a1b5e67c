/** Metrics of API keys. What the API did not tell, or says there is none of, is absent. */
import { type KeyFacts, usageWindows } from "../../core/outcome.ts";
import { metric, type ProbedRecord, type Sample, sample, seconds } from "../metric.ts";

const CREDENTIAL = ["credential"] as const;

const ofKey =
  (reading: (key: KeyFacts) => number | boolean | null | undefined) =>
  ({ target, outcome: { evidence } }: ProbedRecord): Sample<"credential">[] =>
    evidence.key === undefined ? [] : sample({ credential: target.credential ?? target.name }, reading(evidence.key));

export const keyMetrics = [
  metric({
    name: "healthd_key_valid",
    type: "gauge",
    help: "Whether the API accepted the key: 1 yes, 0 no; absent when it could not be told because the API did not answer.",
    labels: CREDENTIAL,
    read: ofKey((key) => key.valid),
  }),
  metric({
    name: "healthd_key_format_valid",
    type: "gauge",
    help: "Whether the key has the shape of a key: 1 yes, 0 no. Known without asking the API.",
    labels: CREDENTIAL,
    read: ofKey((key) => key.formatValid),
  }),
  metric({
    name: "healthd_key_limit_usd",
    type: "gauge",
    help: "The key's spending limit in US dollars; absent when it has none.",
    labels: CREDENTIAL,
    read: ofKey((key) => key.limitUsd),
  }),
  metric({
    name: "healthd_key_limit_remaining_usd",
    type: "gauge",
    help: "What is left of the key's spending limit, in US dollars; absent when it has none.",
    labels: CREDENTIAL,
    read: ofKey((key) => key.limitRemainingUsd),
  }),
  metric({
    name: "healthd_key_usage_usd",
    type: "gauge",
    help: "What the key has spent in the API's own windows, in US dollars.",
    labels: [...CREDENTIAL, "window"],
    read: ({ target, outcome: { evidence } }) =>
      usageWindows.flatMap((window) => sample({ credential: target.credential ?? target.name, window }, evidence.key?.usageUsd?.[window])),
  }),
  metric({
    name: "healthd_key_expiration_timestamp_seconds",
    type: "gauge",
    help: "When the key expires, in seconds since 1970; absent when it does not.",
    labels: CREDENTIAL,
    read: ofKey((key) => seconds(key.expiresAt)),
  }),
  metric({
    name: "healthd_key_free_requests_limit",
    type: "gauge",
    help: "Number of requests to free models that the account has a day.",
    labels: CREDENTIAL,
    read: ofKey((key) => key.freeRequestsLimit),
  }),
  metric({
    name: "healthd_key_free_requests_used",
    type: "gauge",
    help: "Number of requests to free models that the account has made today, refused ones included; it can exceed the limit.",
    labels: CREDENTIAL,
    read: ofKey((key) => key.freeRequestsUsed),
  }),
  metric({
    name: "healthd_key_free_requests_remaining",
    type: "gauge",
    help: "Number of requests to free models that are left today.",
    labels: CREDENTIAL,
    read: ofKey((key) => key.freeRequestsRemaining),
  }),
  metric({
    name: "healthd_account_credits_remaining_usd",
    type: "gauge",
    help: "Credits left on the account, in US dollars; absent when the key may not see them.",
    labels: CREDENTIAL,
    read: ofKey((key) => key.accountCreditsRemainingUsd),
  }),
] as const;
