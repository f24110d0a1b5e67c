/**
 * From what every target looks like now to what is really broken. Pure: a failing target is either explained by something it stands on, or
 * it is a root cause itself. One broken thing is one root cause, however many targets it takes with it.
 */
import type { Probed } from "./outcome.ts";
import type { Target } from "./probe.ts";
import { type Owner, ownerOf, type Reason } from "./reason.ts";

/** A target as its latest probe saw it. */
export interface Sight {
  readonly target: Target;
  readonly outcome: Probed;
  /** When it was seen, milliseconds since 1970. */
  readonly at: number;
}

export interface RootCause {
  readonly owner: Owner;
  readonly reason: Reason;
  /** Name of the target that it is about, or `network`. */
  readonly subject: string;
  /** Names of all targets that it explains, its own among them where it has one; in the order of the config. */
  readonly explains: readonly string[];
  /** What was seen of it, for people. */
  readonly message?: string;
  /** Somebody is without what they need; otherwise it is on its way there. */
  readonly down: boolean;
}

export const NETWORK = "network";

/** No answer came: it may be them, it may be the way there. */
const UNANSWERED: ReadonlySet<Reason> = new Set<Reason>([
  "dns",
  "connect_refused",
  "connect_timeout",
  "connection_reset",
  "timeout_headers",
  "tls",
]);
/** Of one model's failure, what may be its provider's rather than its own. */
const PROVIDER: ReadonlySet<Reason> = new Set<Reason>([
  "provider_error",
  "provider_overloaded",
  "timeout_first_token",
  "timeout_stall",
  "timeout_total",
  "stream_truncated",
  "empty_output",
]);
/** What holds for a whole account, whichever of its models saw it first. */
const ACCOUNT: readonly Reason[] = ["unauthorized", "key_malformed", "key_expired", "payment_required", "key_limit", "quota_exhausted"];
// One slow provider is that model's trouble; half of all models, and at least two, are the API's.
const OUTAGE_SHARE = 0.5;
const OUTAGE_LEAST = 2;

type Failing = ReadonlyMap<string, Sight>;
type Rule = (failing: Failing, all: readonly Sight[]) => readonly RootCause[];

const names = (some: readonly Sight[]): string[] => some.map(({ target }) => target.name);
const isUnanswered = ({ outcome }: Sight): boolean => outcome.evidence.statusCode === 0 && UNANSWERED.has(outcome.reason);

function cause(of: Sight, explained: readonly Sight[], over: Partial<RootCause> = {}): RootCause {
  const { target, outcome } = of;
  const { message } = outcome.evidence;
  return {
    owner: ownerOf(outcome.reason, target.kind),
    reason: outcome.reason,
    subject: target.name,
    explains: names(explained),
    down: [of, ...explained].some((one) => one.outcome.verdict === "down"),
    ...(message === undefined ? {} : { message }),
    ...over,
  };
}

/** Nothing answers anywhere, and there is more than one place that could: it is our own network. */
const network: Rule = (failing, all) => {
  const places = new Set(all.map(({ target }) => target.credential ?? target.name));
  const [first] = all;
  if (first === undefined || places.size < 2 || !all.every((sight) => failing.has(sight.target.name) && isUnanswered(sight))) return [];
  return [cause(first, all, { owner: "network", reason: first.outcome.reason, subject: NETWORK })];
};

const ofCredential = (some: Iterable<Sight>, credential: string): Sight[] =>
  [...some].filter(({ target }) => target.credential === credential);

/** The account's key, money or quota: one cause for all that goes through it. */
const account: Rule = (failing) =>
  credentialsOf(failing.values()).flatMap((credential) => {
    const some = ofCredential(failing.values(), credential);
    const key = some.find(({ target }) => target.kind === "credential");
    return ACCOUNT.flatMap((reason) => {
      // The key's own probe has looked closer: where it blames the API, a model's 401 does not convict the key.
      if (reason === "unauthorized" && key !== undefined && key.outcome.reason !== reason) return [];
      const seen = some.filter(({ outcome }) => outcome.reason === reason);
      const first = seen.find((sight) => sight === key) ?? seen[0];
      return first === undefined ? [] : [cause(first, seen, { subject: credential })];
    });
  });

/** The API as a whole: its key endpoint fails, or most of its models do. */
const outage: Rule = (failing, all) =>
  credentialsOf(failing.values()).flatMap((credential) => {
    const some = ofCredential(failing.values(), credential);
    const key = some.find(({ target }) => target.kind === "credential");
    if (key !== undefined)
      return [
        cause(
          key,
          some.filter((one) => one === key || sharesFate(one)),
        ),
      ];
    const models = ofCredential(all, credential).filter(({ target }) => target.kind === "model");
    const ill = some.filter(({ target, outcome }) => target.kind === "model" && PROVIDER.has(outcome.reason));
    const [first] = ill;
    if (first === undefined || ill.length < OUTAGE_LEAST || ill.length / models.length < OUTAGE_SHARE) return [];
    return [cause(first, ill, { subject: credential, reason: mostFrequent(ill) })];
  });

/** While the key's own endpoint fails, what else fails without blaming a model is the same failure. */
const sharesFate = ({ outcome }: Sight): boolean => {
  const owner = ownerOf(outcome.reason, "model");
  return owner === "gateway" || owner === "network" || outcome.reason === "unauthorized" || PROVIDER.has(outcome.reason);
};

function mostFrequent(some: readonly Sight[]): Reason {
  const counts = Map.groupBy(some, ({ outcome }) => outcome.reason);
  return [...counts].toSorted(([, one], [, other]) => other.length - one.length)[0]?.[0] ?? "provider_error";
}

/** A model that the catalogue does not have (or that costs, or is blind) is one cause with its own failing probe. */
const catalogue: Rule = (failing) =>
  [...failing.values()]
    .filter(({ target, outcome }) => target.kind === "catalog" && outcome.evidence.listings !== undefined)
    .flatMap((sight) => {
      const models = [...failing.values()].filter(({ target, outcome }) => {
        return target.kind === "model" && target.credential === sight.target.credential && outcome.reason === sight.outcome.reason;
      });
      // The catalogue only repeats what their own probes say; alone it is the first to know.
      return models.length === 0 ? [cause(sight, [sight])] : models.map((model, at) => cause(model, at === 0 ? [model, sight] : [model]));
    });

/** Whatever is left, from the ground up: each explains those that need it. */
const ground: Rule = (failing) => {
  const explained = new Map<string, Sight[]>();
  for (const sight of failing.values()) {
    const root = rootOf(sight, failing, new Set());
    explained.set(root.target.name, [...(explained.get(root.target.name) ?? []), sight]);
  }
  return [...explained].flatMap(([name, some]) => {
    const root = failing.get(name);
    return root === undefined ? [] : [cause(root, some)];
  });
};

/** Down the needs to the first that fails and stands on nothing that does. */
function rootOf(sight: Sight, failing: Failing, seen: Set<string>): Sight {
  seen.add(sight.target.name);
  for (const need of sight.target.needs) {
    const below = failing.get(need);
    if (below !== undefined && !seen.has(need)) return rootOf(below, failing, seen);
  }
  return sight;
}

const credentialsOf = (some: Iterable<Sight>): string[] => [...new Set([...some].flatMap(({ target }) => target.credential ?? []))];

/** The broadest first: what it explains is not looked at again. */
const RULES: readonly Rule[] = [network, account, outage, catalogue, ground];

/** Dependents of what a broader cause has explained: an application that needs a rejected key is explained by it. */
function withDependents(found: RootCause, failing: Failing): RootCause {
  const explained = new Set(found.explains.concat(found.subject));
  const extra: string[] = [];
  for (let grown = true; grown; ) {
    grown = false;
    for (const { target } of failing.values()) {
      if (explained.has(target.name) || !target.needs.some((need) => explained.has(need))) continue;
      explained.add(target.name);
      extra.push(target.name);
      grown = true;
    }
  }
  return extra.length === 0 ? found : { ...found, explains: [...found.explains, ...extra] };
}

/** Models are looked at far more rarely than their key: once the key is good again, the 401 that they saw before says nothing any more. */
function outdated(sight: Sight, all: readonly Sight[]): boolean {
  if (sight.target.kind !== "model" || sight.outcome.reason !== "unauthorized") return false;
  const key = all.find(({ target }) => target.kind === "credential" && target.name === sight.target.credential);
  return key?.outcome.verdict === "up" && key.at > sight.at;
}

/** Root causes of everything that is not up, each with all it explains; nothing is explained twice. */
export function rootCauses(all: readonly Sight[]): readonly RootCause[] {
  const ill = all.filter((sight) => sight.outcome.verdict !== "up" && !outdated(sight, all));
  let failing: Failing = new Map(ill.map((sight) => [sight.target.name, sight]));
  const causes: RootCause[] = [];
  for (const rule of RULES) {
    for (const found of rule(failing, all)) {
      const whole = withDependents(found, failing);
      causes.push(whole);
      const gone = new Set(whole.explains);
      failing = new Map([...failing].filter(([name]) => !gone.has(name)));
    }
  }
  return causes;
}
