import { USER_ID } from "./errors.ts";

/** The account behind the key: what it may spend, what it has spent, and how `/key` and `/credits` tell it (openrouter-api §2, §3). */
export interface Account {
  readonly limitUsd: number | null;
  readonly usageUsd: number;
  /** Spent since the simulator started: it stands for today, this week and this month. */
  readonly usageTodayUsd: number;
  readonly creditsBoughtUsd: number;
  readonly expiresAt: string | null;
  readonly freeLimit: number;
  readonly freeUsed: number;
  /** Servers before September 2026 omitted four fields. */
  readonly newerFields: boolean;
  /** Whether `/credits` answers a normal key; the documentation says no, measurements say yes (openrouter-api §3). */
  readonly creditsOpen: boolean;
}

export interface Ledger {
  spend(usd: number): void;
  countFreeRequest(): void;
  account(): Account;
  /** `freeUsed` as `/key` knows it: up to a minute old. */
  staleFreeUsed(): number;
}

const FREE_LIMIT = 1_000;
const STARTING_USAGE_USD = 1.25;
const CREDITS_BOUGHT_USD = 25;
// About 60 s of caching was measured (openrouter-api §2).
const COUNTER_LAG_MS = 60_000;

export const utcDay = (ms: number): number => Math.floor(ms / 86_400_000);

export function createLedger(now: () => number): Ledger {
  let spentUsd = 0;
  let free = { day: utcDay(now()), used: 0 };
  let cached: { atMs: number; day: number; used: number } | undefined;
  const today = (): typeof free => {
    if (free.day !== utcDay(now())) free = { day: utcDay(now()), used: 0 };
    return free;
  };
  return {
    spend(usd) {
      spentUsd += usd;
    },
    countFreeRequest() {
      today().used += 1;
    },
    account: () => ({
      limitUsd: null,
      usageUsd: STARTING_USAGE_USD + spentUsd,
      usageTodayUsd: spentUsd,
      creditsBoughtUsd: CREDITS_BOUGHT_USD,
      expiresAt: null,
      freeLimit: FREE_LIMIT,
      freeUsed: today().used,
      newerFields: true,
      creditsOpen: true,
    }),
    staleFreeUsed() {
      const { day, used } = today();
      if (cached === undefined || cached.day !== day || now() - cached.atMs >= COUNTER_LAG_MS) cached = { atMs: now(), day, used };
      return cached.used;
    },
  };
}

export const remainingUsd = ({ limitUsd, usageUsd }: Account): number | null =>
  limitUsd === null ? null : Math.max(0, limitUsd - usageUsd);

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
      rate_limit: { requests: -1, interval: "10s", note: "This field is deprecated and safe to ignore." },
    },
  };
}

const newerFields = ({ freeLimit, freeUsed }: Account): object => ({
  organization_id: null,
  workspace_id: "ws_2simulated0workspace",
  allowed_data_regions: ["global", "europe", "us"],
  // `used` goes beyond `limit`, `remaining` stops at 0 (openrouter-api §2).
  free_model_daily_requests: { limit: freeLimit, used: freeUsed, remaining: Math.max(0, freeLimit - freeUsed) },
});
