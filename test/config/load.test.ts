import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { env } from "./env.ts";
import { configOf, issuesOf, load, warningsOf } from "./loading.ts";

const here = import.meta.dirname;
const filesIn = (folder: string): string[] => readdirSync(join(here, folder)).filter((file) => file.endsWith(".yaml"));

describe("a bad file is told every issue it begins with, in order, and no other", () => {
  test.each(filesIn("bad"))("%s", (name) => {
    const file = join(here, "bad", name);
    const expected = [...readFileSync(file, "utf8").matchAll(/^# expect: (.*)$/gm)].map(([, line]) => line);
    const told = issuesOf(load({ file })).map((line) => line.slice(file.length).replace(/^[:\s]+/, ""));
    expect(told).toEqual(expected);
    expect(told.length).toBeGreaterThan(0);
  });
});

test.each(filesIn("good"))("the good file %s loads without a warning about its secrets", (name) => {
  const loaded = load({ file: join(here, "good", name) });
  expect(issuesOf(loaded)).toEqual([]);
  expect(warningsOf(loaded)).toEqual([]);
});

describe("what a config becomes", () => {
  test("the interface's example", () => {
    const config = configOf(load({ file: join(here, "good/interface.yaml") }));
    expect(config.credentials).toEqual([
      {
        name: "openrouter",
        flavor: "openrouter",
        apiKey: env.OPENROUTER_API_KEY,
        baseUrl: "https://openrouter.ai/api/v1",
        headers: { "X-Team": "search" },
        every: { seconds: 60 },
        timeoutSeconds: 15,
        catalog: { every: { seconds: 900 }, timeoutSeconds: 30 },
      },
    ]);
    expect(config.entries.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "model qwen_coder",
      "model gemini_flash",
      "model kimi_k2",
      "bucket files",
      "app frontend",
    ]);
    expect(config.entries[0]).toEqual({
      kind: "model",
      name: "qwen_coder",
      needs: [],
      also: [],
      every: { seconds: 300 },
      timeoutSeconds: 60,
      settings: { id: "qwen/qwen3-coder:free", credential: "openrouter", expect: { vision: false, free: false } },
    });
    expect(config.entries[2]).toMatchObject({ every: { seconds: 600 }, timeoutSeconds: 90 });
    expect(config.entries[4]).toMatchObject({ needs: ["files", "openrouter"] });
    expect(config.web).toEqual({ listen: { host: "127.0.0.1", port: 10556 }, hosts: [] });
    expect(config.history).toEqual({ path: "data/history.db", keepSeconds: 2_592_000 });
    expect(config.policy.requireFree).toBe(true);
    expect(new Set(config.secrets)).toEqual(new Set([env.OPENROUTER_API_KEY, env.S3_KEY, env.S3_SECRET]));
  });

  test("what is left out has its default", () => {
    const config = configOf(load({ text: "apps: { site: { url: https://a.example/ } }" }));
    expect(config).toMatchObject({
      budget: { freeQuotaShare: 0.2, usdPerDay: 0.05 },
      policy: { requireFree: false },
      web: { listen: { host: "127.0.0.1", port: 10556 } },
      log: { level: "info" },
      history: { path: "data/history.db", keepSeconds: 2_592_000 },
      shard: { index: 0, total: 1 },
    });
    expect(config.web.configFile).toBeUndefined();
  });

  test("anchors, aliases and merge keys", () => {
    const [patient, also, site, other] = configOf(load({ file: join(here, "good/anchors.yaml") })).entries;
    expect(also).toMatchObject({ every: { seconds: 1200 }, timeoutSeconds: 300, settings: { id: "moonshotai/kimi-k2:free" } });
    expect(patient).toMatchObject({ settings: { id: "qwen/qwen3-coder:free" } });
    expect(other).toMatchObject({ needs: site?.needs, settings: { url: "https://other.example.net/" } });
  });

  test("variables become the type that is asked for, never YAML", () => {
    const config = configOf(load({ file: join(here, "good/variables.yaml") }));
    expect(config.credentials[0]).toMatchObject({
      baseUrl: "https://eu.openrouter.ai/api/v1",
      headers: { "X-Price": "5 $ many", "X-Shape": "a: b, [c]" },
    });
    expect(config.entries[0]?.settings).toMatchObject({ url: env.SITE, expect: { status: 204 } });
    expect(config).toMatchObject({ policy: { requireFree: true }, shard: { index: 1, total: 2 } });
  });

  test("a key of digits from a variable stays text", () => {
    const text = `credentials: { local: { flavor: openai, api_key: "\${KEY}" } }`;
    expect(configOf(load({ text, env: { KEY: "1234567890" } })).credentials[0]?.apiKey).toBe("1234567890");
  });

  test("a cron expression, a list of status codes, sections left empty, an IPv6 address", () => {
    const config = configOf(load({ file: join(here, "good/only-an-app.yaml") }));
    expect(config.credentials).toEqual([]);
    expect(config.entries[0]).toMatchObject({
      every: { cron: "*/10 * * * mon-fri" },
      settings: { expect: { status: [200, 204], body: "ok" } },
    });
    expect(config.web.listen).toEqual({ host: "::1", port: 0 });
  });

  test("an API of flavor openai has its own base URL", () => {
    const text = `credentials: { openai: { flavor: openai, api_key: "\${KEY}" } }`;
    expect(configOf(load({ text, env: { KEY: "sk-proj-1234567890" } })).credentials[0]?.baseUrl).toBe("https://api.openai.com/v1");
  });
});

test("only headers whose name says so are secrets: hiding every `openai` would spoil the log", () => {
  const text = `credentials:
  a: { api_key: sk-or-v1-0123456789abcdef0123, headers: { x-portkey-provider: openai, x-portkey-api-key: pk-123456, Authorization: Bearer abcdefgh } }
`;
  expect(configOf(load({ text, env: {} })).secrets.toSorted()).toEqual([
    "Bearer abcdefgh",
    "abcdefgh",
    "pk-123456",
    "sk-or-v1-0123456789abcdef0123",
  ]);
});
