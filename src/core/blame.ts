/**
 * From what every target looks like now to what is really broken. Pure: a failing target is either explained by something it stands on, or
 * it is a root cause itself. One broken thing is one root cause, however many targets it takes with it.
 */
import { type Failing, RULES, type Rule } from "./blame-rules.ts";
import { names, type RootCause, type Sight } from "./root-cause.ts";

/** Who stands on each, in the order of the config. */
function dependentsOf(some: readonly Sight[]): ReadonlyMap<string, readonly Sight[]> {
  const found = new Map<string, Sight[]>();
  for (const sight of some) {
    for (const need of new Set(sight.target.needs)) {
      const others = found.get(need);
      if (others === undefined) found.set(need, [sight]);
      else others.push(sight);
    }
  }
  return found;
}

/**
 * Dependents of what a broader cause has explained: an application that needs a rejected key is explained by it. They do not count as looks
 * at it: the same moment's hiccup shows in both.
 */
function withDependents(found: RootCause, failing: Failing, dependents: ReadonlyMap<string, readonly Sight[]>): RootCause {
  const explained = new Set(found.explains).add(found.subject);
  const extra: Sight[] = [];
  // The set grows while it is walked, by those who stand on what was added to it.
  for (const name of explained) {
    for (const sight of dependents.get(name) ?? []) {
      if (explained.has(sight.target.name) || !failing.has(sight.target.name)) continue;
      explained.add(sight.target.name);
      extra.push(sight);
    }
  }
  if (extra.length === 0) return found;
  return {
    ...found,
    explains: [...found.explains, ...names(extra)],
    down: found.down || extra.some(({ outcome }) => outcome.verdict === "down"),
  };
}

/** Models are looked at far more rarely than their key: once a bad key is good again, the 401 that they saw before says nothing any more. */
function withoutOutdated(all: readonly Sight[]): Sight[] {
  const keys = new Map(all.filter(({ target }) => target.kind === "credential").map((sight) => [sight.target.name, sight]));
  return all.filter(({ target, outcome, at }) => {
    if (target.kind !== "model" || outcome.reason !== "unauthorized") return true;
    const key = keys.get(target.credential ?? "");
    return !(key?.outcome.verdict === "up" && key.since > at);
  });
}

/** Root causes of everything that is not up, each with all it explains; nothing is explained twice. */
export function rootCauses(all: readonly Sight[], rules: readonly Rule[] = RULES): readonly RootCause[] {
  // In work that grows with them, not with their square: thousands fail together.
  const ill = withoutOutdated(all).filter(({ outcome }) => outcome.verdict !== "up");
  if (ill.length === 0) return [];
  const failing = new Map(ill.map((sight) => [sight.target.name, sight]));
  const dependents = dependentsOf(ill);
  const causes: RootCause[] = [];
  for (const rule of rules) {
    for (const found of rule(failing, all)) {
      const whole = withDependents(found, failing, dependents);
      causes.push(whole);
      for (const name of whole.explains) failing.delete(name);
    }
  }
  return causes;
}
