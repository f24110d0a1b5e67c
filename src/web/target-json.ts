/** A target as the JSON API shows it: the fields of `check --json`, and what else is known. */
import { formatDuration } from "../base/duration.ts";
import type { Every } from "../core/probe.ts";
import { reasons } from "../core/reason.ts";
import { completionReport, reportOf } from "../core/report.ts";
import type { TargetState } from "./options.ts";

type Fields = Readonly<Record<string, unknown>>;

const every = (timing: Every): string => ("cron" in timing ? timing.cron : formatDuration(timing.seconds));

/** ISO 8601, or null: a time that an upstream told may be none. */
export function isoTime(milliseconds: number | undefined): string | null {
  const date = new Date(milliseconds ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** TypeScript's names and milliseconds to the API's names and times: `expiresAt: 1800000000000` → `expires_at: "2027-…Z"`. */
function wireForm(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(wireForm);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      snakeCase(name),
      typeof part === "number" && name.endsWith("At") ? isoTime(part) : wireForm(part),
    ]),
  );
}

const unprobed = {
  verdict: null,
  reason: null,
  owner: null,
  status_code: null,
  via: null,
  duration_seconds: null,
  standstill_seconds: null,
};

export function targetSummary({ target, last, lastSuccessAt, consecutiveFailures, nextRunAt, uptime }: TargetState): Fields {
  const outcome = last?.outcome.verdict === "skipped" ? undefined : last?.outcome;
  return {
    ...(last === undefined ? { target: target.name, kind: target.kind, ...unprobed } : reportOf(last)),
    ...(target.kind === "model" ? completionReport(outcome?.evidence.completion) : {}),
    credential: target.credential ?? null,
    model: target.model ?? null,
    says: outcome === undefined ? null : reasons[outcome.reason].says,
    remedy: outcome === undefined || outcome.reason === "ok" ? null : reasons[outcome.reason].remedy,
    consecutive_failures: consecutiveFailures,
    last_run_at: isoTime(last?.startedAt),
    last_success_at: isoTime(lastSuccessAt),
    next_run_at: isoTime(nextRunAt),
    uptime: uptime ?? null,
    every: every(target.every),
    timeout_seconds: target.timeoutSeconds,
    needs: target.needs,
  };
}

/** The summary, and all the evidence of the latest probe but a stack, which is for the log. */
export function targetDetails(state: TargetState): Fields {
  const { last } = state;
  const evidence = last === undefined || last.outcome.verdict === "skipped" ? undefined : last.outcome.evidence;
  return {
    ...targetSummary(state),
    message: evidence?.message ?? null,
    request_id: evidence?.requestId ?? null,
    error_body: evidence?.errorBody ?? null,
    request: evidence?.request ?? null,
    phases: evidence?.phases ?? null,
    certificate_expires_at: isoTime(evidence?.certificateExpiresAt),
    clock_skew_seconds: evidence?.clockSkewSeconds ?? null,
    completion: wireForm(evidence?.completion ?? null),
    key: wireForm(evidence?.key ?? null),
    listings: wireForm(evidence?.listings ?? null),
    operations: wireForm(evidence?.operations ?? null),
  };
}

/** What the latest probe of a target that a fault explains has seen, for whoever wants to know why it is explained. */
export function targetEvidence(state: TargetState): Fields {
  const { target, kind, verdict, reason, status_code, via, last_run_at, message, request_id, error_body, request } = targetDetails(state);
  return { target, kind, verdict, reason, status_code, via, last_run_at, message, request_id, error_body, request };
}
