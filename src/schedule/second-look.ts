/**
 * Where to look next when something looks broken, and how soon: one failure is told from a hiccup, and a cause from its symptoms, within
 * seconds instead of intervals. What costs nothing is asked first; what costs is asked once more, and only where nothing else can tell.
 */
import type { Clock } from "../base/clock.ts";
import type { Probed } from "../core/outcome.ts";
import type { ProbeRecord, Sink, Target } from "../core/probe.ts";
import { type Owner, ownerOf, type Reason } from "../core/reason.ts";
import { looksThatAgree } from "../core/root-cause.ts";

/** Long enough for a hiccup to pass, and for what is looked at at once to have failed to connect (ten seconds). */
export const SECOND_LOOK_SECONDS = 15;
/** A storm of failures asks after the same target no more often. */
const APART_SECONDS = 5;

/** What the key's own probe tells better than a second request to a model. */
const TOLD_BY_KEY: ReadonlySet<Owner> = new Set<Owner>(["key", "money", "quota"]);
/** What the catalogue can tell of a model's failure. It asks for every model one by one, so not for the rest. */
const TOLD_BY_CATALOGUE: ReadonlySet<Reason> = new Set<Reason>([
  "model_missing",
  "bad_request",
  "not_found",
  "forbidden",
  "model_unavailable",
  "vision_unsupported",
]);

export interface SecondLooksOptions {
  readonly clock: Clock;
  targets(): readonly Target[];
  /** A look at it spends quota or money. */
  costs(name: string): boolean;
  running(name: string): boolean;
  /** Has it looked at, at this time (milliseconds since 1970), if that is sooner than its turn. */
  again(name: string, at: number): void;
}

const NOTHING: ReadonlySet<string> = new Set();

/** Its dependencies, theirs, and so on. */
function needsOf(target: Target, byName: ReadonlyMap<string, Target>, found = new Set<string>()): ReadonlySet<string> {
  for (const need of target.needs) {
    const below = byName.get(need);
    if (below === undefined || found.has(need)) continue;
    found.add(need);
    needsOf(below, byName, found);
  }
  return found;
}

/** Whether a look at `other` can tell why `target` failed so. */
function tells(other: Target, target: Target, { reason, evidence }: Probed, needs: ReadonlySet<string>): boolean {
  // Nothing answered: is it the network? Then nothing else answers either.
  if (evidence.statusCode === 0 || needs.has(other.name)) return true;
  if (target.credential === undefined || other.credential !== target.credential) return false;
  return other.kind === "credential" || (other.kind === "catalog" && TOLD_BY_CATALOGUE.has(reason));
}

/** Whether another look at the target itself is worth its price. */
function worthwhile({ kind }: Target, { verdict, reason }: Probed, costs: boolean): boolean {
  if (!costs) return true;
  return verdict === "down" && reason !== "model_missing" && !TOLD_BY_KEY.has(ownerOf(reason, kind));
}

export function createSecondLooks({ clock, targets, costs, running, again }: SecondLooksOptions): Sink {
  const sightings = new Map<string, number>();
  const lookedAt = new Map<string, number>();

  const askAround = (target: Target, outcome: Probed, startedAt: number): void => {
    const all = targets();
    const needs = target.needs.length === 0 ? NOTHING : needsOf(target, new Map(all.map((one) => [one.name, one])));
    const now = clock.wall();
    for (const other of all) {
      const { name } = other;
      const last = lookedAt.get(name) ?? Number.NEGATIVE_INFINITY;
      // What costs nothing to know first: in a storm each of thousands comes by here for each of the others.
      if (last >= startedAt || name === target.name || running(name) || costs(name)) continue;
      if (tells(other, target, outcome, needs)) again(name, Math.max(now, last + APART_SECONDS * 1000));
    }
  };

  return {
    take({ target, outcome, startedAt }: ProbeRecord) {
      if (outcome.verdict === "skipped") return;
      lookedAt.set(target.name, startedAt);
      const seen = outcome.verdict === "up" ? 0 : (sightings.get(target.name) ?? 0) + 1;
      sightings.set(target.name, seen);
      if (outcome.verdict === "up" || seen >= looksThatAgree(target.kind)) return;
      if (worthwhile(target, outcome, costs(target.name))) again(target.name, clock.wall() + SECOND_LOOK_SECONDS * 1000);
      if (seen === 1) askAround(target, outcome, startedAt);
    },
    forget(name) {
      sightings.delete(name);
      lookedAt.delete(name);
    },
  };
}
