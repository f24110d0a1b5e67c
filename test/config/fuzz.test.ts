import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIssue } from "../../src/config/issue.ts";
import { loadConfig } from "../../src/config/load.ts";
import { env } from "./env.ts";
import { sections } from "./sections.ts";

/** In every test run a taste; `FUZZ=20 vitest run test/config/fuzz.test.ts` for an evening's work. */
const FACTOR = Number(process.env.FUZZ ?? 1);
const runs = (count: number) => ({ numRuns: count * FACTOR });

const folder = join(import.meta.dirname, "good");
const good = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));

/** Loads, or names at least one issue on one line each, inside the text. */
function holds(text: string): boolean {
  const loaded = loadConfig({ file: "x.yaml", sections, env, text });
  if (loaded.ok) return true;
  const last = text.split("\n").length;
  return (
    loaded.issues.length > 0 &&
    loaded.issues.every((issue) => !formatIssue(issue).includes("\n") && issue.fix !== "" && (issue.line ?? 1) <= last)
  );
}

test("any text at all", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), holds), runs(100));
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

test.each([
  ["an anchor that holds itself", "apps: &a { site: *a }"],
  ["a merge of itself", "apps: &a { <<: *a, site: { url: https://a.example/ } }"],
  ["a key that is a mapping", "? { a: b }\n: c\n"],
  ["null bytes", "apps:\n  a\u0000b: 1\n"],
])("%s", (_, text) => expect(holds(text)).toBe(true));
