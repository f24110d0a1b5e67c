/** What one look at a target saw: a value, never an exception. */
import type { Reason } from "./reason.ts";

export const verdicts = ["up", "degraded", "down", "skipped"] as const;
export type Verdict = (typeof verdicts)[number];

/** Where the effective status code stood; `none` when nothing answered. */
export const vias = ["header", "body", "stream", "none"] as const;
export type Via = (typeof vias)[number];

/**
 * Why the daemon chose not to probe, or could not in time.
 * overlap: its last run goes on; late: the tick was missed; stopping: the daemon ends; quota: the account's free requests are spent, or all
 * but; budget: ours are; backoff: the API asked this model to wait.
 */
export const skipCauses = ["overlap", "late", "stopping", "quota", "budget", "backoff"] as const;
export type SkipCause = (typeof skipCauses)[number];

export const phaseNames = ["dns", "connect", "tls", "request", "first_byte", "transfer"] as const;
export type PhaseName = (typeof phaseNames)[number];
/** Seconds on the monotonic clock, summed over redirects; a phase that was not reached is absent, the one in which it broke off counts up to there. */
export type Phases = Readonly<Partial<Record<PhaseName, number>>>;

/** Measured either way, whatever the verdict. Text in it is already redacted. */
export interface Evidence {
  /** Effective status code: HTTP status, or the error's code inside a 2xx; 0 when nothing answered. */
  readonly statusCode: number;
  readonly via: Via;
  /** From the start of the probe's first request to the last byte of its last answer. */
  readonly durationSeconds?: number;
  readonly phases?: Phases;
  /** Milliseconds since 1970: when the server's certificate ends. */
  readonly certificateExpiresAt?: number;
  /** The server's clock minus ours, from its Date header (one-second resolution). */
  readonly clockSkewSeconds?: number;
  /** The upstream's own id of the request (x-generation-id, x-amz-request-id …). */
  readonly requestId?: string;
  /** One line for a person: the upstream's message, or what was expected and what came. */
  readonly message?: string;
  /** Body of the failed answer, cut at 16 KiB. */
  readonly errorBody?: string;
  /** What was asked: method, url, model, parameters; no secret, no header value. */
  readonly request?: Readonly<Record<string, unknown>>;
  /** The API asked to wait: for whom it holds, and how long if it said. */
  readonly backoff?: { readonly scope: BackoffScope; readonly seconds?: number };
  readonly completion?: Completion;
  readonly key?: KeyFacts;
  readonly listings?: readonly ModelListing[];
  readonly operations?: readonly BucketOperation[];
  /** Of a failure inside the prober itself; for the log only. */
  readonly stack?: string;
}

/** The account's free requests of the day or of the minute, or this target alone. */
export type BackoffScope = "account_day" | "account_minute" | "target";

/** What a model's answer told. Absent fields were not told. */
export interface Completion {
  /** Start to the first non-empty delta of this sort; comments and role-only chunks never count. */
  readonly firstTokenSeconds?: { readonly reasoning?: number; readonly answer?: number };
  /** (last − first token) / (tokens − 1); only from 16 output tokens on, below that it is noise. */
  readonly perOutputTokenSeconds?: number;
  readonly inputTokens?: number;
  readonly inputCachedTokens?: number;
  readonly outputTokens?: number;
  readonly outputReasoningTokens?: number;
  readonly costUsd?: number;
  readonly finishReason?: string;
  /** The model id in the answer; may differ from the one asked for. */
  readonly servedModel?: string;
  readonly provider?: string;
  /** Providers tried until one answered; above 1 a provider failed behind the 200. */
  readonly attempts?: number;
}

/** What is known of an API key. `null`: the API says there is none; absent: not told. */
export interface KeyFacts {
  readonly formatValid: boolean;
  /** Absent when it could not be told: the API was unreachable or failed. */
  readonly valid?: boolean;
  /** The API's own masked name of the key is an account identifier and is not kept. */
  readonly limitUsd?: number | null;
  readonly limitRemainingUsd?: number | null;
  readonly usageUsd?: Readonly<Partial<Record<UsageWindow, number>>>;
  readonly freeTier?: boolean;
  /** Milliseconds since 1970. */
  readonly expiresAt?: number | null;
  readonly freeRequestsLimit?: number;
  readonly freeRequestsUsed?: number;
  readonly freeRequestsRemaining?: number;
  readonly accountCreditsRemainingUsd?: number;
}
export const usageWindows = ["total", "daily", "weekly", "monthly"] as const;
export type UsageWindow = (typeof usageWindows)[number];

/** What the catalogue says of one configured model. */
export interface ModelListing {
  /** Name of the model's target. */
  readonly target: string;
  readonly credential: string;
  /** Configured model id. */
  readonly model: string;
  readonly listed: boolean;
  /** The gravest thing that is wrong with it, measured by what the config asks of it. */
  readonly ailment?: Reason;
  /** Listed, but this account's policies, privacy settings or guardrails rule it out. */
  readonly blocked?: boolean;
  /** The id it stands for, where it is an alias. */
  readonly aliasOf?: string;
  /** How many endpoints serve it; none: it exists and cannot be reached. */
  readonly endpoints?: number;
  /** Share of requests that went well for everybody, of the best endpoint, 0 to 1. */
  readonly uptime?: Readonly<Partial<Record<UptimeWindow, number>>>;
  readonly free?: boolean;
  readonly capabilities?: Readonly<Record<Capability, boolean>>;
  readonly priceUsdPerToken?: { readonly input: number; readonly output: number };
  readonly contextLengthTokens?: number;
  /** Milliseconds since 1970: after this day the model may leave. */
  readonly expiresAt?: number;
}
export const uptimeWindows = ["5m", "30m", "1d"] as const;
export type UptimeWindow = (typeof uptimeWindows)[number];
export const capabilities = ["image_input", "tools", "structured_outputs", "reasoning"] as const;
export type Capability = (typeof capabilities)[number];

export interface BucketOperation {
  readonly operation: BucketOperationName;
  readonly verdict: "up" | "down";
  readonly durationSeconds: number;
  readonly bytesSent?: number;
  readonly bytesReceived?: number;
}
export const bucketOperationNames = ["head_bucket", "list", "put", "head", "get", "delete", "confirm_gone", "sweep"] as const;
export type BucketOperationName = (typeof bucketOperationNames)[number];

export interface Probed {
  readonly verdict: "up" | "degraded" | "down";
  readonly reason: Reason;
  readonly evidence: Evidence;
}

export interface Skipped {
  readonly verdict: "skipped";
  readonly cause: SkipCause;
}

export type Outcome = Probed | Skipped;

export const up = (evidence: Evidence): Probed => ({ verdict: "up", reason: "ok", evidence });
export const degraded = (reason: Reason, evidence: Evidence): Probed => ({ verdict: "degraded", reason, evidence });
export const down = (reason: Reason, evidence: Evidence): Probed => ({ verdict: "down", reason, evidence });
export const skipped = (cause: SkipCause): Skipped => ({ verdict: "skipped", cause });

/** Evidence of a probe that got no answer at all. */
export const unanswered: Evidence = Object.freeze({ statusCode: 0, via: "none" });
