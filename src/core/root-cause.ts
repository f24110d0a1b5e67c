/** What blame says: a root cause, and the sights that it is made from. Pure. */
import type { Probed } from "./outcome.ts";
import type { Target } from "./probe.ts";
import { type Kind, type Owner, ownerOf, type Reason, type ReasonEntry, reasons } from "./reason.ts";

/** Subject of a cause that is of no target. */
export const NETWORK = "network";

/** A target as its latest probe saw it. */
export interface Sight {
  readonly target: Target;
  readonly outcome: Probed;
  /** When it was seen, milliseconds since 1970. */
  readonly at: number;
  /** When the looks in a row began that found it up, or did not, as this one; −∞ for what was up from the first look on. */
  readonly since: number;
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
  /** Moments in which it was seen itself, not only what needs it: one may be a hiccup, two agree. */
  readonly sightings: number;
  /** What was seen of it, for people. */
  readonly message?: string;
  /** Somebody is without what they need; otherwise it is on its way there. */
  readonly down: boolean;
}

/** How many looks in a row must agree before a fault is believed; a key counts as bad after three polls (key-trial.ts). */
export const looksThatAgree = (kind: Kind): number => (kind === "credential" ? 3 : 2);

export const names = (some: readonly Sight[]): string[] => some.map(({ target }) => target.name);

// What is seen at several places in the same moment may be the hiccup of that moment, seen several times.
const APART_MS = 3_000;

/** How many moments saw it: by one target in a row, or by several at times that lie apart. */
export function moments(some: readonly Sight[]): number {
  const times = some.map(({ at }) => at).toSorted((one, other) => one - other);
  let last = Number.NEGATIVE_INFINITY;
  let apart = 0;
  for (const at of times) {
    if (at - last < APART_MS) continue;
    last = at;
    apart += 1;
  }
  return Math.max(apart, ...some.map(({ sightings }) => sightings));
}

/** What is wrong with one target, as the cause of all that it explains. */
export function cause(of: Sight, explained: readonly Sight[], over: Partial<RootCause> = {}): RootCause {
  const { target, outcome } = of;
  const { message } = outcome.evidence;
  return {
    // A key that all but one model let in is not what is to be mended.
    owner: isRefusedHere(target.kind, outcome.reason) ? "request" : ownerOf(outcome.reason, target.kind),
    reason: outcome.reason,
    subject: target.name,
    kind: target.kind,
    ...(target.credential === undefined ? {} : { credential: target.credential }),
    explains: names(explained),
    sightings: moments(explained),
    down: [of, ...explained].some((one) => one.outcome.verdict === "down"),
    ...(message === undefined ? {} : { message }),
    ...over,
  };
}

type Words = Pick<ReasonEntry, "says" | "remedy">;

/** Whatever each place saw of it, one port or one name is not what is wrong. */
export const CUT: Words = {
  says: "nothing that is looked at answers",
  remedy: "Check this machine's network: its link, routes, DNS and proxy.",
};

/** Where nothing lets the key in, the fault is the key's (blame-rules.ts). */
const REFUSED_HERE: Words = {
  says: "the API rejects the key for this model alone (401)",
  remedy: "The key works elsewhere: see whether it may use this model, and whose key its provider takes (BYOK).",
};

const isRefusedHere = (kind: Kind | undefined, reason: Reason): boolean => kind === "model" && reason === "unauthorized";

/** What a cause is, and what to do. */
export function wordsOf({ subject, kind, reason }: Pick<RootCause, "subject" | "kind" | "reason">): Words {
  if (subject === NETWORK) return CUT;
  return isRefusedHere(kind, reason) ? REFUSED_HERE : reasons[reason];
}
