/**
 * Pages and tickets that stand on the faults that the daemon has found: one root cause is one alert. They count looks, not time, so that a
 * target that is probed once an hour is not taken for broken by one bad answer.
 */
import { looksThatAgree } from "../../core/root-cause.ts";
import { type Alert, alert, STICKY_SECONDS } from "../alert.ts";
import { labels, series } from "../promql.ts";
import { faultDescription, faultExpr, type Per } from "./fault-text.ts";
import { type FaultAlertName, faultAlertNames, sharesOf } from "./reasons.ts";

type Spec = Pick<Alert, "severity" | "scope" | "owner" | "summary" | "dashboard"> & {
  /** How many looks in a row must agree; two where nothing is said. */
  readonly looks?: number;
  /** One alert for each thing that is broken; for an account or an API, which a failure takes model by model; or for the daemon. */
  readonly per: Per;
  /** What else amounts to it, and what speaks against it. */
  readonly or?: string;
  readonly unless?: string;
  /** Further words. */
  readonly more?: string;
};

const LOOKS = 2;
// A trial of a key that cannot be concluded, because the completion endpoint does not answer, is not waited for longer.
const LOOKS_ON_TRIAL = 8;

const byCredential = labels("healthd_key_valid", "job", "instance", "credential");
/** While the key's own trial goes on (core/key-trial.ts), what the models say does not convict it. */
const onTrial = `on (${byCredential}) (
  ${series("healthd_probe_status_code", { kind: "credential" })} == 401
  and ${series("healthd_probe_consecutive_failures")} < ${LOOKS_ON_TRIAL}
  unless on (${byCredential}) ${series("healthd_key_valid")} == 0
)`;

const SPECS: Readonly<Record<FaultAlertName, Spec>> = {
  ApiKeyRejected: {
    severity: "critical",
    scope: "credential",
    owner: "key",
    summary: "The API rejects the key, so nothing that goes through it works.",
    per: "credential",
    looks: looksThatAgree("credential"),
    unless: onTrial,
    dashboard: "healthd-money",
  },
  ApiKeyMalformed: {
    severity: "critical",
    scope: "credential",
    owner: "key",
    summary: "What is configured as the API key cannot be one.",
    per: "credential",
    dashboard: "healthd-money",
  },
  PaymentRequired: {
    severity: "critical",
    scope: "credential",
    owner: "money",
    summary: "The API refuses requests because the money is spent.",
    per: "credential",
    dashboard: "healthd-money",
  },
  ApiKeyLimitLow: {
    severity: "warning",
    scope: "credential",
    owner: "money",
    summary: "Less than a tenth of the key's own spending limit is left.",
    per: "credential",
    or: `${series("healthd_key_limit_remaining_usd")} / ${series("healthd_key_limit_usd")} < 0.1`,
    more: `{{ with printf \`healthd_key_limit_remaining_usd{instance="%s", credential="%s"}\` $labels.instance $labels.credential | query }}{{ . | first | value | printf "%.2f" }} USD are left of the limit of {{ $labels.credential }}. {{ end }}Raise the key's limit before paid requests are refused.`,
    dashboard: "healthd-money",
  },
  ModelRequestRejected: {
    severity: "critical",
    scope: "model",
    owner: "request",
    summary: "The API refuses the request itself, so repeating it does not help.",
    per: "subject",
    dashboard: "healthd-model",
  },
  ModelMissing: {
    severity: "critical",
    scope: "model",
    owner: "request",
    summary: "A configured model id does not exist.",
    per: "subject",
    dashboard: "healthd-model",
  },
  ModelAtRisk: {
    severity: "warning",
    scope: "model",
    owner: "request",
    summary: "The catalogue says that a model cannot be reached, and its own probe has not confirmed it yet.",
    per: "subject",
    dashboard: "healthd-model",
  },
  ModelNoLongerFree: {
    severity: "warning",
    scope: "model",
    owner: "money",
    summary: "A model that must cost nothing costs something.",
    per: "subject",
    dashboard: "healthd-money",
  },
  ModelVisionLost: {
    severity: "warning",
    scope: "model",
    owner: "request",
    summary: "A model that must take images does not.",
    per: "subject",
    dashboard: "healthd-model",
  },
  RateLimited: {
    severity: "warning",
    scope: "model",
    owner: "quota",
    summary: "The API refuses requests because there are too many.",
    per: "credential",
    dashboard: "healthd-money",
  },
  FreeQuotaSpent: {
    severity: "warning",
    scope: "credential",
    owner: "quota",
    summary: "The account's free requests of the day are spent, so free models refuse until midnight UTC.",
    per: "credential",
    dashboard: "healthd-money",
  },
  EmptyAnswers: {
    severity: "warning",
    scope: "model",
    owner: "provider",
    summary: "A model answers without a single token.",
    per: "subject",
    dashboard: "healthd-model",
  },
  WrongAnswers: {
    severity: "warning",
    scope: "model",
    owner: "provider",
    summary: "A model answers, and not what is expected of it.",
    per: "subject",
    dashboard: "healthd-model",
  },
  ProviderUnavailable: {
    severity: "critical",
    scope: "provider",
    owner: "provider",
    summary: "Those who serve the models fail or do not answer in time.",
    per: "credential",
    dashboard: "healthd-model",
  },
  GatewayOutage: {
    severity: "critical",
    scope: "gateway",
    owner: "gateway",
    summary: "The API itself fails or cannot be reached.",
    per: "credential",
    dashboard: "healthd-overview",
  },
  NetworkUnreachable: {
    severity: "critical",
    scope: "network",
    owner: "network",
    summary: "Nothing that the daemon looks at answers, so the network between is cut.",
    per: "subject",
    dashboard: "healthd-overview",
  },
  StorageUnavailable: {
    severity: "critical",
    scope: "storage",
    owner: "storage",
    summary: "A storage bucket fails, is missing or cannot be reached.",
    per: "subject",
    dashboard: "healthd-storage",
  },
  // Whose it is differs: the policy, the keys, the region in the config, or this machine's clock.
  StorageAccessDenied: {
    severity: "critical",
    scope: "storage",
    summary: "A storage bucket refuses us.",
    per: "subject",
    dashboard: "healthd-storage",
  },
  StorageCorrupted: {
    severity: "critical",
    scope: "storage",
    owner: "storage",
    summary: "What is read from a storage bucket is not what was written.",
    per: "subject",
    dashboard: "healthd-storage",
  },
  AppUnavailable: {
    severity: "critical",
    scope: "app",
    owner: "app",
    summary: "The application fails although everything that it needs works.",
    per: "subject",
    dashboard: "healthd-overview",
  },
  HealthdBug: {
    severity: "warning",
    scope: "daemon",
    owner: "prober",
    summary: "A bug in llm-healthd keeps it from telling something.",
    per: "instance",
    or: `increase(${series("healthd_unexported_readings_total")}[1h]) > 0`,
    more: "Look for errors in the log of {{ $labels.instance }}, and report them.",
    dashboard: "healthd-daemon",
  },
};

function fault(name: FaultAlertName): Alert<FaultAlertName> {
  const { looks = LOOKS, per, or, unless, more, ...entry } = SPECS[name];
  const found = faultExpr(name, { looks, per, keepOwner: entry.owner === undefined });
  const expr = `${or === undefined ? "" : `${or}\nor\n`}${found}${unless === undefined ? "" : `\nunless ${unless}`}`;
  return alert({ ...entry, name, description: faultDescription(name, per, more), expr, keepFiringSeconds: STICKY_SECONDS });
}

export const faultAlerts: readonly Alert<FaultAlertName>[] = faultAlertNames.map(fault);

/** What somebody is woken for when it is a model's or its API's: where it is seen, a page names the cause. */
export const pagingModelReasons: readonly string[] = faultAlerts
  .filter(({ severity, scope }) => severity === "critical" && scope !== "storage" && scope !== "app")
  .flatMap(({ name }) => sharesOf(name))
  .filter(({ places }) => places.includes("model"))
  .flatMap(({ reasons }) => reasons);
