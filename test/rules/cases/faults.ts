/** One fault for each alert that stands on faults: seen often enough, and once less. */
import { type Kind, type Owner, ownerOf, type Reason } from "../../../src/core/reason.ts";
import type { FaultAlertName } from "../../../src/mixin/alerts/reasons.ts";
import { type Case, HERE, type Labels, metric, type Series } from "./case.ts";

export interface SeenFault {
  readonly reason: Reason;
  readonly subject: string;
  readonly kind?: Kind;
  readonly credential?: string;
  readonly owner?: Owner;
  readonly down?: boolean;
  readonly explains?: number;
  readonly instance?: string;
}

export function seriesOf(fault: SeenFault, sightings: (minute: number) => number): Series[] {
  const { reason, subject, kind, credential, down = true, explains = 1, instance = HERE.instance } = fault;
  const owner = fault.owner ?? (kind === undefined ? "network" : ownerOf(reason, kind));
  const labels = { instance, owner, reason, subject, ...(kind && { kind }), ...(credential && { credential }) };
  return [
    metric("healthd_fault_active", labels, explains),
    metric("healthd_fault_sightings", labels, sightings),
    metric("healthd_fault_down", labels, Number(down)),
  ];
}

interface FaultCase {
  readonly fault: SeenFault;
  /** Looks in a row that are needed. */
  readonly looks?: number;
  /** Which labels of the fault the alert keeps. */
  readonly keeps: readonly ("subject" | "kind" | "credential" | "owner")[];
  readonly says: string;
  /** What else is there, either way. */
  readonly beside?: readonly Series[];
}

const SUBJECT = ["subject", "kind"] as const;
const MODEL = ["subject", "kind", "credential"] as const;
const openrouter = { subject: "openrouter", kind: "credential", credential: "openrouter" } as const;
const qwen = { subject: "qwen", kind: "model", credential: "openrouter" } as const;
const files = { subject: "files", kind: "bucket" } as const;

const FAULTS: Readonly<Record<FaultAlertName, FaultCase>> = {
  ApiKeyRejected: {
    fault: { ...openrouter, reason: "unauthorized", explains: 8 },
    looks: 3,
    keeps: ["credential"],
    beside: [metric("healthd_key_valid", { credential: "openrouter" }, 0)],
    says: "openrouter (8 targets): the API key was rejected (401). Check that the key is the right one, not revoked, and exported where the daemon runs. Owner: key.",
  },
  ApiKeyMalformed: {
    fault: { ...openrouter, reason: "key_malformed" },
    keeps: ["credential"],
    says: "openrouter: the API key does not have the shape of a key. An OpenRouter key starts with sk-or-v1-. Check the variable or file it comes from. Owner: key.",
  },
  ApiKeyLimitLow: {
    fault: { ...openrouter, reason: "key_limit", down: false },
    keeps: ["credential"],
    says: "openrouter: the key's own spending limit is reached. Raise the key's limit, or wait for its reset. Raise the key's limit before paid requests are refused. Owner: money.",
  },
  PaymentRequired: {
    fault: { ...openrouter, reason: "key_limit", explains: 3 },
    keeps: ["credential"],
    says: "openrouter (3 targets): the key's own spending limit is reached. Raise the key's limit, or wait for its reset. Owner: money.",
  },
  ModelRequestRejected: {
    fault: { ...qwen, reason: "bad_request" },
    keeps: MODEL,
    says: "qwen: the API refused the request as wrong (400). Read the error body: the model id or a parameter is wrong. Owner: request.",
  },
  ModelMissing: {
    fault: { ...qwen, reason: "model_missing", down: false, explains: 2 },
    keeps: MODEL,
    says: "qwen (2 targets): the model id does not exist. Run `llm-healthd models`: it proposes the nearest ids that do exist. Owner: request.",
  },
  ModelAtRisk: {
    fault: { ...qwen, reason: "forbidden", down: false },
    keeps: MODEL,
    says: "qwen: the API refused the request (403). Read the error body: a policy, a region or a gate stands in the way. Owner: request.",
  },
  ModelNoLongerFree: {
    fault: { ...qwen, reason: "model_no_longer_free" },
    keeps: MODEL,
    says: "qwen: the model is not free any more. Choose another free model, or allow the cost (policy.require_free). Owner: money.",
  },
  ModelVisionLost: {
    fault: { ...qwen, reason: "vision_unsupported" },
    keeps: MODEL,
    says: "qwen: the model does not take images. Choose a model with image input, or remove expect.vision. Owner: request.",
  },
  RateLimited: {
    fault: { ...qwen, reason: "rate_limited", down: false },
    keeps: ["credential"],
    says: "qwen: too many requests (429). Probe less often (every), and look for who else uses this account. Owner: quota.",
  },
  FreeQuotaSpent: {
    fault: { ...openrouter, reason: "quota_exhausted", down: false, explains: 5 },
    keeps: ["credential"],
    says: "openrouter (5 targets): the day's free requests are spent. Wait for 00:00 UTC, or add credits to raise the quota. Owner: quota.",
  },
  EmptyAnswers: {
    fault: { ...qwen, reason: "empty_output" },
    keeps: MODEL,
    says: "qwen: an answer without any token. The provider returned nothing. Try another provider if it lasts. Owner: provider.",
  },
  WrongAnswers: {
    fault: { ...qwen, reason: "wrong_answer" },
    keeps: MODEL,
    says: "qwen: the answer is not the expected one. Look at the answer in the log: the model may have changed. Owner: provider.",
  },
  ProviderUnavailable: {
    fault: { ...openrouter, reason: "provider_overloaded", owner: "provider", explains: 7 },
    keeps: ["credential"],
    says: "openrouter (7 targets): the provider is overloaded (503). Wait, or try another provider or model. Owner: provider.",
  },
  GatewayOutage: {
    fault: { ...openrouter, reason: "gateway_error", explains: 9 },
    keeps: ["credential"],
    says: "openrouter (9 targets): the API itself failed. See the API's status page. Nothing to mend here. Owner: gateway.",
  },
  NetworkUnreachable: {
    fault: { reason: "connect_timeout", subject: "network", explains: 12 },
    keeps: ["subject"],
    says: "network (12 targets): nothing that is looked at answers. Check this machine's network: its link, routes, DNS and proxy. Owner: network.",
  },
  StorageUnavailable: {
    fault: { ...files, reason: "s3_slow_down", explains: 2 },
    keeps: SUBJECT,
    says: "files (2 targets): the storage is unavailable or asks to slow down (503). See the storage's status and its load; the error body says which. Owner: storage.",
  },
  StorageAccessDenied: {
    fault: { ...files, reason: "s3_bad_credentials" },
    keeps: [...SUBJECT, "owner"],
    says: "files: the storage's credentials are wrong. Check access_key_id and secret_access_key. Owner: key.",
  },
  StorageCorrupted: {
    fault: { ...files, reason: "s3_integrity" },
    keeps: SUBJECT,
    says: "files: what was read is not what was written. Take this seriously: compare the ETag and body in the log, and ask the storage's operator. Owner: storage.",
  },
  AppUnavailable: {
    fault: { reason: "app_status", subject: "frontend", kind: "app" },
    keeps: SUBJECT,
    says: "frontend: the application answered with an unexpected status. Look at the application's log; first see whether something it needs is down. Owner: app.",
  },
  HealthdBug: {
    fault: { ...qwen, reason: "prober_fault" },
    keeps: [],
    says: "qwen: a bug in llm-healthd. Please report it, with the stack in the log. Look for errors in the log of 127.0.0.1:10556, and report them. Owner: prober.",
  },
};

export const faultCases: readonly Case[] = (Object.entries(FAULTS) as [FaultAlertName, FaultCase][]).map(
  ([alert, { fault, looks = 2, keeps, says, beside = [] }]): Case => {
    const [active] = seriesOf(fault, () => looks);
    const kept: Labels = Object.fromEntries(keeps.flatMap((label) => [[label, active?.labels[label] ?? ""]]));
    return {
      alert,
      // One look a minute: it fires at the last that is needed, and at none before.
      fires: { series: [...seriesOf(fault, (minute) => minute + 1), ...beside], at: looks - 1, labels: { ...HERE, ...kept }, says },
      quiet: { series: [...seriesOf(fault, () => looks - 1), ...beside], at: 6 },
    };
  },
);
