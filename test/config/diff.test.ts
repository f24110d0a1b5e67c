import { expect, test } from "vitest";
import { diff } from "../../src/config/diff.ts";
import { loadConfig } from "../../src/config/load.ts";
import { env } from "./env.ts";
import { sections } from "./sections.ts";

const BASE = `
credentials:
  openrouter: { api_key: "\${OPENROUTER_API_KEY}" }
  local: { flavor: openai, api_key: none, base_url: "http://127.0.0.1:8000/v1" }
models:
  a: { id: x/a, credential: openrouter }
  b: { id: x/b, credential: local }
apps:
  site: { url: "https://a.example/" }
`;
const ALL = ["openrouter", "openrouter_catalog", "local", "local_catalog", "a", "b", "site"];

function read(text: string) {
  const loaded = loadConfig({ file: "x.yaml", sections, env, text });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
  return loaded.config;
}

/** Names of the targets that change when one place of the base is written differently. */
const changedBy = (from: string, to: string): readonly string[] => {
  expect(BASE).toContain(from);
  return diff(read(BASE), read(BASE.replace(from, to))).changed;
};

test("nothing changed: every target may go on", () => {
  expect(diff(read(BASE), read(`# a comment\n${BASE}`))).toEqual({ added: [], removed: [], changed: [], unchanged: ALL });
});

test("the same meaning written differently is no change", () => {
  expect(changedBy('{ url: "https://a.example/" }', '{ url: "https://a.example/", every: 300s, timeout: 1m }')).toEqual([]);
});

test.each([
  ["a credential's key concerns its models", "api_key: none", "api_key: other", ["local", "local_catalog", "b"]],
  ["a credential's own interval concerns only itself", "api_key: none", "api_key: none, every: 2m", ["local"]],
  ["a catalogue's interval concerns only it", "api_key: none", "api_key: none, catalog: { every: 1h }", ["local_catalog"]],
  ["a model's id concerns it and the catalogue it is looked up in", "x/b", "x/c", ["local_catalog", "b"]],
  ["an application concerns itself", "https://a.example/", "https://b.example/", ["site"]],
  ["what is needed", '"https://a.example/"', '"https://a.example/", needs: [a]', ["site"]],
  [
    "defaults concern all who use them",
    "apps:",
    "defaults: { every: 10m }\napps:",
    ["openrouter_catalog", "local_catalog", "a", "b", "site"],
  ],
  ["what must be free", "apps:", "policy: { require_free: true }\napps:", ["openrouter_catalog", "local_catalog", "a", "b"]],
  ["where the page is served concerns no target", "apps:", 'web: { listen: "127.0.0.1:1" }\napps:', []],
])("%s", (_, from, to, expected) => expect(changedBy(from, to)).toEqual(expected));

test("targets that come and go", () => {
  const next = read(BASE.replace("site:", "page:").replace("b: { id: x/b, credential: local }", ""));
  expect(diff(read(BASE), next)).toMatchObject({ added: ["page"], removed: ["b", "site"], changed: ["local_catalog"] });
});
