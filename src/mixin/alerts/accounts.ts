/** Tickets on keys, money and quota, before they run out. */
import { alert, DAY, HOUR, MINUTE, STICKY_SECONDS } from "../alert.ts";
import { series } from "../promql.ts";

const EXPIRY_DAYS = 7;
const RUNWAY_DAYS = 3;
const credits = "healthd_account_credits_remaining_usd";

export const accountAlerts = [
  alert({
    name: "ApiKeyExpiring",
    severity: "warning",
    scope: "credential",
    owner: "key",
    summary: `The API key expires within ${EXPIRY_DAYS} days.`,
    description:
      "The key of {{ $labels.credential }} expires in {{ $value | humanizeDuration }}. Make a new key, and put it where the daemon and the application read it.",
    expr: `${series("healthd_key_expiration_timestamp_seconds")} - time() < ${EXPIRY_DAYS * DAY} > 0`,
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-money",
  }),
  alert({
    name: "CreditsRunningOut",
    severity: "warning",
    scope: "credential",
    owner: "money",
    summary: `At the pace of the last hours the account's credits end within ${RUNWAY_DAYS} days.`,
    description:
      '{{ $labels.credential }}: {{ printf `healthd_account_credits_remaining_usd{instance="%s", credential="%s"}` $labels.instance $labels.credential | query | first | value | printf "%.2f" }} USD are left. Buy credits, or find what spends them.',
    // A day's first minutes say nothing about three days: an hour of the past must be known.
    expr: `predict_linear(${series(credits)}[6h], ${RUNWAY_DAYS * DAY}) < 0
and ${series(credits)} > 0
and ${series(credits)} offset 1h > 0`,
    forSeconds: HOUR / 2,
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-money",
  }),
  alert({
    name: "HealthdBudgetSpent",
    severity: "warning",
    scope: "credential",
    owner: "prober",
    summary: "The daemon has used up what it may spend today, so some targets stay unseen until midnight UTC.",
    description:
      "Probes through {{ $labels.credential }} are refused by budget.free_quota_share or budget.usd_per_day. `llm-healthd plan` shows what uses how much; raise the budget, or probe less often.",
    expr: `${series("healthd_budget_exhausted")} == 1`,
    forSeconds: 5 * MINUTE,
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-daemon",
  }),
] as const;
