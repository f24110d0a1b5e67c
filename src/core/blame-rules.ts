/** The rules of blame: each knows one sort of thing that can be broken, and finds it among the targets that fail. Pure. */
import type { Target } from "./probe.ts";
import { ownerOf, type Reason } from "./reason.ts";
import { cause, moments, NETWORK, type RootCause, type Sight } from "./root-cause.ts";

/** No answer came: it may be them, it may be the way there. */
const UNANSWERED: ReadonlySet<Reason> = new Set<Reason>([
  "dns",
  "connect_refused",
  "connect_timeout",
  "proxy",
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

export type Failing = ReadonlyMap<string, Sight>;
export type Rule = (failing: Failing, all: readonly Sight[]) => readonly RootCause[];

const isUnanswered = ({ outcome }: Sight): boolean => outcome.evidence.statusCode === 0 && UNANSWERED.has(outcome.reason);

/** Where a target is: what the network must reach for it. */
export const placeOf = ({ credential, name }: Target): string => credential ?? name;

/**
 * Wherever we looked last, nothing answered, and there is more than one such place: it is our own network. Only the latest look at each
 * place counts, for models are looked at far more rarely than their key.
 */
const network: Rule = (failing, all) => {
  const unanswered = [...failing.values()].filter(isUnanswered);
  if (unanswered.length === 0) return [];
  const latest = [...Map.groupBy(all, ({ target }) => placeOf(target)).values()].map((some) =>
    some.reduce((one, other) => (other.at >= one.at ? other : one)),
  );
  const [first] = latest;
  const cut = latest.every((sight) => failing.has(sight.target.name) && isUnanswered(sight));
  if (first === undefined || latest.length < 2 || !cut) return [];
  const { kind: _, credential: __, ...found } = cause(first, unanswered);
  return [{ ...found, owner: "network", subject: NETWORK }];
};

const ofCredential = (some: Iterable<Sight>, credential: string): Sight[] =>
  [...some].filter(({ target }) => target.credential === credential);

/** Who asked was known there, whatever became of it. */
const letsIn = ({ outcome: { verdict, evidence } }: Sight): boolean =>
  verdict === "up" || (evidence.statusCode >= 200 && evidence.statusCode < 500 && evidence.statusCode !== 401);

/**
 * The models that reject the key on their own account: the key was found good since they first did, and others let it in. Where none does, its own
 * page takes anybody's key (many servers' `/models`).
 */
function choosy(own: readonly Sight[]): (sight: Sight) => boolean {
  const models = own.filter(({ target }) => target.kind === "model");
  const key = own.find(({ target }) => target.kind === "credential");
  if (key?.outcome.verdict !== "up" || !models.some(letsIn)) return () => false;
  return ({ target, outcome, since }) => target.kind === "model" && outcome.reason === "unauthorized" && key.at > since;
}

/** The account's key, money or quota: one cause for all that goes through it. */
const account: Rule = (failing, all) =>
  credentialsOf(failing.values()).flatMap((credential) => {
    const some = ofCredential(failing.values(), credential);
    const key = some.find(({ target }) => target.kind === "credential");
    const isChoosy = choosy(ofCredential(all, credential));
    return ACCOUNT.flatMap((reason) => {
      // The key's own probe has looked closer: where it blames the API, a model's 401 does not convict the key.
      if (reason === "unauthorized" && key !== undefined && key.outcome.reason !== reason) return [];
      const seen = some.filter((sight) => sight.outcome.reason === reason && !isChoosy(sight));
      const first = seen.find((sight) => sight === key) ?? seen[0];
      return first === undefined
        ? []
        : [cause(first, seen, { subject: credential, kind: "credential", owner: ownerOf(reason, "credential") })];
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
    return [cause(first, ill, { subject: credential, kind: "credential", reason: mostFrequent(ill) })];
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

/** What a model's own probes say when they run into what the catalogue already knows of it. */
const ALSO_SEEN_AS: Readonly<Partial<Record<Reason, readonly Reason[]>>> = {
  model_missing: ["bad_request", "not_found", "model_unavailable"],
  forbidden: ["not_found", "model_unavailable"],
  vision_unsupported: ["bad_request", "not_found"],
  model_unavailable: ["not_found", "provider_error", "provider_overloaded"],
};

/** What the catalogue says of a model is one cause with what the model's own probes make of it; alone, the catalogue is the first to know. */
const catalogue: Rule = (failing, all) => {
  const sights = [...failing.values()].filter(({ target }) => target.kind === "catalog");
  const models = new Map(sights.length === 0 ? [] : all.map((sight) => [sight.target.name, sight]));
  return sights.flatMap((sight) => {
    const listings = sight.outcome.evidence.listings ?? [];
    const ailing = listings.flatMap(({ target: name, ailment }) => {
      const model = models.get(name);
      return model === undefined || ailment === undefined ? [] : [{ model, ailment }];
    });
    return ailing.map(({ model, ailment }, at) => ailingModel(model, ailment, sight, { failing, withCatalogue: at === 0 }));
  });
};

/** `withCatalogue`: the catalogue's own complaint is explained once, by the first of its models. */
function ailingModel(
  model: Sight,
  reason: Reason,
  catalogued: Sight,
  { failing, withCatalogue }: { readonly failing: Failing; readonly withCatalogue: boolean },
): RootCause {
  const { target, outcome } = model;
  const agrees = failing.has(target.name) && (outcome.reason === reason || ALSO_SEEN_AS[reason]?.includes(outcome.reason) === true);
  // A model that fails in another way has a cause of its own; one that was not looked at since is in for it.
  const itself = agrees || outcome.verdict === "up" ? [model] : [];
  return cause(agrees ? model : catalogued, withCatalogue ? [...itself, catalogued] : itself, {
    subject: target.name,
    kind: target.kind,
    reason,
    owner: ownerOf(reason, target.kind),
    sightings: moments(agrees ? [model, catalogued] : [catalogued]),
    down: agrees && outcome.verdict === "down",
  });
}

/** Whatever is left, from the ground up: each explains those that need it. */
const ground: Rule = (failing) => {
  const explained = Map.groupBy(failing.values(), (sight) => rootOf(sight, failing, new Set()).target.name);
  return [...explained].flatMap(([name, some]) => {
    const root = failing.get(name);
    return root === undefined ? [] : [cause(root, some, { sightings: root.sightings })];
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

/** Of one place each. */
export const LOCAL_RULES: readonly Rule[] = [account, outage, catalogue, ground];
/** The broadest first: what it explains is not looked at again. */
export const RULES: readonly Rule[] = [network, ...LOCAL_RULES];
