/** What `/key` tells of the account (openrouter-api §2). */
import type { JsonObject } from "../exchange.ts";
import { type Account, type Budget, remainingUsd } from "./account.ts";
import { USER_ID } from "./errors.ts";

export function budgetBody({ scope, guardrailId, limitUsd, remainingUsd: left }: Budget): JsonObject {
  return {
    budget_id: "bud_2simulated0budget",
    guardrail_id: guardrailId,
    include_byok: false,
    limit_usd: limitUsd,
    spend_usd: limitUsd - left,
    remaining_usd: left,
    reset_interval: null,
    resets_at: null,
    scope,
  };
}

const newerFields = ({ freeLimit, freeUsed }: Account): JsonObject => ({
  organization_id: null,
  workspace_id: "ws_2simulated0workspace",
  allowed_data_regions: ["global", "europe", "us"],
  // `used` goes beyond `limit`, `remaining` stops at 0 (openrouter-api §2).
  free_model_daily_requests: { limit: freeLimit, used: freeUsed, remaining: Math.max(0, freeLimit - freeUsed) },
});

export function keyBody(account: Account, key: string, isManagement: boolean): unknown {
  const spent = { usage_daily: account.usageTodayUsd, usage_weekly: account.usageTodayUsd, usage_monthly: account.usageTodayUsd };
  return {
    data: {
      label: `${key.slice(0, 12)}...${key.slice(-3)}`,
      is_management_key: isManagement,
      is_provisioning_key: isManagement,
      limit: account.limitUsd,
      limit_reset: null,
      limit_remaining: remainingUsd(account),
      include_byok_in_limit: false,
      usage: account.usageUsd,
      ...spent,
      byok_usage: 0,
      byok_usage_daily: 0,
      byok_usage_weekly: 0,
      byok_usage_monthly: 0,
      is_free_tier: false,
      creator_user_id: USER_ID,
      expires_at: account.expiresAt,
      ...(account.newerFields && newerFields(account)),
      ...(account.budget && { effective_budget: budgetBody(account.budget) }),
      rate_limit: { requests: -1, interval: "10s", note: "This field is deprecated and safe to ignore." },
    },
  };
}
