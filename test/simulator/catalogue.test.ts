import { expect, test } from "vitest";
import { buildCatalogue } from "../../src/simulator/openrouter/catalogue.ts";
import { asking, FREE, look, PAID } from "./asking.ts";

const NOW = Date.parse("2026-11-23T15:00:00Z");
const from = asking({ now: () => NOW });

const models = async (): Promise<Record<string, unknown>[]> => (await from.get("/models", "")).at("data") as Record<string, unknown>[];

test.each([
  ["no key", ""],
  ["a key nobody knows", "garbage"],
])("S6: the list is public, and as big as the real one: %s", async (_, key) => {
  const { status, headers, text, at } = await from.get("/models", key);
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("application/json");
  expect(headers.get("cache-control")).toContain("public");
  expect(text.length).toBeGreaterThan(500_000);
  expect(at("total_count")).toBe(430);
  expect(at("data")).toHaveLength(430);
  expect(at("links")).toEqual({ next: null });
});

test("the models of the troubleshooting notes are listed free, with their siblings; the wrong ids of the notes are not", async () => {
  const ids = new Set((await models()).map(({ id }) => id));
  expect(ids.size).toBe(430);
  for (const id of [
    "qwen/qwen3-coder:free",
    "qwen/qwen2.5-vl-72b-instruct:free",
    "google/gemini-2.0-flash-exp:free",
    "moonshotai/kimi-k2:free",
    "moonshotai/kimi-k2",
    "deepseek/deepseek-chat-v3.1:free",
    "alibaba/tongyi-deepresearch-30b-a3b:free",
    "google/gemma-3-27b-it:free",
  ]) {
    expect(ids).toContain(id);
  }
  for (const id of ["qwen/qwen3-coder-480b", "moonshot/kimi-dev-72b", "deepseek/deepseek-r1-70b"]) expect(ids).not.toContain(id);
});

test("it holds one of each oddity a client must cope with", async () => {
  const list = await models();
  const gratis = (model: Record<string, unknown>): boolean =>
    look(model, "pricing.prompt") === "0" && look(model, "pricing.completion") === "0";
  expect(list.every((model) => typeof look(model, "pricing.prompt") === "string")).toBe(true);
  expect(list.filter((model) => model.expiration_date !== null).map((model) => [model.id, model.expiration_date])).toEqual([
    ["openai/gpt-oss-20b:free", "2026-12-14"],
  ]);
  expect(list.filter((model) => gratis(model) && !String(model.id).endsWith(":free")).map(({ id }) => id)).toEqual([
    "nvidia/nemotron-nano-9b-v2",
  ]);
  expect(list.filter((model) => look(model, "alias_target.slug")).map(({ id }) => id)).toEqual(["~anthropic/claude-sonnet-latest"]);
  expect(list.some((model) => look(model, "reasoning.mandatory") === true)).toBe(true);
  expect(list.find(({ id }) => id === "openrouter/auto")).toMatchObject({ pricing: { prompt: "-1" } });
  expect(list.find(({ id }) => id === FREE)).toMatchObject({ context_length: 262_144 });
});

test("the same seed makes the same catalogue, another seed another", () => {
  const ids = (seed: number): string[] => buildCatalogue(seed, 60, NOW).map(({ model }) => model.id);
  expect(buildCatalogue(7, 60, NOW)).toEqual(buildCatalogue(7, 60, NOW));
  expect(ids(7)).not.toEqual(ids(8));
});

test.each([
  [FREE, FREE],
  [FREE.replace(":", "%3A"), FREE],
  [`${PAID}:nitro`, PAID],
  ["~anthropic/claude-sonnet-latest", "anthropic/claude-sonnet-4.5"],
])("S7: /model/%s answers %s", async (asked, answered) => {
  const { status, at } = await from.get(`/model/${asked}`, "");
  expect(status).toBe(200);
  expect(at("data.id")).toBe(answered);
});

test("a dated slug is known too", async () => {
  const slug = (await from.get(`/model/${FREE}`, "")).at("data.canonical_slug");
  expect((await from.get(`/model/${slug}`, "")).at("data.id")).toBe(FREE);
});

test.each(["/model/deepseek/deepseek-r1-70b", "/models/deepseek/deepseek-r1-70b/endpoints"])("S7, S8: %s is gone", async (path) => {
  const { status, text } = await from.get(path, "");
  expect(status).toBe(404);
  expect(JSON.parse(text)).toEqual({ error: { message: "Resource not found", code: 404 } });
});

test("S8: latency and throughput are for callers with a key", async () => {
  const withKey = await from.get(`/models/${PAID}/endpoints`);
  const without = await from.get(`/models/${PAID}/endpoints`, "");
  expect(withKey.at("data.endpoints.0.latency_last_30m.p50")).toBeGreaterThan(0);
  expect(without.at("data.endpoints.0.latency_last_30m")).toBeNull();
  expect(without.at("data.endpoints.0.throughput_last_30m")).toBeNull();
  expect(without.at("data.endpoints.0.tag")).toEqual(expect.any(String));
});

test("S8: endpoints are healthy, degraded, of unknown uptime, or none", async () => {
  const all = buildCatalogue(1, 430, NOW).flatMap(({ endpoints }) => endpoints);
  expect(new Set(all.map(({ status }) => status))).toEqual(new Set([0, -2]));
  expect(all.some(({ uptime_last_5m }) => uptime_last_5m === null)).toBe(true);
  const orphan = await from.get("/models/cognitivecomputations/dolphin3.0-mistral-24b:free/endpoints");
  expect(orphan.at("data.endpoints")).toEqual([]);
});

test("the small public lists", async () => {
  expect((await from.get("/models/count", "")).at("data.count")).toBe(430);
  expect((await from.get("/providers", "")).at("data")).toContainEqual(expect.objectContaining({ name: "DeepInfra", slug: "deepinfra" }));
});

test("S9: what the account's policy blocks is missing from /models/user and refused in chat", async () => {
  expect((await from.get("/models/user")).text).toContain(`"id":"${FREE}"`);
  from.simulator.faults.on("model_blocked");
  expect((await from.get("/models/user")).text).not.toContain(`"id":"${FREE}"`);
  expect((await from.get("/models")).text).toContain(`"id":"${FREE}"`);
  const { status, at } = await from.chat({ model: FREE, messages: [{ role: "user", content: "hi" }] });
  expect(status).toBe(404);
  expect(at("error.metadata.failed_routing_step")).toBe("Filter by Data Policy");
});
