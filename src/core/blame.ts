/**
 * From what every target looks like now to what is really broken. Pure: a failing target is either explained by something it stands on, or
 * it is a root cause itself. One broken thing is one root cause, however many targets it takes with it.
 */
import { type Failing, RULES } from "./blame-rules.ts";
import { names, type RootCause, type Sight } from "./root-cause.ts";

/**
 * Dependents of what a broader cause has explained: an application that needs a rejected key is explained by it. They do not count as looks
 * at it: the same moment's hiccup shows in both.
 */
function withDependents(found: RootCause, failing: Failing): RootCause {
  const explained = new Set(found.explains.concat(found.subject));
  const extra: Sight[] = [];
  for (let grown = true; grown; ) {
    grown = false;
    for (const sight of failing.values()) {
      const { name, needs } = sight.target;
      if (explained.has(name) || !needs.some((need) => explained.has(need))) continue;
      explained.add(name);
      extra.push(sight);
      grown = true;
    }
  }
  if (extra.length === 0) return found;
  return {
    ...found,
    explains: [...found.explains, ...names(extra)],
    down: found.down || extra.some(({ outcome }) => outcome.verdict === "down"),
  };
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
  if (ill.length === 0) return [];
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
