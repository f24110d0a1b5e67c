/** Parks probes that the API has asked to wait, or whose account has hardly any free requests left. Learns from the records. */
import type { Clock } from "../../base/clock.ts";
import type { Gate, ProbeRecord, Refusal, Sink, Spend, Target } from "../../core/probe.ts";
import { nextUtcDay } from "../utc-day.ts";

export interface QuotaOptions {
  readonly clock: Clock;
  spendOf(target: Target): Spend | undefined;
}

/** Left for the application: the counter lags by a minute (openrouter-api §2), and the last requests are not ours to take. */
const RESERVE_SHARE = 0.05;
const RESERVE_LEAST = 2;
const MINUTE_MS = 60_000;
// After a refusal that names no time: this long, doubling, up to an hour.
const BACKOFF_MS = 5 * MINUTE_MS;
const LONGEST_BACKOFF_MS = 60 * MINUTE_MS;

const nextMinute = (ms: number): number => (Math.floor(ms / MINUTE_MS) + 1) * MINUTE_MS;

interface Account {
  /** Free requests are not to be asked for before. */
  parkedUntil: number;
  /** By the key's own word, and the UTC day it spoke of ends then. */
  left?: { readonly remaining: number; readonly limit: number; readonly until: number };
}

const isLow = ({ remaining, limit }: { remaining: number; limit: number }): boolean =>
  remaining <= Math.max(RESERVE_LEAST, Math.ceil(limit * RESERVE_SHARE));

export function createQuotaGate({ clock, spendOf }: QuotaOptions): Gate & Sink {
  const accounts = new Map<string, Account>();
  const waiting = new Map<string, { readonly until: number; readonly times: number }>();
  const accountOf = (credential: string): Account => {
    const account = accounts.get(credential) ?? { parkedUntil: 0 };
    accounts.set(credential, account);
    return account;
  };

  const park = ({ target, outcome }: ProbeRecord): void => {
    if (outcome.verdict === "skipped") return;
    const { backoff } = outcome.evidence;
    const now = clock.wall();
    if (backoff === undefined) {
      waiting.delete(target.name);
      return;
    }
    const asked = backoff.seconds === undefined ? undefined : now + backoff.seconds * 1000;
    if (backoff.scope === "target" || target.credential === undefined) {
      const times = (waiting.get(target.name)?.times ?? 0) + 1;
      const own = now + Math.min(LONGEST_BACKOFF_MS, BACKOFF_MS * 2 ** (times - 1));
      // An hour at most, whatever was asked: a model that is well again must not stay unseen for a day.
      waiting.set(target.name, { until: Math.min(asked ?? own, now + LONGEST_BACKOFF_MS), times });
      return;
    }
    const account = accountOf(target.credential);
    const until = backoff.scope === "account_day" ? nextUtcDay(now) : (asked ?? nextMinute(now));
    account.parkedUntil = Math.max(account.parkedUntil, until);
  };

  return {
    take(record) {
      const { target, outcome } = record;
      if (outcome.verdict === "skipped") return;
      const { freeRequestsLimit: limit, freeRequestsRemaining: remaining } = outcome.evidence.key ?? {};
      if (target.kind === "credential" && limit !== undefined && remaining !== undefined) {
        const account = accountOf(target.name);
        account.left = { limit, remaining, until: nextUtcDay(clock.wall()) };
        // Credits were bought, or the day began anew: the key's word is newer than the refusal.
        if (!isLow(account.left)) account.parkedUntil = Math.min(account.parkedUntil, nextMinute(clock.wall()));
      }
      if (target.kind === "model") park(record);
    },
    forget(name) {
      waiting.delete(name);
      accounts.delete(name);
    },
    refuse(target): Refusal | undefined {
      const now = clock.wall();
      const wait = waiting.get(target.name);
      if (wait !== undefined && wait.until > now) return { cause: "backoff", until: wait.until };
      const spend = spendOf(target);
      if (spend?.free !== true) return undefined;
      const account = accounts.get(spend.credential);
      if (account === undefined) return undefined;
      if (account.parkedUntil > now) return { cause: "quota", until: account.parkedUntil };
      const { left } = account;
      return left !== undefined && left.until > now && isLow(left) ? { cause: "quota", until: left.until } : undefined;
    },
  };
}
