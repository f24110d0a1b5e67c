/** The pace of every target: as configured where a probe costs nothing, stretched evenly over targets and day where it spends quota or money. Pure. */
import type { Spend, Target } from "../core/probe.ts";
import { DAY_SECONDS, shortestInterval } from "./stretch.ts";
import { fraction, intervalSeconds } from "./timetable.ts";

/** What the probes of one credential may use. */
export interface Allowance {
  /** The account's free requests a day: by the key's own word, or the least that an account has until it has spoken. */
  readonly freeRequestsPerDay: number;
  /** Which part of them, and of the requests a minute, the probes may use. */
  readonly freeQuotaShare: number;
  readonly usdPerDay: number;
}

/** An account that never bought credits has this many (openrouter-api §9). */
export const LEAST_FREE_REQUESTS_PER_DAY = 50;
/** Of all free models together (openrouter-api §9). */
export const FREE_REQUESTS_PER_MINUTE = 20;

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
/** At least one, or nothing would ever run. */
export const freeRequestsAllowedPerMinute = ({ freeQuotaShare }: Allowance): number =>
  Math.max(1, Math.floor(FREE_REQUESTS_PER_MINUTE * freeQuotaShare));

// The first results come within seconds of the start, yet not all in the same instant.
const FIRST_SPREAD_SECONDS = 2;
// What costs nothing goes first, so that a rejected key or a missing model is known before any completion is asked for.
const SPENDER_DELAY_SECONDS = 0.5;

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
      return [target.name, { intervalSeconds: interval, phaseSeconds: turn * interval, firstDelaySeconds, stretched: true }];
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
      ? share(some, () => 1, freeRequestsAllowed(allowance), freeRequestsAllowedPerMinute(allowance))
      : share(some, ({ usd }) => usd, allowance.usdPerDay, Number.POSITIVE_INFINITY);
    for (const [name, pace] of shared) paces.set(name, pace);
  }
  return paces;
}

/** Runs a day at this pace. */
export const runsPerDay = ({ intervalSeconds: seconds }: Pace): number => DAY_SECONDS / seconds;
