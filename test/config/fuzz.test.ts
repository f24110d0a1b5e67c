import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIssue } from "../../src/config/issue.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Section } from "../../src/config/section.ts";
import { sections as shipped } from "../../src/probes/index.ts";
import { env } from "./env.ts";
import { sections } from "./sections.ts";

/** In every test run a taste; `npm run fuzz` for more. A config takes longer to read than an answer, so it gets a twentieth of that. */
const FACTOR = Math.ceil(Number(process.env.FUZZ ?? 1) / 20);
const runs = (count: number) => ({ numRuns: count * FACTOR });

const textsIn = (folder: string): string[] =>
  readdirSync(join(import.meta.dirname, folder))
    .filter((name) => name.endsWith(".yaml") && name !== "web.yaml")
    .map((name) => readFileSync(join(import.meta.dirname, folder, name), "utf8"));
const good = textsIn("good");

/** Loads, or names at least one issue on one line each, inside the text; and says the same when it is asked again. */
function holds(text: string, of: readonly Section[] = sections): boolean {
  const loaded = loadConfig({ file: "x.yaml", sections: of, env, text });
  expect(loadConfig({ file: "x.yaml", sections: of, env, text })).toEqual(loaded);
  if (loaded.ok) return true;
  const last = text.split("\n").length;
  return (
    loaded.issues.length > 0 &&
    loaded.issues.every((issue) => !formatIssue(issue).includes("\n") && issue.fix !== "" && (issue.line ?? 1) <= last)
  );
}

// Outside of the test and its time limit: fast-check makes a table of every character for the first of these, 1.5 s of CPU.
const anyText = fc.string({ unit: "binary", maxLength: 200 });

test("any text at all", () => {
  fc.assert(
    fc.property(anyText, (text) => holds(text)),
    runs(100),
  );
});

test("any text of YAML's own characters", () => {
  const piece = fc.constantFrom(
    "a",
    "models",
    "credentials",
    ":",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "&a ",
    "*a",
    "<<: ",
    "{",
    "}",
    "[",
    "]",
    ",",
    '"',
    "'",
    "|",
    ">",
    "#",
    "!t ",
    `\${A}`,
    "${",
    "$",
    "%",
    "@",
    "---",
    "...",
    "? ",
    "__proto__",
    "1",
    "null",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => holds(pieces.join(""))),
    runs(200),
  );
});

test("any object where a config should be", () => {
  const key = fc.constantFrom(
    "credentials",
    "models",
    "buckets",
    "apps",
    "defaults",
    "web",
    "shard",
    "a",
    "id",
    "every",
    "needs",
    "api_key",
    "api_key_file",
    "headers",
    "expect",
    "url",
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(null, true, 0, -1, 1e300, "", "a", "5m", `\${KEY}`, "* * * * *"),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(key, tree, { maxKeys: 6 }), (value) => holds(JSON.stringify(value))),
    runs(100),
  );
});

test("a good config with something cut, doubled or put in", () => {
  const change = fc.record({
    text: fc.constantFrom(...good),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat({ max: 30 }),
    put: fc.oneof(
      fc.string({ maxLength: 5 }),
      fc.constantFrom("\n", "\t", "  ", ": ", "- ", "&a ", "*site", "*patient", "<<: *site", `\${X}`, '"'),
    ),
  });
  fc.assert(
    fc.property(change, ({ text, at, cut, put }) => {
      const place = Math.floor(at * text.length);
      return holds(text.slice(0, place) + put + text.slice(place + cut));
    }),
    runs(200),
  );
});

/** What people do to a file, line by line; with the shipped sections and the shipped examples. */
const lines = fc.record({
  text: fc.constantFrom(...textsIn("../../config"), ...textsIn("../probes/bad")),
  other: fc.constantFrom(...good),
  edits: fc.array(
    fc.record({
      at: fc.nat(),
      from: fc.nat(),
      slip: fc.nat({ max: 8 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});
const VALUES = [
  "",
  "null",
  "true",
  "-1",
  "1e9",
  "5m",
  "[]",
  "{}",
  "[a, b]",
  "{ a: b }",
  '"',
  "'x'",
  `"\${X}"`,
  "*x",
  "&x y",
  "|",
  ">-",
  "!!int 5",
  "2026-11-24",
  "~",
  "0x10",
  "é",
];

type Slip = (lines: readonly string[], at: number, from: number, donors: readonly string[]) => readonly string[];
const rewritten = (lines: readonly string[], at: number, line: string): string[] => lines.with(at, line);
const SLIPS: readonly Slip[] = [
  (lines, at) => lines.toSpliced(at, 1),
  (lines, at) => lines.toSpliced(at, 0, lines[at] ?? ""),
  (lines, at, from) => rewritten(rewritten(lines, at, lines[from % lines.length] ?? ""), from % lines.length, lines[at] ?? ""),
  (lines, at) => rewritten(lines, at, `  ${lines[at]}`),
  (lines, at) => rewritten(lines, at, (lines[at] ?? "").replace(/^ {1,2}/, "")),
  (lines, at) => rewritten(lines, at, `# ${lines[at]}`),
  (lines, at, from) => rewritten(lines, at, (lines[at] ?? "").replace(/: .*$/, `: ${VALUES[from % VALUES.length]}`)),
  (lines, at, from, donors) => rewritten(lines, at, donors[from % donors.length] ?? ""),
  (lines, at) => lines.slice(0, at + 1),
];

function edited(text: string, other: string, edits: readonly { at: number; from: number; slip: number }[]): string {
  const donors = other.split("\n");
  const apply = (lines: readonly string[], { at, from, slip }: { at: number; from: number; slip: number }): readonly string[] =>
    lines.length === 0 ? lines : (SLIPS[slip]?.(lines, at % lines.length, from, donors) ?? lines);
  return edits.reduce(apply, text.split("\n")).join("\n");
}

test("a shipped config after some slips of the hand", () => {
  fc.assert(
    fc.property(lines, ({ text, other, edits }) => holds(edited(text, other, edits), shipped)),
    runs(150),
  );
});

test.each([
  ["an anchor that holds itself", "apps: &a { site: *a }"],
  ["a merge of itself", "apps: &a { <<: *a, site: { url: https://a.example/ } }"],
  ["a key that is a mapping", "? { a: b }\n: c\n"],
  ["null bytes", "apps:\n  a\u0000b: 1\n"],
])("%s", (_, text) => expect(holds(text)).toBe(true));
