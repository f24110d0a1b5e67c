import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { down, skipped, unanswered, up } from "../../src/core/outcome.ts";
import type { ProbeRecord } from "../../src/core/probe.ts";
import { findProgram, until } from "../support/programs.ts";
import { answered, ask, model, recordOf, serve } from "./setup.ts";

const samples = (text: string): string[] => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

test("a probe answers in blackbox_exporter's words", async () => {
  await using served = await serve();
  const { status, text, headers } = await ask(`${served.url}/probe?target=kimi`);
  expect(status).toBe(200);
  expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(samples(text)).toEqual([
    "probe_success 1",
    "probe_duration_seconds 1.25",
    "probe_http_status_code 200",
    'probe_http_duration_seconds{phase="resolve"} 0.01',
    'probe_http_duration_seconds{phase="connect"} 0.02',
    'probe_http_duration_seconds{phase="tls"} 0.03',
    'probe_http_duration_seconds{phase="processing"} 0.75',
    'probe_http_duration_seconds{phase="transfer"} 0.44',
    "probe_ssl_earliest_cert_expiry 1810000000",
  ]);
});

const promtool = findProgram("promtool");
test.skipIf(promtool === undefined)("promtool finds nothing to mend in it (needs promtool)", async () => {
  await using served = await serve();
  const input = (await ask(`${served.url}/probe?target=kimi`)).text;
  const { status, stderr } = spawnSync(promtool ?? "", ["check", "metrics"], { input, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
});

test("a failed probe is a page too", async () => {
  await using served = await serve({ probeNow: async () => recordOf(model, down("connect_refused", unanswered)) });
  const { status, text } = await ask(`${served.url}/probe?target=kimi`);
  expect(status).toBe(200);
  expect(samples(text)).toEqual(["probe_success 0", "probe_duration_seconds 1.5", "probe_http_status_code 0"]);
});

test.each([
  ["no target", "/probe", 400, {}],
  ["an empty target", "/probe?target=", 400, {}],
  ["two targets", "/probe?target=kimi&target=files", 400, {}],
  ["an unknown target", "/probe?target=nobody", 404, {}],
  ["another site", "/probe?target=kimi", 403, { "sec-fetch-site": "cross-site" }],
] as const)("%s", async (_, path, expected, headers) => {
  let probes = 0;
  await using served = await serve({
    probeNow: async () => {
      probes += 1;
      return undefined;
    },
  });
  expect((await ask(served.url + path, { headers })).status).toBe(expected);
  expect(probes).toBe(0);
});

test.each([
  ["has gone meanwhile", undefined, 404],
  ["was not probed", recordOf(model, skipped("overlap")), 503],
])("a target that %s", async (_, record, expected) => {
  await using served = await serve({ probeNow: async () => record });
  expect((await ask(`${served.url}/probe?target=kimi`)).status).toBe(expected);
});

/** A probe that ends only when its signal aborts. */
function untilAborted() {
  const signals: AbortSignal[] = [];
  const probeNow = (_: string, signal: AbortSignal): Promise<ProbeRecord> => {
    signals.push(signal);
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(recordOf(model, down("timeout_total", unanswered)))));
  };
  return { signals, probeNow };
}

test.each([
  ["10", 9500],
  ["0.6", 300],
])("a scrape of %s s gives its probe %i ms", async (timeout, expected) => {
  const { signals, probeNow } = untilAborted();
  const waits: number[] = [];
  const clock: Clock = {
    ...systemClock,
    after(ms, callback) {
      // The first wait is the probe's; what comes after is the time that a client has to read the answer.
      if (waits.push(ms) > 1) return systemClock.after(ms, callback);
      setImmediate(callback);
      return () => undefined;
    },
  };
  await using served = await serve({ probeNow, clock });
  const { text } = await ask(`${served.url}/probe?target=kimi`, { headers: { "x-prometheus-scrape-timeout-seconds": timeout } });
  expect(waits[0]).toBe(expected);
  expect(text).toContain("probe_success 0");
  expect(signals[0]?.reason).toMatchObject({ name: "TimeoutError" });
});

test("a client that leaves ends its probe", async () => {
  const { signals, probeNow } = untilAborted();
  await using served = await serve({ probeNow });
  const client = new AbortController();
  const reply = ask(`${served.url}/probe?target=kimi`, { signal: client.signal });
  await until(() => signals.length === 1, "the probe to run");
  client.abort();
  await expect(reply).rejects.toThrow();
  await until(() => signals[0]?.aborted === true, "the probe to be told");
});

test("a server that closes ends its probes", async () => {
  const { signals, probeNow } = untilAborted();
  const { url, web } = await serve({ probeNow });
  const reply = ask(`${url}/probe?target=kimi`);
  await until(() => signals.length === 1, "the probe to run");
  await web.close();
  expect((await reply).text).toContain("probe_success 0");
});

test("at most eight at once", async () => {
  const gate = Promise.withResolvers<void>();
  let probes = 0;
  await using served = await serve({
    probeNow: async () => {
      probes += 1;
      await gate.promise;
      return recordOf(model, up(answered));
    },
  });
  const url = `${served.url}/probe?target=kimi`;
  const eight = Array.from({ length: 8 }, () => ask(url));
  await until(() => probes === 8, "eight probes to run");
  const ninth = await ask(url);
  expect([ninth.status, ninth.headers["retry-after"]]).toEqual([429, "5"]);
  gate.resolve();
  expect((await Promise.all(eight)).map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect((await ask(url)).status).toBe(200);
});
