/** What the state of the account refuses, before anything is routed: quotas of free models, limits, budgets, the balance (openrouter-api §8, §9). */
import type { Reply } from "../exchange.ts";
import { type Account, balanceUsd, DAY_MS, MINUTE_MS } from "./account.ts";
import { refuse } from "./errors.ts";
import { budgetBody } from "./key-body.ts";
import { isFree, type Model } from "./model.ts";
import { type Order, promptTokensOf } from "./order.ts";

const TOP_UP = "https://openrouter.ai/settings/credits";
// Nine credits ever bought lift an account from 50 requests a day to 1000 (openrouter-api §2).
const PAID_TIER_REQUESTS = 1_000;

interface Spent {
  readonly source: "openrouter_free_tier_daily" | "openrouter_free_tier_per_minute";
  readonly message: string;
  readonly limit: number;
  readonly resetMs: number;
  readonly remedy: string;
}

const nextWindow = (nowMs: number, windowMs: number): number => (Math.floor(nowMs / windowMs) + 1) * windowMs;

function spentQuota(account: Account, nowMs: number): Spent | undefined {
  if (account.freeUsed > account.freeLimit) {
    return {
      source: "openrouter_free_tier_daily",
      message:
        account.freeLimit < PAID_TIER_REQUESTS
          ? "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day"
          : "Rate limit exceeded: free-models-per-day-high-balance. ",
      limit: account.freeLimit,
      resetMs: nextWindow(nowMs, DAY_MS),
      remedy: "Wait for the daily reset or add credits.",
    };
  }
  if (account.freePerMinute === null || account.freeThisMinute <= account.freePerMinute) return undefined;
  return {
    source: "openrouter_free_tier_per_minute",
    message: "Rate limit exceeded: free-models-per-min. ",
    limit: account.freePerMinute,
    resetMs: nextWindow(nowMs, MINUTE_MS),
    remedy: "Wait for the next minute.",
  };
}

/** For a free model, counted already. `asHeaders`: some captures have the numbers as real headers too, others only in the body. */
export function quotaRefusal(account: Account, nowMs: number, asHeaders: boolean): Reply | undefined {
  const spent = spentQuota(account, nowMs);
  if (spent === undefined) return undefined;
  const headers = { "X-RateLimit-Limit": String(spent.limit), "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": String(spent.resetMs) };
  const metadata = { headers, limit_source: spent.source, remedy_hint: spent.remedy, provider_name: null };
  return refuse(429, spent.message, metadata, asHeaders ? headers : {});
}

function keyLimitRefusal({ limitUsd, usageUsd, keyLimitStatus }: Account): Reply | undefined {
  if (limitUsd === null || usageUsd < limitUsd) return undefined;
  const metadata = {
    limit_source: "openrouter_key_limit",
    scope: "key_limit",
    limit_usd: limitUsd,
    spend_usd: usageUsd,
    resets_at: null,
  };
  return refuse(keyLimitStatus, "Key limit exceeded (total limit). Manage it using https://openrouter.ai/settings/keys", metadata);
}

function budgetRefusal({ budget }: Account): Reply | undefined {
  if (budget === null || budget.remainingUsd > 0) return undefined;
  const [owner, source] = budget.guardrailId === null ? ["Workspace", "workspace"] : ["Guardrail", "guardrail"];
  const { scope, limit_usd, spend_usd, resets_at } = budgetBody(budget);
  return refuse(403, `${owner} budget exceeded`, {
    limit_source: `openrouter_${source}_budget`,
    scope,
    limit_usd,
    spend_usd,
    resets_at,
  });
}

function unaffordable(model: Model, order: Order, balance: number): Reply | undefined {
  const price = Math.max(0, Number(model.pricing.completion));
  const promptUsd = promptTokensOf(order) * Math.max(0, Number(model.pricing.prompt));
  // Without max_tokens the longest answer the model may give is what is held.
  const wanted = Math.min(order.maxTokens, model.top_provider.max_completion_tokens ?? model.context_length ?? 4096);
  if (promptUsd + wanted * price <= balance) return undefined;
  const affordable = Math.max(0, Math.floor((balance - promptUsd) / price));
  return refuse(
    402,
    `This request requires more credits, or fewer max_tokens. You requested up to ${wanted} tokens, but can only afford ${affordable}. To increase, visit ${TOP_UP} and add more credits`,
    { limit_source: "openrouter_credits" },
  );
}

function balanceRefusal(account: Account, model: Model, order: Order): Reply | undefined {
  const balance = balanceUsd(account);
  // A debt stops free models too (openrouter-api §3).
  const isShort = isFree(model) ? balance < 0 : balance <= 0;
  if (isShort) return refuse(402, `Insufficient credits. Add more using ${TOP_UP}`, { limit_source: "openrouter_credits" });
  return isFree(model) ? undefined : unaffordable(model, order, balance);
}

export const moneyRefusal = (account: Account, model: Model, order: Order): Reply | undefined =>
  keyLimitRefusal(account) ?? budgetRefusal(account) ?? balanceRefusal(account, model, order);
