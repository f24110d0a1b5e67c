import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { configDoc, exampleYaml, jsonSchema } from "../../src/config/docs.ts";
import { loadConfig } from "../../src/config/load.ts";
import { rootSchema } from "../../src/config/schema.ts";
import { type AnySchema, fieldsOf, notesOf, schemaAt } from "../../src/config/shape.ts";
import { env } from "./env.ts";
import { sections } from "./sections.ts";

const allows = new Ajv({ strict: false }).compile(JSON.parse(jsonSchema(sections)));
const accepts = (text: string): boolean => allows(parse(text));

/** Every key a config may have, with its schema. */
function keys(at: AnySchema, path: string[] = []): { path: string[]; field: AnySchema }[] {
  const record = schemaAt(at, ["NAME"]);
  if (record !== undefined) return keys(record, [...path, "NAME"]);
  return [...fieldsOf(at)].flatMap(([key, field]) => [{ path: [...path, key], field }, ...keys(field, [...path, key])]);
}

const all = keys(rootSchema(sections)).map(({ path, field }) => ({ path: path.join("."), key: path.at(-1) ?? "", field }));

test("every key says what it is for", () => {
  expect(all.length).toBeGreaterThan(50);
  expect(all.filter(({ field }) => (notesOf(field).description ?? "") === "").map(({ path }) => path)).toEqual([]);
});

test("the example has every option, loads, and is what the JSON Schema allows", () => {
  const example = exampleYaml(sections);
  expect(loadConfig({ file: "x.yaml", sections, env, text: example })).toMatchObject({ ok: true });
  expect(all.filter(({ key }) => !new RegExp(`^ *${key}:`, "m").test(example)).map(({ path }) => path)).toEqual([
    // An example of it would need certificates: docs/web-config.md has one.
    "web.config_file",
  ]);
  expect(accepts(example)).toBe(true);
});

test("the reference page has a row for every key and a heading for every mapping", () => {
  const page = configDoc(sections);
  expect(all.filter(({ key, path }) => path.includes(".") && !page.includes(`| \`${key}\` |`)).map(({ path }) => path)).toEqual([]);
  for (const path of ["credentials.NAME", "credentials.NAME.catalog", "models.NAME.expect", "shard"])
    expect(page).toContain(`# \`${path}\``);
  expect(page).toContain("| `api_key` | secret | required |");
  expect(page).toContain("| `keep` | duration | `30d` |");
});

test.each([
  ["the short form of a model", "models: { a: x/y }", true],
  ["a secret from a file", "credentials: { a: { api_key_file: key.txt } }", true],
  ["a number from a variable", `shard: { total: "\${TOTAL}" }`, true],
  ["a number that is a word", "shard: { total: many }", false],
  ["a secret twice", "credentials: { a: { api_key: x, api_key_file: key.txt } }", false],
  ["no secret", "credentials: { a: { flavor: openai } }", false],
  ["an unknown key", "credentials: { a: { api_key: x, apikey: y } }", false],
  ["an unknown choice", "log: { level: loud }", false],
])("the JSON Schema on %s", (_, text, allowed) => expect(accepts(text)).toBe(allowed));

test("the README's config loads", () => {
  const file = join(import.meta.dirname, "../../config/minimal.yaml");
  const loaded = loadConfig({ file, sections, env });
  expect(loaded).toMatchObject({ ok: true, warnings: [] });
  expect(loaded.ok && loaded.config.entries.map(({ name }) => name)).toEqual([
    "qwen_coder",
    "qwen_vl",
    "gemini_flash",
    "kimi_k2",
    "deepseek_v3",
    "tongyi_research",
    "gemma_27b",
  ]);
  expect(accepts(readFileSync(file, "utf8"))).toBe(true);
});
