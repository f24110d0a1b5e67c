import { expect, test } from "vitest";
import { asking, FREE, hello, read } from "./asking.ts";

const from = asking();

const control = async (method: string, path: string, body?: string): ReturnType<typeof read> =>
  read(await fetch(`${from.simulator.url}/_simulator${path}`, { method, ...(body !== undefined && { body }) }));

test("the state names the addresses, what is on and what there is", async () => {
  const { status, at } = await control("GET", "");
  expect(status).toBe(200);
  expect(at("urls.openrouterUrl")).toBe(from.simulator.openrouterUrl);
  expect(at("urls.s3Url")).toBe(from.simulator.s3Url);
  expect(at("faults.active")).toEqual([]);
  expect(at("faults.available")).toContainEqual({ name: "storage", service: "s3", description: expect.stringContaining("503") });
});

test("a fault is switched on, seen, and off", async () => {
  const put = await control("PUT", "/faults/model", JSON.stringify({ model: "moonshotai/kimi-k2:free", times: 5 }));
  expect(put.at("active")).toEqual([{ name: "model", scope: { model: "moonshotai/kimi-k2:free", times: 5 }, left: 5 }]);
  expect((await from.chat({ model: "moonshotai/kimi-k2:free", messages: hello })).status).toBe(400);
  expect((await control("GET", "/")).at("faults.active.0.left")).toBe(4);
  expect((await control("DELETE", "/faults/model")).at("active")).toEqual([]);
  expect((await from.chat({ model: "moonshotai/kimi-k2:free", messages: hello })).status).toBe(200);
});

test("all faults go off at once; a fault without a scope has its own defaults", async () => {
  await control("PUT", "/faults/storage");
  expect((await control("PUT", "/faults/model")).at("active")).toMatchObject([{ name: "storage", left: null }, { scope: { model: FREE } }]);
  expect((await control("DELETE", "/faults")).at("active")).toEqual([]);
});

test.each([
  ["PUT", "/faults/nonsense", undefined, 404, /"nonsense.*there are key, /],
  ["DELETE", "/faults/toString", undefined, 404, /there are/],
  ["PUT", "/faults/model", "[1]", 400, /must be a JSON object/],
  ["PUT", "/faults/model", "{", 400, /must be a JSON object/],
  ["PUT", "/faults/model", '{"modle":"x"}', 400, /modle: no such field; there are model, service/],
  ["PUT", "/faults/status", '{"status":"500"}', 400, /status: got "500", expected an HTTP status/],
  ["PUT", "/faults/status", '{"times":0,"ms":-1}', 400, /times: got 0.*ms: got -1/],
  ["PUT", "/faults/balance", '{"usd":"0"}', 400, /usd: got "0", expected an amount in USD/],
  ["PUT", "/faults/status", '{"service":"s4"}', 400, /one of openrouter, s3, app/],
  ["PUT", "/faults/status", '{"endpoint":"chats"}', 400, /one of chat, key/],
  ["PUT", "/faults/refuse", '{"service":"app"}', 409, /shut out this very control/],
  ["GET", "/elsewhere", undefined, 404, /GET \/_simulator, GET \/_simulator\/requests/],
  ["POST", "/faults/model", undefined, 404, /PUT \/_simulator\/faults\/NAME/],
])("%s %s %s answers %i", async (method, path, body, status, error) => {
  const asked = await control(method, path, body);
  expect(asked.status).toBe(status);
  expect(asked.at("error")).toMatch(error);
  expect(from.simulator.faults.active()).toEqual([]);
});

test("faults never hit the control itself", async () => {
  await control("PUT", "/faults/reset");
  expect((await control("GET", "")).status).toBe(200);
});

test("what was asked is written down, and shown without secrets", async () => {
  const asked = { model: FREE, messages: hello, max_tokens: 16 };
  await from.chat(asked);
  const seen = from.simulator.requests.at(-1);
  expect(seen).toMatchObject({
    service: "openrouter",
    endpoint: "chat",
    method: "POST",
    path: "/api/v1/chat/completions",
    status: 200,
    body: asked,
  });
  expect(seen?.headers.authorization).toBe(`Bearer ${from.simulator.credentials.apiKey}`);
  expect(Number(seen?.finishedAt) - Number(seen?.receivedAt)).toBeGreaterThanOrEqual(0);
  const { text, at } = await control("GET", "/requests");
  expect((at("requests") as unknown[]).length).toBe(from.simulator.requests.length);
  expect(text).toContain(FREE);
  expect(text).not.toContain(from.simulator.credentials.apiKey);
});
