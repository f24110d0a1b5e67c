/** The pace of every target: as configured where a probe costs nothing, stretched evenly over targets and day where it spends quota or money. Pure. */
import { cronRuns } from "../base/cron.ts";
import type { Config } from "../config/config.ts";
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

/** What this instance may use: its shard's part of the budget, for each shard has a ledger of its own. */
export function allowanceOf({ budget, shard }: Config, freeRequestsPerDay = LEAST_FREE_REQUESTS_PER_DAY): Allowance {
  return {
    freeRequestsPerDay,
    freeQuotaShare: budget.freeQuotaShare / shard.total,
    freeRequestsPerMinute: Math.max(1, Math.floor(budget.freeRequestsPerMinute / shard.total)),
    usdPerDay: budget.usdPerDay / shard.total,
  };
}

/** Keys and catalogues cost nothing and every shard's models depend on them; all else is divided by name. */
export const inShard = ({ kind, name }: Target, { index, total }: Config["shard"]): boolean =>
  kind === "credential" || kind === "catalog" || Math.floor(fraction(name) * total) === index;

export interface Paced {
  readonly target: Target;
  /** Absent: its probe costs nothing. */
  readonly spend?: Spend;
}

/** When a target is due. */
export interface Pace {
  readonly intervalSeconds: number;
  /** The longest pause between two runs: the same, but for a cron expression. */
  readonly longestSeconds: number;
  /** Where in the interval, counted from 1970: keeps its place over restarts. */
  readonly phaseSeconds: number;
  /** How long after the start the first run may come. */
  readonly firstDelaySeconds: number;
  /** Not as soon as it may, but when its turn comes then. */
  readonly firstInTurn: boolean;
  /** The interval is longer than configured, so that all fits into the budget. */
  readonly stretched: boolean;
}

export const freeRequestsAllowed = ({ freeRequestsPerDay, freeQuotaShare }: Allowance): number =>
  Math.floor(freeRequestsPerDay * freeQuotaShare);

// The first results come within seconds of the start, yet not all in the same instant; and of thousands, no more in a second than can be measured well.
const FIRST_SPREAD_SECONDS = 2;
const FIRST_RUNS_PER_SECOND = 100;
// Making one known takes no longer: the first is not due before the last is known.
const KNOWN_WITHIN_SECONDS = 30e-6;
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

/** How a cron expression runs: on average, which is what it uses, and with its longest pause, which is how late it may notice. */
interface Rhythm {
  readonly averageSeconds: number;
  readonly longestSeconds: number;
}

// Enough to see past one busy day: `0,1,2 9 * * *` runs three times a day, not 1440.
const RUNS_LOOKED_AT = 1500;
const rhythms = new Map<string, Rhythm>();

/** Looked at once: a pace must not change with the time of day. */
function rhythmOf(cron: string): Rhythm {
  const known = rhythms.get(cron);
  if (known !== undefined) return known;
  const runs = cronRuns(cron, RUNS_LOOKED_AT);
  const gaps = runs.slice(1).map((run, at) => (run - (runs[at] ?? run)) / 1000);
  const rhythm = { averageSeconds: gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length, longestSeconds: Math.max(...gaps) };
  rhythms.set(cron, rhythm);
  return rhythm;
}

/** Seconds between two runs; for a cron expression, on average. */
export const intervalSeconds = (every: Every): number => ("seconds" in every ? every.seconds : rhythmOf(every.cron).averageSeconds);

const configured = (target: Target): number => intervalSeconds(target.every);

/** When first runs may come, in seconds after the start. */
interface Begin {
  readonly fromSeconds: number;
  readonly spreadSeconds: number;
}

const earliest = (target: Target, { fromSeconds }: Begin): number => fromSeconds + (target.kind === "model" ? SPENDER_DELAY_SECONDS : 0);

function firstDelay(target: Target, begin: Begin): number {
  const spread = Math.min(begin.spreadSeconds, configured(target) / 2) - begin.fromSeconds;
  return earliest(target, begin) + fraction(target.name) * Math.max(0, spread);
}

function unstretched(target: Target, begin: Begin): Pace {
  const seconds = configured(target);
  // So many that first runs would take a whole interval: beside the regular ones they would be twice as many as there will ever be.
  const firstInTurn = "seconds" in target.every && begin.spreadSeconds > Math.max(FIRST_SPREAD_SECONDS, seconds);
  return {
    intervalSeconds: seconds,
    longestSeconds: "cron" in target.every ? rhythmOf(target.every.cron).longestSeconds : seconds,
    phaseSeconds: fraction(target.name) * seconds,
    firstDelaySeconds: firstInTurn ? earliest(target, begin) : firstDelay(target, begin),
    firstInTurn,
    stretched: false,
  };
}

/** Paces of targets that draw on the same pot, evenly one after the other. */
function share(
  some: readonly Paced[],
  begin: Begin,
  perRun: (spend: Spend) => number,
  perDay: number,
  perMinute: number,
): Map<string, Pace> {
  const consumers = some.map(({ target, spend }) => ({
    everySeconds: configured(target),
    perRun: spend === undefined ? 0 : perRun(spend),
    fixed: "cron" in target.every,
  }));
  const interval = shortestInterval(consumers, perDay);
  const names = some.map(({ target }) => target.name).toSorted();
  const places = new Map(names.map((name, place) => [name, place]));
  return new Map(
    some.map(({ target, spend }) => {
      const own = unstretched(target, begin);
      const place = places.get(target.name) ?? 0;
      // No more of them in the first minute than a minute allows.
      const waitSeconds = Math.floor(place / perMinute) * 60;
      if ("cron" in target.every || interval <= own.intervalSeconds)
        return [target.name, { ...own, firstDelaySeconds: own.firstDelaySeconds + waitSeconds }];
      const firstDelaySeconds = firstDelay(target, begin) + waitSeconds;
      const turn = (place / names.length + fraction(spend?.credential ?? "")) % 1;
      const phaseSeconds = interval === Number.POSITIVE_INFINITY ? 0 : turn * interval;
      const wide = { intervalSeconds: interval, longestSeconds: interval, phaseSeconds };
      return [target.name, { ...wide, firstDelaySeconds, firstInTurn: false, stretched: true }];
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
  const begin: Begin = {
    fromSeconds: paced.length * KNOWN_WITHIN_SECONDS,
    spreadSeconds: Math.max(FIRST_SPREAD_SECONDS, paced.length / FIRST_RUNS_PER_SECOND),
  };
  const paces = new Map(paced.map(({ target }) => [target.name, unstretched(target, begin)]));
  for (const some of pots(paced).values()) {
    const spend = some[0]?.spend;
    const allowance = spend === undefined ? undefined : allowances.get(spend.credential);
    if (spend === undefined || allowance === undefined) continue;
    const shared = spend.free
      ? share(some, begin, () => 1, freeRequestsAllowed(allowance), allowance.freeRequestsPerMinute)
      : share(some, begin, ({ usd }) => usd, allowance.usdPerDay, Number.POSITIVE_INFINITY);
    for (const [name, pace] of shared) paces.set(name, pace);
  }
  return paces;
}

/** Runs a day at this pace. */
export const runsPerDay = ({ intervalSeconds: seconds }: Pace): number => DAY_SECONDS / seconds;
