import { expect, test } from "vitest";
import { asking, FREE, hello } from "./asking.ts";

let nowMs = Date.parse("2026-11-23T23:50:00Z");
const from = asking({ now: () => nowMs });

const DOORS = ["/key", "/auth/key", "/credits", "/models/user"];

test.each(DOORS)("S1: %s without a key", async (path) => {
  const { status, text } = await from.get(path, "");
  expect(status).toBe(401);
  expect(text).toBe('{"error":{"message":"Missing Authentication header","code":401}}');
});

test.each(DOORS)("S2: %s with a key nobody knows", async (path) => {
  const { status, text, headers } = await from.get(path, "sk-or-v1-0000");
  expect(status).toBe(401);
  expect(text).toBe('{"error":{"message":"User not found.","code":401}}');
  expect(headers.get("cf-ray")).toMatch(/^[0-9a-f]{16}-\w{3}$/);
});

test("S1, S2: chat too", async () => {
  expect((await from.chat({ model: FREE, messages: hello }, "")).at("error.message")).toBe("Missing Authentication header");
  expect((await from.chat({ model: FREE, messages: hello }, "wrong")).at("error.message")).toBe("User not found.");
});

test("the simulator's keys look like real ones", () => {
  const { apiKey, managementKey } = from.simulator.credentials;
  expect(apiKey).toMatch(/^sk-or-v1-[0-9a-f]{64}$/);
  expect(managementKey).toMatch(/^sk-or-v1-[0-9a-f]{64}$/);
  expect(managementKey).not.toBe(apiKey);
});

test("S3, S4: a valid key is told what it may do, and never itself", async () => {
  const { status, text, at } = await from.get("/key");
  expect(status).toBe(200);
  expect(at("data")).toMatchObject({ limit: null, limit_remaining: null, is_free_tier: false, is_management_key: false, expires_at: null });
  expect(at("data.free_model_daily_requests")).toMatchObject({ limit: 1000, remaining: expect.any(Number) });
  expect(text).not.toContain(from.simulator.credentials.apiKey);
  expect((await from.get("/auth/key")).text).toBe(text);
});

test("S3: every request to a free model counts, rejected ones too, a minute late; midnight UTC resets", async () => {
  const used = async (): Promise<unknown> => (await from.get("/key")).at("data.free_model_daily_requests.used");
  nowMs += 60_000;
  const before = Number(await used());
  await from.chat({ model: FREE, messages: hello });
  await from.chat({ model: FREE, messages: hello, provider: { only: ["nobody"] } });
  await from.chat({ model: "qwen/qwen3-coder", messages: hello });
  expect(await used()).toBe(before);
  nowMs += 60_000;
  expect(await used()).toBe(before + 2);
  nowMs += 3_600_000;
  expect(await used()).toBe(0);
});

test("money is spent on paid models only", async () => {
  const usage = async (): Promise<number> => Number((await from.get("/key")).at("data.usage"));
  const before = await usage();
  await from.chat({ model: FREE, messages: hello });
  expect(await usage()).toBe(before);
  const cost = Number((await from.chat({ model: "openai/gpt-4o", messages: hello })).at("usage.cost"));
  expect(cost).toBeGreaterThan(0);
  expect(await usage()).toBeCloseTo(before + cost, 12);
});

test("S5: /credits answers both kinds of key, or management keys only", async () => {
  expect((await from.get("/credits")).at("data")).toEqual({ total_credits: 25, total_usage: expect.any(Number) });
  from.simulator.faults.on("credits_forbidden");
  const refused = await from.get("/credits");
  expect(refused.status).toBe(403);
  expect(refused.at("error.message")).toBe("Only management keys can perform this operation");
  expect(refused.at("user_id")).toMatch(/^user_/);
  expect((await from.get("/credits", from.simulator.credentials.managementKey)).status).toBe(200);
});

test("S30: management endpoints and inference each want their own key", async () => {
  const { managementKey } = from.simulator.credentials;
  expect((await from.get("/activity")).status).toBe(403);
  expect((await from.get("/keys", managementKey)).status).toBe(200);
  expect((await from.get("/key", managementKey)).at("data.is_management_key")).toBe(true);
  expect((await from.chat({ model: FREE, messages: hello }, managementKey)).status).toBe(403);
});

test("an unknown path is 404, a wrong method 405", async () => {
  expect((await from.get("/nothing")).status).toBe(404);
  expect((await from.get("/chat/completions")).status).toBe(405);
});
