/** Faults in the state of the account: what follows, in chat as in /key and /credits, follows by OpenRouter's own rules. */
import { type Account, type Budget, DAY_MS } from "../openrouter/account.ts";
import type { Applied, Fault } from "./fault.ts";

type Bend = (account: Account, scope: Applied, nowMs: number) => Partial<Account>;

const bent = (description: string, endpoints: readonly string[], bend: Bend): Fault => ({
  service: "openrouter",
  description,
  endpoints,
  account: (account, scope, nowMs) => ({ ...account, ...bend(account, scope, nowMs) }),
});

/** Credits are left to the amount the scope says. */
const left =
  (standardUsd: number): Bend =>
  ({ usageUsd }, { usd = standardUsd }) => ({ creditsBoughtUsd: usageUsd + usd });

const moneyDoors = ["chat", "credits"];
const keyDoors = ["chat", "key"];

const budget =
  (over: Partial<Budget>): Bend =>
  (_, { usd = 0 }) => ({ budget: { scope: "workspace", guardrailId: null, limitUsd: 10, remainingUsd: usd, ...over } });

const moneyFaults = {
  balance: bent("The credits are used up to the cent, or as scoped by usd: 402 on paid models only", moneyDoors, left(0)),
  credits: bent("402: the account is a cent in debt, which stops free models too, or as scoped by usd", moneyDoors, left(-0.01)),
  credits_low: bent("Half a dollar of credits is left", moneyDoors, left(0.5)),
  credits_forbidden: bent("/credits is for management keys only: 403, as documented", ["credits"], () => ({ creditsOpen: false })),
  key_limit: bent("The key's own limit is spent: 403 (402 when scoped), and /key shows nothing left", keyDoors, (_, { status = 403 }) => ({
    limitUsd: 5,
    usageUsd: 5.01,
    keyLimitStatus: status,
  })),
  key_limit_low: bent("Ten cents are left of the key's limit", keyDoors, ({ usageUsd }) => ({ limitUsd: usageUsd + 0.1 })),
  key_budget: bent("A dime is left of the budget above the key, or as scoped by usd; /key shows it", keyDoors, (account, scope, nowMs) =>
    budget({ scope: "member" })(account, { ...scope, usd: scope.usd ?? 0.1 }, nowMs),
  ),
  workspace_budget: bent("403: the workspace's budget is spent", keyDoors, budget({})),
  guardrail_budget: bent("403: a guardrail's budget is spent", keyDoors, budget({ guardrailId: "gr_2simulated0guardrail" })),
} as const satisfies Readonly<Record<string, Fault>>;

const FREE_PER_MINUTE = 20;
// What captures show of accounts whose clients went on asking: 1060 of 1000, 60 of 50 (openrouter-api §2).
const beyond = (limit: number, { freeUsed }: Account, by: number): Partial<Account> => ({
  freeLimit: limit,
  freeUsed: Math.max(freeUsed, limit + by),
});

const quotaFaults = {
  free_daily: bent("429 on :free models: the account's 1000 requests of the day are spent; paid models go on", keyDoors, (account) =>
    beyond(1000, account, 60),
  ),
  free_daily_unpaid: bent("429 on :free models: the 50 a day of an account that never bought credits", keyDoors, (account) =>
    beyond(50, account, 10),
  ),
  free_per_minute: bent("429 on :free models: the 21st request of a minute", ["chat"], ({ freeThisMinute }) => ({
    freePerMinute: FREE_PER_MINUTE,
    freeThisMinute: FREE_PER_MINUTE + Math.max(1, freeThisMinute),
  })),
} as const satisfies Readonly<Record<string, Fault>>;

export const accountFaults = {
  ...moneyFaults,
  ...quotaFaults,
  key_expiring: bent("The key expires in three days", ["key"], (_, __, nowMs) => ({
    expiresAt: new Date(nowMs + 3 * DAY_MS).toISOString(),
  })),
  key_older_fields: bent("/key without the four fields older servers do not have", ["key"], () => ({ newerFields: false })),
} as const satisfies Readonly<Record<string, Fault>>;
