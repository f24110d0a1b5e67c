import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { ModelListing } from "../../src/core/outcome.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.simulator.stop());
afterEach(() => world.simulator.faults.clear());

const listing = async (name: string): Promise<ModelListing | undefined> =>
  (await world.probe("openrouter_catalog")).evidence.listings?.find(({ target }) => target === name);

test("every configured model with what the catalogue knows of it", async () => {
  const { verdict, evidence } = await world.probe("openrouter_catalog");
  expect(verdict).toBe("up");
  expect(evidence.listings?.map(({ target }) => target)).toEqual(["qwen_coder", "gemini_flash", "deepseek_v3"]);
  expect(evidence.listings?.[0]).toMatchObject({
    listed: true,
    free: true,
    contextLengthTokens: 262_144,
    priceUsdPerToken: { input: 0, output: 0 },
  });
  expect(evidence.listings?.[1]?.capabilities).toMatchObject({ image_input: true });
});

test("a model that left is named", async () => {
  world.simulator.faults.on("model");
  const outcome = await world.probe("openrouter_catalog");
  expect(outcome).toMatchObject({
    verdict: "degraded",
    reason: "model_missing",
    evidence: { message: expect.stringContaining("qwen_coder (qwen/qwen3-coder:free)") },
  });
  expect(outcome.evidence.listings?.map(({ listed }) => listed)).toEqual([false, true, true]);
});

test("a free model with a price now is told by its price", async () => {
  world.simulator.faults.on("model_paid");
  expect(await listing("qwen_coder")).toMatchObject({ listed: true, free: false });
});

test("a model that is about to leave has its date", async () => {
  world.simulator.faults.on("model_leaving");
  const at = (await listing("qwen_coder"))?.expiresAt ?? 0;
  expect(at).toBeGreaterThan(Date.now());
  expect(at).toBeLessThan(Date.now() + 9 * 86_400_000);
});

test("a vision model that lost its eyes is named", async () => {
  world.simulator.faults.on("vision_lost");
  expect(await world.probe("openrouter_catalog")).toMatchObject({ verdict: "degraded", reason: "vision_unsupported" });
});

test("a model that this account's settings rule out is named, before any completion fails on it", async () => {
  world.simulator.faults.on("model_blocked");
  expect(await world.probe("openrouter_catalog")).toMatchObject({ verdict: "degraded", reason: "forbidden" });
  expect(await listing("qwen_coder")).toMatchObject({ listed: true, blocked: true });
  expect(await listing("deepseek_v3")).toMatchObject({ blocked: false });
});

test("a model that nobody serves is named", async () => {
  world.simulator.faults.on("model_unrouted");
  expect(await world.probe("openrouter_catalog")).toMatchObject({ verdict: "degraded", reason: "model_unavailable" });
});

test("a name that has become an alias says for what", async () => {
  world.simulator.faults.on("model_substituted");
  expect((await listing("qwen_coder"))?.aliasOf).toBe("mistralai/mistral-nemo");
});

test("how a model fares for everybody: its uptime per window, as a ratio", async () => {
  expect((await listing("qwen_coder"))?.uptime?.["1d"]).toBeGreaterThan(0.9);
  world.simulator.faults.on("provider_degraded");
  const uptime = (await listing("qwen_coder"))?.uptime;
  expect(Math.min(...Object.values(uptime ?? { none: 1 }))).toBeLessThan(0.95);
});

test("a key that may not ask for its own list costs no other knowledge", async () => {
  world.simulator.faults.on("status", { service: "openrouter", endpoint: "models_user", status: 403 });
  const told = await listing("qwen_coder");
  expect(told).toMatchObject({ listed: true, free: true });
});

test("where one model cannot be asked for, the list answers for it", async () => {
  world.simulator.faults.on("status", { service: "openrouter", endpoint: "model", status: 500 });
  expect((await world.probe("openrouter_catalog")).evidence.listings?.map(({ listed }) => listed)).toEqual([true, true, true]);
});

test.each([
  ["broken_json", "body_malformed"],
  ["wrong_types", "body_malformed"],
  ["huge_body", "body_too_large"],
  ["reset", "connection_reset"],
  ["status", "gateway_error"],
] as const)("%s is %s, and no model is said to be gone", async (fault, reason) => {
  world.simulator.faults.on(fault, { service: "openrouter" });
  const outcome = await world.probe("openrouter_catalog");
  expect(outcome).toMatchObject({ verdict: "down", reason });
  expect(outcome.evidence.listings).toBeUndefined();
});
