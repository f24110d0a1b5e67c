/** Metrics that every target has, whatever its kind. */
import { phaseNames, skipCauses, verdicts } from "../../core/outcome.ts";
import type { ProbeRecord } from "../../core/probe.ts";
import { ownerOf } from "../../core/reason.ts";
import { ownerIn } from "../../core/report.ts";
import { credentialLabels, TARGET, TARGET_CREDENTIAL, targetLabels } from "../labels.ts";
import { DURATION_BUCKETS_SECONDS, metric, type ProbedRecord, sample, seconds, undisturbed } from "../metric.ts";

/** Codes that page someone: their counters start at 0, because increase() cannot see the first event of a series that was not there. */
export const PAGING_CODES = [200, 400, 401, 402, 403, 404, 408, 429, 500, 502, 503, 504] as const;

const isStatusCode = (code: number): boolean => Number.isInteger(code) && code >= 0 && code <= 599;

const lasted = ({ outcome, durationSeconds }: ProbedRecord): number => outcome.evidence.durationSeconds ?? durationSeconds;

const countVerdict = ({ target, outcome }: ProbeRecord) => sample({ ...targetLabels(target), verdict: outcome.verdict }, 1);

const lastProbe = [
  metric({
    name: "healthd_probe_success",
    type: "gauge",
    help: "Whether the latest probe found the target working: 1 for up or degraded, 0 for down.",
    labels: TARGET_CREDENTIAL,
    read: ({ target, outcome }) => sample(credentialLabels(target), outcome.verdict !== "down"),
  }),
  metric({
    name: "healthd_probe_status_code",
    type: "gauge",
    help: "Effective status code of the latest probe: the HTTP status, or the code of an error inside a 2xx answer; 0 when nothing answered.",
    labels: TARGET_CREDENTIAL,
    read: ({ target, outcome }) => sample(credentialLabels(target), outcome.evidence.statusCode),
  }),
  metric({
    name: "healthd_probe_consecutive_failures",
    type: "gauge",
    help: "Number of probes that failed in a row up to now; 0 after a probe that did not fail.",
    labels: TARGET_CREDENTIAL,
    read: ({ target }, memory) => sample(credentialLabels(target), memory.consecutiveFailures),
  }),
  metric({
    name: "healthd_probe_last_run_timestamp_seconds",
    type: "gauge",
    help: "When the latest probe started, in seconds since 1970; skipped runs do not move it.",
    labels: TARGET_CREDENTIAL,
    read: ({ target, startedAt }) => sample(credentialLabels(target), seconds(startedAt)),
  }),
  metric({
    name: "healthd_probe_last_success_timestamp_seconds",
    type: "gauge",
    help: "When the latest probe that did not fail started, in seconds since 1970; absent until there was one.",
    labels: TARGET_CREDENTIAL,
    read: ({ target }, memory) => sample(credentialLabels(target), seconds(memory.lastSuccessAt)),
  }),
  metric({
    name: "healthd_probe_last_duration_seconds",
    type: "gauge",
    help: "How long the latest probe took to the last byte, in seconds, whether it failed or not.",
    labels: TARGET_CREDENTIAL,
    read: (record) => sample(credentialLabels(record.target), lasted(record)),
  }),
  metric({
    name: "healthd_probe_phase_seconds",
    type: "gauge",
    help: "How long each phase of the latest probe's request took, in seconds, summed over redirects; one that broke off counts up to there in the phase in which it stood, and what was not reached, or what a kept connection saved, is absent.",
    labels: [...TARGET, "phase"],
    read: ({ target, outcome }) =>
      phaseNames.flatMap((phase) => sample({ ...targetLabels(target), phase }, outcome.evidence.phases?.[phase])),
  }),
  metric({
    name: "healthd_probe_last_outcome_info",
    type: "gauge",
    help: "Always 1; its labels tell the latest probe's verdict, the reason for it, and who has to act (empty when all is well).",
    labels: [...TARGET, "verdict", "reason", "owner"],
    read: (record) => {
      const { verdict, reason } = record.outcome;
      return sample({ ...targetLabels(record.target), verdict, reason, owner: ownerIn(record) ?? undefined }, 1);
    },
  }),
  metric({
    name: "healthd_clock_skew_seconds",
    type: "gauge",
    help: "The server's clock minus this machine's, in seconds, from the latest answer's Date header (which has whole seconds).",
    labels: TARGET,
    read: ({ target, outcome }) => sample(targetLabels(target), outcome.evidence.clockSkewSeconds),
  }),
  metric({
    name: "healthd_tls_certificate_expiry_timestamp_seconds",
    type: "gauge",
    help: "When the server's TLS certificate ends, in seconds since 1970, as the latest probe saw it.",
    labels: TARGET,
    read: ({ target, outcome }) => sample(targetLabels(target), seconds(outcome.evidence.certificateExpiresAt)),
  }),
] as const;

const plan = [
  metric({
    name: "healthd_probe_interval_seconds",
    type: "gauge",
    help: "The longest time between two planned probes of the target, in seconds; right after a start up to half of it more.",
    labels: TARGET_CREDENTIAL,
    start: (target, intervalSeconds) =>
      sample(credentialLabels(target), intervalSeconds ?? ("seconds" in target.every ? target.every.seconds : undefined)),
  }),
  metric({
    name: "healthd_probe_timeout_seconds",
    type: "gauge",
    help: "How long a probe of the target may take before it fails, in seconds.",
    labels: TARGET_CREDENTIAL,
    start: (target) => sample(credentialLabels(target), target.timeoutSeconds),
  }),
] as const;

const counted = [
  metric({
    name: "healthd_probes_total",
    type: "counter",
    help: "Number of runs of the target's probe by verdict; skipped are those that were due and refused.",
    labels: [...TARGET, "verdict"],
    start: (target) => verdicts.flatMap((verdict) => sample({ ...targetLabels(target), verdict }, 0)),
    read: countVerdict,
    readSkip: countVerdict,
  }),
  metric({
    name: "healthd_probe_skips_total",
    type: "counter",
    help: "Number of runs that were due and refused, by the cause.",
    labels: [...TARGET, "cause"],
    start: (target) => skipCauses.flatMap((cause) => sample({ ...targetLabels(target), cause }, 0)),
    readSkip: ({ target, outcome }) => sample({ ...targetLabels(target), cause: outcome.cause }, 1),
  }),
  metric({
    name: "healthd_probe_failures_total",
    type: "counter",
    help: "Number of probes with the verdict down, by the reason and by who has to act.",
    labels: [...TARGET, "reason", "owner"],
    read: ({ target, outcome }) =>
      outcome.verdict === "down"
        ? sample({ ...targetLabels(target), reason: outcome.reason, owner: ownerOf(outcome.reason, target.kind) }, 1)
        : [],
  }),
  metric({
    name: "healthd_probe_responses_total",
    type: "counter",
    help: "Number of answers by effective status code and by where the code stood: the header, the body or the stream; code 0 via none when nothing answered.",
    labels: [...TARGET, "code", "via"],
    start: (target) => PAGING_CODES.flatMap((code) => sample({ ...targetLabels(target), code: String(code), via: "header" }, 0)),
    // A code in a body can be any number an upstream makes up; only what can be a status becomes a label.
    read: ({ target, outcome: { evidence } }) =>
      isStatusCode(evidence.statusCode) ? sample({ ...targetLabels(target), code: String(evidence.statusCode), via: evidence.via }, 1) : [],
  }),
  metric({
    name: "healthd_probe_duration_seconds",
    type: "histogram",
    help: "How long probes took to the last byte, in seconds, by verdict, failures included; suspect measurements are left out.",
    labels: [...TARGET, "verdict"],
    buckets: DURATION_BUCKETS_SECONDS,
    read: undisturbed((record) => sample({ ...targetLabels(record.target), verdict: record.outcome.verdict }, lasted(record))),
  }),
] as const;

export const probeMetrics = [...lastProbe, ...plan, ...counted] as const;
