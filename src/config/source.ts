/** A YAML text with its variables filled in after parsing, so that no value can change the structure; and where each thing stands in it. */
import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  type Tags,
  visit,
  type YAMLMap,
} from "yaml";
import type { Finding, Path } from "./issue.ts";
import { formatPath } from "./issue.ts";
import { CONFLICT, CONFLICT_MARK, isConfusion, syntaxProblem } from "./syntax.ts";
import { type Env, substitute } from "./variables.ts";

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Source {
  /** Plain objects, lists and values; of aliases the same object. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** The tree is not to be trusted: only `findings` mean something. */
  readonly broken: boolean;
  /** Of a value, its key, or the nearest thing around it that exists. */
  place(path: Path, at: "key" | "value"): Place;
  /** The text before substitution, where a variable was filled in or should have been. */
  original(path: Path): string | undefined;
  /** Its variable has no value: said once, and nothing more to say of it. */
  spoiled(path: Path): boolean;
  /** Written there itself. */
  literal(path: Path): boolean;
  /** A value without quotes as it is written, whatever YAML takes it for. */
  plain(path: Path): string | undefined;
}

/**
 * `ours` is YAML 1.2 with variables. `go` is what Go's yaml.v2 reads, the parser of Prometheus' own files: YAML 1.1 (`yes` is true),
 * no variables, and keys that are text whatever they look like.
 */
export type Dialect = "ours" | "go";

interface Spot {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
  readonly exact: boolean;
}

const isNode = (thing: unknown): thing is Node => isScalar(thing) || isMap(thing) || isSeq(thing) || isAlias(thing);

const follow = (doc: Document, node: unknown): unknown => (isAlias(node) ? node.resolve(doc) : node);

const named = (map: YAMLMap, key: PropertyKey): YAMLMap["items"][number] | undefined =>
  map.items.findLast((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));

/** A mapping's pair of that key, also through merge keys (`<<`). */
function pairOf(doc: Document, map: YAMLMap, key: PropertyKey): YAMLMap["items"][number] | undefined {
  const own = named(map, key);
  if (own !== undefined) return own;
  const merged = map.items.filter((pair) => isScalar(pair.key) && pair.key.value === "<<").map((pair) => follow(doc, pair.value));
  return merged
    .flatMap((target) => (isSeq(target) ? target.items.map((item) => follow(doc, item)) : [target]))
    .map((from) => (isMap(from) ? named(from, key) : undefined))
    .find((pair) => pair !== undefined);
}

/** One step down; undefined where there is nothing of that name. */
function step(doc: Document, container: unknown, key: PropertyKey): Spot | undefined {
  const pair = isMap(container) ? pairOf(doc, container, key) : undefined;
  if (pair !== undefined)
    return { key: isNode(pair.key) ? pair.key : undefined, value: isNode(pair.value) ? pair.value : undefined, exact: true };
  const item = isSeq(container) ? container.items[Number(key)] : undefined;
  return isNode(item) ? { key: item, value: item, exact: true } : undefined;
}

function find(doc: Document, path: Path): Spot {
  let spot: Spot = { key: undefined, value: doc.contents ?? undefined, exact: true };
  for (const key of path) {
    const container = follow(doc, spot.value);
    // The short form of an entry stands for the field inside it.
    if (isScalar(container) && spot.key !== undefined) return spot;
    const next = step(doc, container, key);
    if (next === undefined) return { ...spot, exact: false };
    spot = next;
  }
  return spot;
}

/** Where people look: a value if it is one word or in brackets, else its key. */
function offsetOf(spot: Spot, at: "key" | "value"): number {
  const { key, value } = spot;
  const empty = isScalar(value) && value.source === "";
  const pointed = spot.exact && at === "value" && !empty && (isScalar(value) || isAlias(value) || (isMap(value) && value.flow === true));
  return (pointed ? value : (key ?? value))?.range?.[0] ?? 0;
}

function pathOf(ancestors: readonly unknown[], node: Node): Path {
  const chain = [...ancestors, node];
  return chain.flatMap((step, index): PropertyKey[] => {
    if (isPair(step)) return [isScalar(step.key) ? String(step.key.value) : "?"];
    return isSeq(step) ? [step.items.indexOf(chain[index + 1])] : [];
  });
}

function fillIn(doc: Document, env: Env, originals: Map<Scalar, string>, spoiled: Set<Scalar>, lines: LineCounter): Finding[] {
  const findings: Finding[] = [];
  const at = (node: Node): Place => placeAt(lines, node.range?.[0] ?? 0);
  visit(doc, {
    Scalar: (key, node, ancestors) => {
      if (key === "key" || typeof node.value !== "string" || !node.value.includes("$")) return;
      const filled = substitute(node.value, env);
      originals.set(node, node.value);
      if (typeof filled === "string") {
        node.value = filled;
        return;
      }
      spoiled.add(node);
      const { found = "", expected = "", fix } = filled;
      findings.push({ ...at(node), path: formatPath(pathOf(ancestors, node)), found, expected, fix });
    },
  });
  return findings;
}

function lostAliases(doc: Document, lines: LineCounter): Finding[] {
  const findings: Finding[] = [];
  visit(doc, {
    Alias: (_, node, ancestors) => {
      if (node.resolve(doc) !== undefined) return;
      const path = formatPath(pathOf(ancestors, node));
      findings.push({ ...placeAt(lines, node.range?.[0] ?? 0), path, ...syntaxProblem("BAD_ALIAS", "", "") });
    },
  });
  return findings;
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** One finding a line, and of what the parser has no words for only the first: after it, it is only confused. */
function syntaxFindings(doc: Document.Parsed, text: string, lines: LineCounter): Finding[] {
  const conflict = doc.errors.length === 0 ? -1 : text.search(CONFLICT_MARK);
  if (conflict >= 0) return [{ ...placeAt(lines, conflict), path: "", ...CONFLICT }];
  const byLine = new Map<number, Finding>();
  for (const { code, pos } of [...doc.errors, ...doc.warnings]) {
    const place = placeAt(lines, pos[0]);
    const line = text.split("\n")[place.line - 1] ?? "";
    const problem = syntaxProblem(code, text.slice(pos[0]), line);
    if (byLine.has(place.line) || (byLine.size > 0 && isConfusion(problem))) continue;
    byLine.set(place.line, { ...place, path: "", ...problem });
  }
  return [...byLine.values()];
}

// YAML's own guard against "billion laughs".
const MOST_ALIASES = 100;

function plainValue(doc: Document): { readonly value: unknown; readonly findings: readonly Finding[] } {
  try {
    return { value: doc.toJS({ maxAliasCount: MOST_ALIASES }), findings: [] };
  } catch {
    return { value: undefined, findings: [{ line: 1, column: 1, path: "", ...syntaxProblem("RESOURCE_EXHAUSTION", "", "") }] };
  }
}

/** A date would become an object, and pass for a mapping. */
const withoutDates = (tags: Tags): Tags => tags.filter((tag) => typeof tag === "string" || tag.tag !== "tag:yaml.org,2002:timestamp");

/** As it is written, without quotes. */
const spelled = (node: unknown): unknown => (isScalar(node) && node.type === "PLAIN" ? node.source : isScalar(node) && node.value);

function keepKeys(doc: Document): void {
  visit(doc, {
    Scalar: (at, node) => {
      if (at === "key" && node.source !== "<<") node.value = spelled(node);
    },
  });
}

export function parseSource(text: string, env: Env, dialect: Dialect = "ours"): Source {
  const lines = new LineCounter();
  const reading =
    dialect === "go"
      ? { version: "1.1" as const, uniqueKeys: (a: unknown, b: unknown) => spelled(a) === spelled(b), customTags: withoutDates }
      : { version: "1.2" as const };
  const doc = parseDocument(text, { ...reading, lineCounter: lines, prettyErrors: false, merge: true, logLevel: "error" });
  if (dialect === "go") keepKeys(doc);
  const originals = new Map<Scalar, string>();
  const spoiled = new Set<Scalar>();
  const syntax = syntaxFindings(doc, text, lines);
  const lost = lostAliases(doc, lines);
  const filled = dialect === "go" ? [] : fillIn(doc, env, originals, spoiled, lines);
  // A duplicate key leaves the rest readable; anything else does not.
  const torn = doc.errors.some(({ code }) => code !== "DUPLICATE_KEY") || lost.length > 0;
  const { value, findings } = torn ? { value: undefined, findings: [] } : plainValue(doc);
  const scalarAt = (path: Path): Scalar | undefined => {
    const spot = find(doc, path);
    const node = spot.exact ? follow(doc, spot.value) : undefined;
    return isScalar(node) ? node : undefined;
  };
  const has = (set: { has(node: Scalar): boolean }, node: Scalar | undefined): boolean => node !== undefined && set.has(node);
  return {
    value,
    findings: [...syntax, ...lost, ...filled, ...findings],
    broken: torn || findings.length > 0,
    place: (path, at) => placeAt(lines, offsetOf(find(doc, path), at)),
    original: (path) => {
      const node = scalarAt(path);
      return node && originals.get(node);
    },
    spoiled: (path) => has(spoiled, scalarAt(path)),
    literal: (path) => {
      const node = scalarAt(path);
      return node !== undefined && !originals.has(node);
    },
    plain: (path) => {
      const node = scalarAt(path);
      return node?.type === "PLAIN" ? node.source : undefined;
    },
  };
}
