/** What blame says: a root cause, and the sights that it is made from. Pure. */
import type { Probed } from "./outcome.ts";
import type { Target } from "./probe.ts";
import { type Kind, type Owner, ownerOf, type Reason } from "./reason.ts";

/** A target as its latest probe saw it. */
export interface Sight {
  readonly target: Target;
  readonly outcome: Probed;
  /** When it was seen, milliseconds since 1970. */
  readonly at: number;
  /** How many looks in a row, this one the last, did not find it up. */
  readonly sightings: number;
}

export interface RootCause {
  readonly owner: Owner;
  readonly reason: Reason;
  /** Name of the target that it is about, or `network`. */
  readonly subject: string;
  /** The subject's; `credential` for what holds for an account or an API; absent for the network. */
  readonly kind?: Kind;
  readonly credential?: string;
  /** Names of all targets that it explains, its own among them where it has one; in the order of the config. */
  readonly explains: readonly string[];
  /** Looks in a row that saw it itself, not what merely needs it: one may be a hiccup, two agree. */
  readonly sightings: number;
  /** What was seen of it, for people. */
  readonly message?: string;
  /** Somebody is without what they need; otherwise it is on its way there. */
  readonly down: boolean;
}

/** How many looks in a row must agree before a fault is believed; a key counts as bad after three polls (key-trial.ts). */
export const looksThatAgree = (kind: Kind): number => (kind === "credential" ? 3 : 2);

export const names = (some: readonly Sight[]): string[] => some.map(({ target }) => target.name);
export const sum = (some: readonly Sight[]): number => some.reduce((total, { sightings }) => total + sightings, 0);

/** What is wrong with one target, as the cause of all that it explains. */
export function cause(of: Sight, explained: readonly Sight[], over: Partial<RootCause> = {}): RootCause {
  const { target, outcome } = of;
  const { message } = outcome.evidence;
  return {
    owner: ownerOf(outcome.reason, target.kind),
    reason: outcome.reason,
    subject: target.name,
    kind: target.kind,
    ...(target.credential === undefined ? {} : { credential: target.credential }),
    explains: names(explained),
    sightings: sum(explained),
    down: [of, ...explained].some((one) => one.outcome.verdict === "down"),
    ...(message === undefined ? {} : { message }),
    ...over,
  };
}
