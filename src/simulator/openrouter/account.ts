/** The account behind the key: what it may spend and ask, and what it has spent and asked (openrouter-api §2, §3, §9). */
export interface Account {
  readonly limitUsd: number | null;
  readonly usageUsd: number;
  /** Spent since the simulator started: it stands for today, this week and this month. */
  readonly usageTodayUsd: number;
  readonly creditsBoughtUsd: number;
  readonly budget: Budget | null;
  readonly expiresAt: string | null;
  readonly freeLimit: number;
  readonly freeUsed: number;
  /** Null: not enforced. */
  readonly freePerMinute: number | null;
  readonly freeThisMinute: number;
  /** What a spent key limit is answered with: 403 was captured, 402 is what the limits page says (openrouter-api §8). */
  readonly keyLimitStatus: number;
  /** Servers before September 2026 omitted four fields. */
  readonly newerFields: boolean;
  /** Whether `/credits` answers a normal key; the documentation says no, measurements say yes (openrouter-api §3). */
  readonly creditsOpen: boolean;
}

/** A layer above the key's own limit, new in October 2026. */
export interface Budget {
  readonly scope: "workspace" | "member";
  readonly guardrailId: string | null;
  readonly limitUsd: number;
  readonly remainingUsd: number;
}

export interface AccountTerms {
  readonly freePerDay: number;
  /** Null: not enforced. */
  readonly freePerMinute: number | null;
  readonly balanceUsd: number;
}

export interface Ledger {
  spend(usd: number): void;
  countFreeRequests(count: number): void;
  countRejection(): void;
  account(): Account;
  /** `freeUsed` as `/key` knows it: up to a minute old. */
  staleFreeUsed(): number;
  rejected(): number;
}

const STARTING_USAGE_USD = 1.25;
// About 60 s of caching was measured (openrouter-api §2).
const COUNTER_LAG_MS = 60_000;
export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;

export const utcDay = (ms: number): number => Math.floor(ms / DAY_MS);

interface Counter {
  count(): number;
  add(count: number): void;
}

/** Counts within fixed windows of the wall clock: UTC days, minutes. */
function windowed(now: () => number, windowMs: number): Counter {
  let current = { window: -1, count: 0 };
  const counted = (): typeof current => {
    const window = Math.floor(now() / windowMs);
    if (current.window !== window) current = { window, count: 0 };
    return current;
  };
  return {
    count: () => counted().count,
    add(count) {
      counted().count += count;
    },
  };
}

export function createLedger(now: () => number, terms: AccountTerms): Ledger {
  let spentUsd = 0;
  let rejected = 0;
  const today = windowed(now, DAY_MS);
  const minute = windowed(now, MINUTE_MS);
  let cached: { readonly atMs: number; readonly used: number } | undefined;
  return {
    spend(usd) {
      spentUsd += usd;
    },
    countFreeRequests(count) {
      today.add(count);
      minute.add(count);
    },
    countRejection() {
      rejected += 1;
    },
    account: () => ({
      limitUsd: null,
      usageUsd: STARTING_USAGE_USD + spentUsd,
      usageTodayUsd: spentUsd,
      creditsBoughtUsd: STARTING_USAGE_USD + terms.balanceUsd,
      budget: null,
      expiresAt: null,
      freeLimit: terms.freePerDay,
      freeUsed: today.count(),
      freePerMinute: terms.freePerMinute,
      freeThisMinute: minute.count(),
      keyLimitStatus: 403,
      newerFields: true,
      creditsOpen: true,
    }),
    staleFreeUsed() {
      const isFresh = cached !== undefined && utcDay(cached.atMs) === utcDay(now()) && now() - cached.atMs < COUNTER_LAG_MS;
      if (cached === undefined || !isFresh) cached = { atMs: now(), used: today.count() };
      return cached.used;
    },
    rejected: () => rejected,
  };
}

export const remainingUsd = ({ limitUsd, usageUsd }: Account): number | null =>
  limitUsd === null ? null : Math.max(0, limitUsd - usageUsd);

export const balanceUsd = ({ creditsBoughtUsd, usageUsd }: Account): number => creditsBoughtUsd - usageUsd;
