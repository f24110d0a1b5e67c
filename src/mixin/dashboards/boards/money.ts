/** Credentials and money: does the key work, what is left, how long does it last, and how much of that do our probes use. */
import type { Board, Section } from "../board.ts";
import { runbooks } from "../links.ts";
import { wellOr, yesNo } from "../palette.ts";
import { bars, graph, stat } from "../panels.ts";
import { daysUntil, grew, grewFromNothing, latest } from "../query.ts";
import { table } from "../table.ts";
import { creditsStat, keyStat, least, limitStat } from "./shared.ts";

const OF = { credential: /$credential/ } as const;

/** What the account loses in a day; nothing when it lost nothing or was topped up. */
const spentADay = `(-1 * ${least(`delta(${latest("healthd_account_credits_remaining_usd", OF)}[1d])`)} > 0)`;

const now: Section = {
  title: "Does the key work, and what is left",
  panels: [
    keyStat(OF),
    stat({
      title: "Key's shape",
      description: "Whether the key looks like a key at all: a variable that is empty or quoted twice is seen here without asking the API.",
      unit: "none",
      size: [4, 4],
      queries: [{ expr: least(latest("healthd_key_format_valid", OF)), legend: "{{credential}}" }],
      mappings: wellOr("well formed", "malformed"),
      links: runbooks("ApiKeyMalformed"),
    }),
    creditsStat(OF),
    stat({
      title: "Credits last for",
      description: "How long the credits last at the pace of the day before. Nothing shown: nothing was spent, or credits were bought.",
      unit: "d",
      size: [4, 4],
      decimals: 0,
      queries: [{ expr: `${least(latest("healthd_account_credits_remaining_usd", OF))} / ${spentADay}`, legend: "{{credential}}" }],
      colours: ["red", [3, "orange"], [14, "green"]],
      links: runbooks("CreditsRunningOut"),
      nothing: "nothing spent",
    }),
    limitStat(OF),
    stat({
      title: "Key expires in",
      description: "Days until the key expires. Nothing shown: it does not.",
      unit: "d",
      size: [4, 4],
      decimals: 1,
      queries: [{ expr: least(daysUntil(latest("healthd_key_expiration_timestamp_seconds", OF))), legend: "{{credential}}" }],
      colours: ["red", [2, "orange"], [7, "green"]],
      links: runbooks("ApiKeyExpiring"),
      nothing: "never",
    }),
  ],
};

const spending: Section = {
  title: "Money",
  panels: [
    graph({
      title: "Credits",
      description: "Credits left on the account over time; a step up is a purchase.",
      unit: "currencyUSD",
      size: [8, 8],
      queries: [{ expr: least(latest("healthd_account_credits_remaining_usd", OF)), legend: "{{credential}}" }],
      nothing: "The key may not see the credits",
    }),
    graph({
      title: "The key's limit",
      description: "The key's own spending limit, and what is left of it.",
      unit: "currencyUSD",
      size: [8, 8],
      queries: [
        { expr: least(latest("healthd_key_limit_remaining_usd", OF)), legend: "{{credential}} left" },
        { expr: least(latest("healthd_key_limit_usd", OF)), legend: "{{credential}} limit" },
      ],
      nothing: "The key has no limit",
    }),
    graph({
      title: "Spent by the key",
      description:
        "What everybody who uses this key has spent in the API's own windows, which begin anew at 00:00 UTC, on Mondays and on the first.",
      unit: "currencyUSD",
      size: [8, 8],
      queries: [
        {
          expr: `max by (credential, window) (${latest("healthd_key_usage_usd", { ...OF, window: { not: "total" } })})`,
          legend: "{{credential}} {{window}}",
        },
      ],
    }),
    bars({
      title: "Spent by the key, in all",
      description: "What everybody who uses this key has ever spent with it.",
      unit: "currencyUSD",
      size: [8, 7],
      queries: [{ expr: `max by (credential) (${latest("healthd_key_usage_usd", { ...OF, window: "total" })})`, legend: "{{credential}}" }],
      colours: ["blue"],
    }),
    graph({
      title: "Cost of our probes",
      description: "What our own probes cost in the day before, by model, as the API told it.",
      unit: "currencyUSD",
      size: [8, 7],
      queries: [{ expr: `sum by (target) (${grew("healthd_model_cost_usd_total", "1d", OF)})`, legend: "{{target}}" }],
      stacked: true,
    }),
    table({
      title: "Prices",
      description:
        "The catalogue's prices for a million tokens, and whether the model is free. A model that was free and is not any more spends your credits.",
      size: [8, 7],
      labels: { target: { name: "Model" }, credential: { name: "Credential" } },
      columns: [
        { name: "Free", expr: `min by (target, credential) (${latest("healthd_model_free", OF)})`, mappings: yesNo, width: 60 },
        {
          name: "Input $/M",
          expr: `1e6 * min by (target, credential) (${latest("healthd_model_price_usd_per_token", { ...OF, type: "input" })})`,
          unit: "currencyUSD",
          width: 90,
        },
        {
          name: "Output $/M",
          expr: `1e6 * min by (target, credential) (${latest("healthd_model_price_usd_per_token", { ...OF, type: "output" })})`,
          unit: "currencyUSD",
          width: 100,
        },
      ],
      links: runbooks("ModelNoLongerFree"),
    }),
  ],
};

const quota: Section = {
  title: "Free requests and refusals",
  panels: [
    graph({
      title: "Free requests of the account today",
      description:
        "Requests to free models: the day's limit, and what everybody on the account has used of it, refused ones included. OpenRouter tells it up to a minute late; it begins anew at 00:00 UTC.",
      unit: "short",
      size: [12, 8],
      queries: [
        { expr: `max by (credential) (${latest("healthd_key_free_requests_used", OF)})`, legend: "{{credential}} used" },
        { expr: least(latest("healthd_key_free_requests_limit", OF)), legend: "{{credential}} limit" },
      ],
      links: runbooks("FreeQuotaSpent"),
    }),
    bars({
      title: "Free requests left today",
      description: "Requests to free models that the account still has until 00:00 UTC.",
      unit: "none",
      size: [6, 8],
      queries: [{ expr: least(latest("healthd_key_free_requests_remaining", OF)), legend: "{{credential}}" }],
      colours: ["red", [10, "orange"], [50, "green"]],
      min: 0,
      links: runbooks("FreeQuotaSpent"),
    }),
    graph({
      title: "Refused for money or quota",
      description: "Answers in the hour before that said 402 (credits or limit spent) or 429 (too many requests).",
      unit: "none",
      size: [6, 8],
      queries: [
        {
          expr: `sum by (code, target) (${grewFromNothing("healthd_probe_responses_total", "1h", { kind: /model|credential|catalog/, code: /402|429/ })}) > 0`,
          legend: "{{target}} {{code}}",
        },
      ],
      stacked: true,
      links: runbooks("PaymentRequired", "RateLimited"),
      nothing: "None was refused",
    }),
  ],
};

const budget: Section = {
  title: "Our own budget",
  panels: [
    stat({
      title: "Budget",
      description:
        "Whether some probe is refused until 00:00 UTC because our own budget of the day is spent. That target is not watched till then.",
      unit: "none",
      size: [4, 7],
      queries: [{ expr: `1 - max by (credential) (${latest("healthd_budget_exhausted", OF)})`, legend: "{{credential}}" }],
      mappings: wellOr("enough", "spent"),
      links: runbooks("HealthdBudgetSpent"),
    }),
    graph({
      title: "Free requests left to our probes",
      description: "Of the share of the account's free requests that the config allows our probes, what is left today.",
      unit: "short",
      size: [6, 7],
      queries: [{ expr: least(latest("healthd_budget_free_requests_remaining", OF)), legend: "{{credential}}" }],
    }),
    graph({
      title: "Money left to our probes",
      description: "Of what the config allows our probes to cost a day, what is left today.",
      unit: "currencyUSD",
      size: [6, 7],
      queries: [{ expr: least(latest("healthd_budget_usd_remaining", OF)), legend: "{{credential}}" }],
    }),
    graph({
      title: "Probes refused to save",
      description:
        "Runs in the hour before that were due and refused: our budget or the account's quota is spent, or the API asked to wait.",
      unit: "none",
      size: [8, 7],
      queries: [
        { expr: `sum by (cause) (${grew("healthd_probe_skips_total", "1h", { cause: /quota|budget|backoff/ })})`, legend: "{{cause}}" },
      ],
      stacked: true,
    }),
  ],
};

export const money: Board = {
  uid: "healthd-money",
  title: "llm-healthd / Credentials and money",
  description: "Whether the keys work, what is left and how long it lasts, and how much of it our own probes use.",
  variables: [
    {
      name: "credential",
      label: "Credential",
      description: "The credentials by their names in the config.",
      query: 'label_values(healthd_probe_interval_seconds{kind="credential", job=~"$job", instance=~"$instance"}, credential)',
    },
  ],
  sections: [now, spending, quota, budget],
};
