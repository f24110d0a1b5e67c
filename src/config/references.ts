/** What the schema of one entry cannot see: names over all sections, what refers to what, timing against the defaults. */
import { cronRuns } from "../base/cron.ts";
import { formatDuration } from "../base/duration.ts";
import type { Every } from "../core/probe.ts";
import type { Kind } from "../core/reason.ts";
import type { Timing } from "./config.ts";
import { formatPath, type Path, type Problem, quote } from "./issue.ts";
import { nearest } from "./nearest.ts";
import { NAME } from "./schema.ts";
import { isMapping, valueAt } from "./shape.ts";

export type Add = (path: Path, problem: Required<Problem>, at?: "key" | "value") => void;

/** One named thing in the file, as far as it could be read. */
export interface Item {
  readonly path: Path;
  readonly name: string;
  readonly kind: Kind;
  /** What every entry schema has, if the entry is right in itself. */
  readonly read: EntryOutput | undefined;
  /** Its schema has a field `credential`. */
  readonly usesCredential: boolean;
  /** Names of further targets that it brings. */
  readonly also: readonly string[];
}

export interface EntryOutput {
  readonly every?: Every;
  readonly timeout?: number;
  readonly needs?: readonly string[];
  readonly credential?: string;
}

const RESERVED = "__proto__";

function nameProblem(name: string): Required<Problem> | undefined {
  if (NAME.test(name) && name !== RESERVED) return undefined;
  const fits = name.replaceAll(/[^a-zA-Z0-9_.-]/g, "_").replace(/^(?=[^a-zA-Z_])/, "_");
  return {
    found: `the name ${quote(name)}`,
    expected: "a letter or _, then letters, digits and _ . -",
    fix: name === RESERVED || fits === "" ? "choose another" : `write for example ${fits}`,
  };
}

/** Target names with the place that claims them; a credential claims two. Issues for names that do not fit or are taken. */
export function claimNames(credentials: readonly string[], items: readonly Item[], add: Add): ReadonlyMap<string, Path> {
  const claimed = new Map<string, Path>();
  const claim = (name: string, path: Path): void => {
    const wrong = nameProblem(name);
    const other = claimed.get(name);
    if (wrong !== undefined) add(path, wrong, "key");
    else if (other !== undefined) {
      const whose = `${formatPath(other)}${other.at(-1) === name ? "" : " (a target it brings)"}`;
      add(
        path,
        { found: `the name ${name}, which ${whose} has`, expected: "a name of its own for every target", fix: "rename one" },
        "key",
      );
    } else claimed.set(name, path);
  };
  for (const name of credentials) {
    claim(name, ["credentials", name]);
    if (nameProblem(name) === undefined) claim(`${name}_catalog`, ["credentials", name]);
  }
  for (const { name, path } of items) claim(name, path);
  for (const { also, path } of items) for (const name of also) claim(name, path);
  return claimed;
}

const or = (names: readonly string[]): string => (names.length === 0 ? "none is configured" : names.join(", "));

/** The credential an entry goes through: the one it names, else the only one. */
export function credentialOf(item: Item, credentials: readonly string[]): string | undefined {
  return item.read?.credential ?? (credentials.length === 1 ? credentials[0] : undefined);
}

export function credentialIssues(items: readonly Item[], credentials: readonly string[], add: Add): void {
  const users = items.filter(({ usesCredential, read }) => usesCredential && read !== undefined);
  const [first] = users;
  if (credentials.length === 0 && first !== undefined) {
    const fix = "add `credentials: { openrouter: { api_key: … } }`";
    add(first.path.slice(0, 1), { found: "no credential for them", expected: "at least one under credentials", fix }, "key");
    return;
  }
  for (const item of users) {
    const named = item.read?.credential;
    if (named === undefined) {
      if (credentials.length === 1) continue;
      const found = `no credential, and ${credentials.length} to choose from`;
      add(item.path, { found, expected: `one of ${or(credentials)}`, fix: `add \`credential: ${credentials[0]}\`` }, "key");
    } else if (!credentials.includes(named)) {
      add([...item.path, "credential"], unknownName(named, credentials));
    }
  }
}

function unknownName(name: string, known: readonly string[]): Required<Problem> {
  const near = nearest(name, known);
  return {
    found: `${quote(name)}, which nothing is called`,
    expected: `one of ${or(known)}`,
    fix: near === undefined ? "correct the name" : `did you mean ${near}?`,
  };
}

/** From one name along `needs` back to itself. */
function circle(start: string, needs: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const seen = new Set<string>();
  const walk = (trail: string[]): string[] | undefined => {
    for (const next of needs.get(trail.at(-1) ?? "") ?? []) {
      if (next === start) return [...trail, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = walk([...trail, next]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return walk([start]);
}

export function needsIssues(items: readonly Item[], names: readonly string[], add: Add): void {
  const needs = new Map(items.map(({ name, read }) => [name, read?.needs ?? []]));
  const told = new Set<string>();
  for (const { name, path, read } of items) {
    for (const [index, need] of (read?.needs ?? []).entries()) {
      const place = [...path, "needs", index];
      if (need === name) add(place, { found: `${quote(need)}, itself`, expected: "another target", fix: "remove it" });
      else if (!names.includes(need)) add(place, unknownName(need, names));
    }
    const round = circle(name, needs);
    if (round === undefined || round.length < 3 || told.has(name)) continue;
    for (const member of round) told.add(member);
    add([...path, "needs"], {
      found: `a circle: ${round.join(" needs ")}`,
      expected: "needs that end somewhere",
      fix: "remove one of them",
    });
  }
}

/** A run must be over before the next is due. Cron expressions are left to the overlap gate. */
export function timingIssue(timing: Timing, path: Path, value: unknown, add: Add): void {
  const { every, timeoutSeconds } = timing;
  const [first = 0, second = Number.POSITIVE_INFINITY] = "cron" in every ? cronRuns(every.cron, 2) : [];
  const seconds = "cron" in every ? (second - first) / 1000 : every.seconds;
  if (seconds >= timeoutSeconds) return;
  const raw = valueAt(value, path);
  const key = isMapping(raw) && Object.hasOwn(raw, "every") ? "every" : "timeout";
  const [interval, timeout] = [formatDuration(seconds), formatDuration(timeoutSeconds)];
  add([...path, key], {
    found: `every ${interval} with a timeout of ${timeout}`,
    expected: "every at least as long as timeout",
    fix: `write \`every: ${timeout}\` or more, or \`timeout: ${interval}\` or less`,
  });
}
