/** Panels that stand on several dashboards, over other targets. */
import { runbooks, toStatusPage } from "../links.ts";
import { type Colour, codeColours, ownerColours, reasonWords, type Step, verdictWords, wellOr } from "../palette.ts";
import { bars, type Panel, type Said, stat } from "../panels.ts";
import { latest, successShare, type TargetMatches, withOutcome } from "../query.ts";
import { type Look, table } from "../table.ts";

type Size = Panel["size"];

export const GOOD_SHARE: readonly [Colour, ...Step[]] = ["red", [0.95, "orange"], [0.99, "green"]];
const DAYS_LEFT: readonly [Colour, ...Step[]] = ["red", [3, "orange"], [14, "green"]];

/** Labels of a target's outcome as columns. */
export const outcomeLabels = {
  kind: { name: "Kind", width: 90 },
  verdict: { name: "Verdict", mappings: verdictWords, coloured: true, width: 90 },
  reason: { name: "Reason, and the first thing to do", mappings: reasonWords, wrap: true, links: [toStatusPage] },
  owner: { name: "Owner", mappings: ownerColours, coloured: true, width: 90 },
  instance: { name: "Seen by" },
} as const satisfies Readonly<Record<string, Look & { readonly name: string }>>;

type OutcomeTable = Pick<Said, "title" | "description" | "size" | "nothing">;

/** One row for each target whose latest probe matches: what was seen, how often in a row, and when it last worked. */
export const outcomeTable = (said: OutcomeTable, first: Look & { readonly name: string }, matches: TargetMatches<"verdict">): Panel =>
  table({
    ...said,
    labels: { target: first, ...outcomeLabels },
    columns: [
      { name: "Code", expr: withOutcome(latest("healthd_probe_status_code"), matches), mappings: codeColours, coloured: true, width: 100 },
      { name: "Failed in a row", expr: withOutcome(latest("healthd_probe_consecutive_failures"), matches), width: 110 },
      {
        name: "Last worked",
        expr: `1000 * ${withOutcome(latest("healthd_probe_last_success_timestamp_seconds"), matches)}`,
        unit: "dateTimeFromNow",
        width: 130,
      },
    ],
  });

export const successBars = (title: string, description: string, size: Size, matches?: TargetMatches): Panel =>
  bars({
    title,
    description,
    unit: "percentunit",
    size,
    queries: [{ expr: `sort(${successShare("target", "$__range", matches)})`, legend: "{{target}}" }],
    colours: GOOD_SHARE,
    min: 0,
    max: 1,
    links: runbooks("ErrorBudgetBurn"),
  });

type OfCredential = { readonly credential?: RegExp };

/** The least of the instances that look at the credential. */
export const least = (gauge: string): string => `min by (credential) (${gauge})`;
const ofEach = (gauge: string) => [{ expr: least(gauge), legend: "{{credential}}" }];

export const keyStat = (of: OfCredential = {}): Panel =>
  stat({
    title: "Key",
    description: "Whether the API accepts the key. Nothing shown: the API did not answer, so it could not be told.",
    unit: "none",
    size: [4, 4],
    queries: ofEach(latest("healthd_key_valid", of)),
    mappings: wellOr("accepted", "rejected"),
    links: runbooks("ApiKeyRejected", "ApiKeyMalformed"),
    nothing: "could not be told",
  });

export const creditsStat = (of: OfCredential = {}): Panel =>
  stat({
    title: "Credits left",
    description: "Credits left on the account. Nothing shown: the key may not see them.",
    unit: "currencyUSD",
    size: [4, 4],
    queries: ofEach(latest("healthd_account_credits_remaining_usd", of)),
    colours: ["red", [1, "orange"], [5, "green"]],
    decimals: 2,
    links: runbooks("PaymentRequired", "CreditsRunningOut"),
    nothing: "may not be seen",
  });

export const limitStat = (of: OfCredential = {}): Panel =>
  stat({
    title: "Left of the key's limit",
    description: "Share of the key's own spending limit that is left. Nothing shown: it has none.",
    unit: "percentunit",
    size: [4, 4],
    queries: ofEach(`${latest("healthd_key_limit_remaining_usd", of)} / (${latest("healthd_key_limit_usd", of)} > 0)`),
    colours: ["red", [0.1, "orange"], [0.25, "green"]],
    links: runbooks("ApiKeyLimitLow"),
    nothing: "no limit",
  });

/** `queries` give days. */
export const deadlines = (said: Pick<Said, "title" | "description" | "size" | "queries" | "links" | "nothing">): Said => ({
  ...said,
  unit: "d",
  decimals: 1,
  colours: DAYS_LEFT,
});
