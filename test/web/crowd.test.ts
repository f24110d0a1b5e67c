/** More connections than there is room for, and requests for what is not there. */
import { describe, expect, test } from "vitest";
import { up } from "../../src/core/outcome.ts";
import { until } from "../support/programs.ts";
import { type Attacker, attack, healthy, SHORT } from "./attacker.ts";
import { answered, ask, model, recordOf, serve } from "./setup.ts";

describe("more connections than there is room for", () => {
  test("the silent ones make room: a scrape gets through each time", async () => {
    await using served = await serve({}, { ...SHORT, headersMs: 60_000, requestMs: 60_000 });
    const idle: Attacker[] = [];
    for (let round = 0; round < 10; round += 1) {
      for (let index = 0; index < 30; index += 1) idle.push(attack(served));
      expect(await healthy(served)).toBe(200);
    }
    await until(() => idle.filter((one) => one.isClosed()).length >= 300 - SHORT.connections, "the silent ones to go");
    // Those that came last are still there.
    expect(idle.filter((one) => !one.isClosed()).length).toBeLessThanOrEqual(SHORT.connections);
  });

  test("those that never end their request make room as well", async () => {
    await using served = await serve({}, { ...SHORT, headersMs: 60_000, requestMs: 60_000 });
    const half = Array.from({ length: 40 }, () =>
      attack(served, "POST /-/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc"),
    );
    await until(() => half.filter((one) => one.isClosed()).length >= 40 - SHORT.connections, "some to go");
    expect(await healthy(served)).toBe(200);
  });

  test("whoever waits for an answer keeps its place, and the newcomer goes", async () => {
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    const probeNow = async () => {
      begun += 1;
      await gate.promise;
      return recordOf(model, up(answered));
    };
    const limits = { ...SHORT, headersMs: 60_000, requestMs: 60_000, answerMs: 60_000, connections: 4 };
    await using served = await serve({ probeNow }, limits);
    const waiting = Array.from({ length: 4 }, () => attack(served, "GET /probe?target=kimi HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    await until(() => begun === 4, "four probes to run");
    await expect(ask(`${served.url}/-/healthy`)).rejects.toThrow();
    expect(waiting.every((one) => !one.isClosed())).toBe(true);
    gate.resolve();
    await until(() => waiting.every((one) => one.received().includes("probe_success 1")), "all answers");
    expect(await healthy(served)).toBe(200);
  });
});

describe("path tricks", () => {
  const TRICKS = [
    "//metrics",
    "/./metrics",
    "/metrics/.",
    "/-/healthy/../../metrics",
    "/%2e%2e/metrics",
    "/..%2fconfig",
    "/%2F%2Fmetrics",
    "/metrics%00",
    "/metrics%0d%0aSet-Cookie:a=b",
    "/metrics\\..\\config",
    "/metrics;jsessionid=1",
    "/api/v1/targets/..%2f..%2f..%2fconfig",
    "/api/v1/targets/__proto__",
    "/api/v1/targets/constructor",
    "/probe?target=__proto__",
    "/probe?target[]=kimi",
    "http://evil.example/config",
    "https://127.0.0.1/config",
    "*",
    "config",
    "/\xff",
  ];
  test.each(TRICKS)("%s", async (path) => {
    await using served = await serve({}, SHORT);
    const attacker = attack(served, `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    await attacker.closed;
    expect(attacker.received()).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(attacker.received()).not.toMatch(/set-cookie|healthd_probe_success|listen:/i);
    expect(await healthy(served)).toBe(200);
  });
});
