/** Refuses a probe that would use more of an account than the config allows: free requests a day and a minute, USD a day. */
import type { Clock } from "../../base/clock.ts";
import type { Gate, Spend, Target } from "../../core/probe.ts";
import type { Ledger } from "../../history/ledger.ts";
import { type Allowance, freeRequestsAllowed } from "../planner.ts";
import { nextUtcDay, utcDay } from "../utc-day.ts";

export interface Purse {
  readonly clock: Clock;
  readonly ledger: Ledger;
  spendOf(target: Target): Spend | undefined;
  allowanceOf(credential: string): Allowance | undefined;
}

const MINUTE_MS = 60_000;

/** What is left of the day's budget; never below 0. */
export function budgetLeft(
  { clock, ledger }: Purse,
  credential: string,
  allowance: Allowance,
): { readonly freeRequests: number; readonly usd: number } {
  const used = ledger.usedSince(credential, utcDay(clock.wall()));
  return {
    freeRequests: Math.max(0, freeRequestsAllowed(allowance) - used.freeRequests),
    usd: Math.max(0, allowance.usdPerDay - used.usd),
  };
}

/** Whether what is left does not pay for one more; what costs nothing can always be paid. */
export const isSpent = ({ free, usd }: Spend, left: { readonly freeRequests: number; readonly usd: number }): boolean =>
  (free && left.freeRequests < 1) || left.usd < usd;

export const budgetGate = (purse: Purse): Gate => ({
  refuse(target) {
    const spend = purse.spendOf(target);
    const allowance = spend === undefined ? undefined : purse.allowanceOf(spend.credential);
    if (spend === undefined || allowance === undefined) return undefined;
    const now = purse.clock.wall();
    const left = budgetLeft(purse, spend.credential, allowance);
    const spent = isSpent(spend, left);
    if (spent) return { cause: "budget", until: nextUtcDay(now) };
    const crowded = spend.free && purse.ledger.freeRequestsSince(spend.credential, now - MINUTE_MS) >= allowance.freeRequestsPerMinute;
    return crowded ? { cause: "budget", until: now + MINUTE_MS } : undefined;
  },
});
