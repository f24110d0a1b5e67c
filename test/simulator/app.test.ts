import { expect, test } from "vitest";
import type { FaultName, Scope } from "../../src/simulator/index.ts";
import { asking, read } from "./asking.ts";

const from = asking();
const health = async (): ReturnType<typeof read> => read(await fetch(from.simulator.appUrl));

test("the application is well while its bucket and OpenRouter answer", async () => {
  const { status, text } = await health();
  expect([status, text]).toEqual([200, '{"status":"ok"}']);
});

test.each<[FaultName, Scope, string, string]>([
  ["storage", {}, "Storage (S3)", "503 ServiceUnavailable"],
  ["s3_access_denied", {}, "Storage (S3)", "403 AccessDenied"],
  ["refuse", { service: "s3" }, "Storage (S3)", "ECONNREFUSED"],
  ["reset", { service: "s3" }, "Storage (S3)", "ECONNRESET"],
  ["key", {}, "OpenRouter", "401 User not found."],
  ["html", { service: "openrouter", status: 521 }, "OpenRouter", "521 no reason given"],
  ["slow_headers", { service: "s3", ms: 30_000 }, "Storage (S3)", "no answer within 2000 ms"],
])("%s %o: 503 naming %s", async (name, scope, needs, detail) => {
  from.simulator.faults.on(name, scope);
  const { status, at } = await health();
  expect(status).toBe(503);
  expect(at("status")).toBe("unavailable");
  expect(at("causes")).toEqual([{ needs, detail }]);
  expect(at("detail")).toBe(`${needs}: ${detail}`);
});

test("every cause is named", async () => {
  from.simulator.faults.on("storage");
  from.simulator.faults.on("key");
  expect((await health()).at("detail")).toBe("Storage (S3): 503 ServiceUnavailable; OpenRouter: 401 User not found.");
});

test("what hits neither leaves the application well: a missing model is not its whole", async () => {
  from.simulator.faults.on("model");
  expect((await health()).status).toBe(200);
});

test("the application can fail on its own", async () => {
  from.simulator.faults.on("app");
  expect((await health()).status).toBe(500);
  from.simulator.faults.clear();
  from.simulator.faults.on("app_body");
  const { status, at } = await health();
  expect([status, at("status")]).toEqual([200, "starting"]);
});

test("there is nothing else", async () => {
  expect((await fetch(`${from.simulator.url}/elsewhere`)).status).toBe(404);
});
