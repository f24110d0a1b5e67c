/** A record in the words of the interface: the field names that the log, `--json` and the API share (interface.md §1, §6). */
import type { Completion } from "./outcome.ts";
import { isSuspect, type ProbeRecord } from "./probe.ts";
import { type Owner, ownerOf, type Reason, reasons } from "./reason.ts";

export interface Report {
  readonly target: string;
  readonly kind: string;
  readonly verdict: string;
  readonly reason: Reason | null;
  readonly owner: Owner | null;
  readonly status_code: number | null;
  readonly via: string | null;
  readonly duration_seconds: number | null;
  /** How long this process itself stood still meanwhile, where that is so long that `duration_seconds` says no more than: at most. */
  readonly standstill_seconds: number | null;
}

/** Who has to act; nobody where nothing is wrong. */
export const ownerIn = (record: ProbeRecord): Owner | null => {
  const { outcome, target } = record;
  return outcome.verdict === "skipped" || outcome.reason === "ok" ? null : ownerOf(outcome.reason, target.kind);
};

/** Whole microseconds: what follows is the float's noise, not the clock's. */
export const microseconds = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;

export function reportOf(record: ProbeRecord): Report {
  const { target, outcome, durationSeconds, standstillSeconds = 0 } = record;
  const evidence = outcome.verdict === "skipped" ? undefined : outcome.evidence;
  return {
    target: target.name,
    kind: target.kind,
    verdict: outcome.verdict,
    reason: outcome.verdict === "skipped" ? null : outcome.reason,
    owner: ownerIn(record),
    status_code: evidence?.statusCode ?? null,
    via: evidence?.via ?? null,
    duration_seconds: evidence === undefined ? null : microseconds(evidence.durationSeconds ?? durationSeconds),
    standstill_seconds: isSuspect(record) ? microseconds(standstillSeconds) : null,
  };
}

/** First token of either sort. */
export const firstToken = (completion: Completion | undefined): number | undefined => {
  const { reasoning, answer } = completion?.firstTokenSeconds ?? {};
  return reasoning === undefined || answer === undefined ? (reasoning ?? answer) : Math.min(reasoning, answer);
};

/** The model's own fields; null where not known. */
export function completionReport(completion: Completion | undefined): Readonly<Record<string, number | string | null>> {
  const first = firstToken(completion);
  return {
    first_token_seconds: first === undefined ? null : microseconds(first),
    input_tokens: completion?.inputTokens ?? null,
    output_tokens: completion?.outputTokens ?? null,
    cost_usd: completion?.costUsd ?? null,
    served_model: completion?.servedModel ?? null,
    provider: completion?.provider ?? null,
  };
}

/** One sentence for a person: `qwen_coder is down: the model id does not exist: … is not a valid model ID`. */
export function sentence(record: ProbeRecord): string {
  const { target, outcome } = record;
  if (outcome.verdict === "skipped") return `${target.name} was not probed: ${outcome.cause}`;
  if (outcome.verdict === "up") return `${target.name} is up`;
  const { message } = outcome.evidence;
  return `${target.name} is ${outcome.verdict}: ${reasons[outcome.reason].says}${message === undefined ? "" : `: ${message}`}`;
}
