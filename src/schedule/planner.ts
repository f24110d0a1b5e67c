/** The pace of every target: as configured where a probe costs nothing, stretched evenly over targets and day where it spends quota or money. Pure. */
import { cronRuns } from "../base/cron.ts";
import type { Every, Spend, Target } from "../core/probe.ts";
import { DAY_SECONDS, shortestInterval } from "./stretch.ts";

/** What the probes of one credential may use. */
export interface Allowance {
  /** The account's free requests a day: by the key's own word, or the least that an account has until it has spoken. */
  readonly freeRequestsPerDay: number;
  /** Which part of them the probes may use. */
  readonly freeQuotaShare: number;
  readonly freeRequestsPerMinute: number;
  readonly usdPerDay: number;
}

/** An account that never bought credits has this many (openrouter-api §9). */
export const LEAST_FREE_REQUESTS_PER_DAY = 50;

export interface Paced {
  readonly target: Target;
  /** Absent: its probe costs nothing. */
  readonly spend?: Spend;
}

/** When a target is due. */
export interface Pace {
  readonly intervalSeconds: number;
  /** Where in the interval, counted from 1970: keeps its place over restarts. */
  readonly phaseSeconds: number;
  /** How long after the start the first run may come. */
  readonly firstDelaySeconds: number;
  /** The interval is longer than configured, so that all fits into the budget. */
  readonly stretched: boolean;
}

export const freeRequestsAllowed = ({ freeRequestsPerDay, freeQuotaShare }: Allowance): number =>
  Math.floor(freeRequestsPerDay * freeQuotaShare);

// The first results come within seconds of the start, yet not all in the same instant.
const FIRST_SPREAD_SECONDS = 2;
// What costs nothing goes first, so that a rejected key or a missing model is known before any completion is asked for.
const SPENDER_DELAY_SECONDS = 0.5;

/** A number in [0, 1) that depends on the text alone (FNV-1a): spreads targets evenly over their interval. */
export function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of Buffer.from(text)) hash = Math.imul(hash ^ char, 0x01000193) >>> 0;
  // FNV's high bits mix badly on short names: fold them through once more.
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> 0;
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

/** Seconds between two runs; for a cron expression, between its next two. */
export function intervalSeconds(every: Every): number {
  if ("seconds" in every) return every.seconds;
  const [first = 0, second = first] = cronRuns(every.cron, 2);
  return (second - first) / 1000;
}

const configured = (target: Target): number => intervalSeconds(target.every);

function unstretched(target: Target): Pace {
  const seconds = configured(target);
  const delay = target.kind === "model" ? SPENDER_DELAY_SECONDS : 0;
  return {
    intervalSeconds: seconds,
    phaseSeconds: fraction(target.name) * seconds,
    firstDelaySeconds: delay + fraction(target.name) * Math.min(FIRST_SPREAD_SECONDS, seconds / 2),
    stretched: false,
  };
}

/** Paces of targets that draw on the same pot, evenly one after the other. */
function share(some: readonly Paced[], perRun: (spend: Spend) => number, perDay: number, perMinute: number): Map<string, Pace> {
  const consumers = some.map(({ target, spend }) => ({
    everySeconds: configured(target),
    perRun: spend === undefined ? 0 : perRun(spend),
    fixed: "cron" in target.every,
  }));
  const interval = shortestInterval(consumers, perDay);
  const names = some.map(({ target }) => target.name).toSorted();
  return new Map(
    some.map(({ target, spend }) => {
      const own = unstretched(target);
      const place = names.indexOf(target.name);
      // No more of them in the first minute than a minute allows.
      const firstDelaySeconds = own.firstDelaySeconds + Math.floor(place / perMinute) * 60;
      if ("cron" in target.every || interval <= own.intervalSeconds) return [target.name, { ...own, firstDelaySeconds }];
      const turn = (place / names.length + fraction(spend?.credential ?? "")) % 1;
      const phaseSeconds = interval === Number.POSITIVE_INFINITY ? 0 : turn * interval;
      return [target.name, { intervalSeconds: interval, phaseSeconds, firstDelaySeconds, stretched: true }];
    }),
  );
}

const pots = (paced: readonly Paced[]): Map<string, readonly Paced[]> =>
  Map.groupBy(
    paced.filter(({ spend }) => spend !== undefined),
    ({ spend }) => `${spend?.credential} ${spend?.free}`,
  );

/** A pace for every target, by name. `allowances` by credential. */
export function planPaces(paced: readonly Paced[], allowances: ReadonlyMap<string, Allowance>): ReadonlyMap<string, Pace> {
  const paces = new Map(paced.map(({ target }) => [target.name, unstretched(target)]));
  for (const some of pots(paced).values()) {
    const spend = some[0]?.spend;
    const allowance = spend === undefined ? undefined : allowances.get(spend.credential);
    if (spend === undefined || allowance === undefined) continue;
    const shared = spend.free
      ? share(some, () => 1, freeRequestsAllowed(allowance), allowance.freeRequestsPerMinute)
      : share(some, ({ usd }) => usd, allowance.usdPerDay, Number.POSITIVE_INFINITY);
    for (const [name, pace] of shared) paces.set(name, pace);
  }
  return paces;
}

/** Runs a day at this pace. */
export const runsPerDay = ({ intervalSeconds: seconds }: Pace): number => DAY_SECONDS / seconds;
