/** The page as Prometheus gets it: whatever upstreams say, how large it may grow, and whether Prometheus' own tool likes it. */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { bucketOperationNames, degraded, down, type Evidence, skipCauses, skipped, up } from "../../src/core/outcome.ts";
import type { Target } from "../../src/core/probe.ts";
import type { Reason } from "../../src/core/reason.ts";
import { finishReasons } from "../../src/metrics/catalogue/model.ts";
import { PAGING_CODES } from "../../src/metrics/catalogue/probe.ts";
import { findProgram } from "../support/programs.ts";
import {
  answered,
  bucket,
  catalog,
  catalogued,
  key,
  keyTold,
  lines,
  linesOf,
  listing,
  model,
  newMetrics,
  pageOf,
  record,
  stored,
} from "./records.ts";

const hostile: Evidence = {
  statusCode: 1234,
  via: "body",
  durationSeconds: Number.NaN,
  clockSkewSeconds: Number.POSITIVE_INFINITY,
  phases: { dns: -1 },
  completion: {
    costUsd: -3,
    inputTokens: Number.NaN,
    finishReason: "because\nhealthd_fake 1",
    servedModel: `m"\\\n${"\u0007x".repeat(300)}`,
    perOutputTokenSeconds: Number.POSITIVE_INFINITY,
  },
};

test("whatever an upstream says, the page stays a page", async () => {
  const metrics = newMetrics(model);
  metrics.take(record(model, up(hostile)));
  const page = await pageOf(metrics);
  const samples = page.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  expect(samples.length).toBeGreaterThan(50);
  expect(
    samples.filter((line) => !Number.isFinite(Number(line.slice(line.lastIndexOf(" ")))) || /"(?:null|undefined|NaN)"/.test(line)),
  ).toEqual([]);
  expect(page).not.toContain("\u0007");
  expect(page).not.toMatch(/^healthd_fake/m);
  expect(await linesOf(metrics, "healthd_model_finish_total")).toContain(
    'healthd_model_finish_total{kind="model",target="kimi",credential="openrouter",model="moonshotai/kimi-k2:free",finish_reason="other"} 1',
  );
  const served = (await linesOf(metrics, "healthd_model_served_info"))[0] ?? "";
  expect(/response_model="((?:[^"\\]|\\.)*)"/.exec(served)?.[1]).toBe(`m\\"\\\\${"x".repeat(97)}`);
  expect(await linesOf(metrics, "healthd_unexported_readings_total")).toEqual(["healthd_unexported_readings_total 0"]);
});

test("a bug in one reading loses that reading only", async () => {
  const metrics = newMetrics(model);
  const evidence = {
    ...answered,
    get phases(): never {
      throw new Error("a bug");
    },
  };
  metrics.take(record(model, { verdict: "up", reason: "ok", evidence }));
  metrics.set("healthd_probes_in_flight", () => {
    throw new Error("another");
  });
  const page = await lines(metrics);
  expect(page.find((line) => line.startsWith("healthd_probe_success{"))).toMatch(/ 1$/);
  expect(page).toContain("healthd_unexported_readings_total 2");
});

const WORST: readonly Reason[] = [
  "unauthorized",
  "bad_request",
  "payment_required",
  "rate_limited",
  "provider_error",
  "provider_overloaded",
  "timeout_total",
  "timeout_first_token",
  "connection_reset",
  "dns",
];

const operations = bucketOperationNames.flatMap((operation) => [
  { operation, verdict: "up" as const, durationSeconds: 0.1, bytesSent: 1, bytesReceived: 1 },
  { operation, verdict: "down" as const, durationSeconds: 0.1 },
]);
const { completion, ...answeredWithoutModel } = answered;
const everything: readonly (readonly [Target, Evidence])[] = [
  [model, answered],
  [key, { ...answeredWithoutModel, ...keyTold }],
  [catalog, { ...answeredWithoutModel, listings: [listing(model)] }],
  [bucket, { ...answeredWithoutModel, operations }],
];

test("series budget: every verdict, every code that pages, and ten reasons", async () => {
  const metrics = newMetrics(model, key, catalog, bucket);
  for (const [target, evidence] of everything) {
    for (const reason of WORST) metrics.take(record(target, down(reason, { ...evidence, via: "body" })));
    for (const statusCode of PAGING_CODES) metrics.take(record(target, degraded("rate_limited", { ...evidence, statusCode })));
    for (const cause of skipCauses) metrics.take(record(target, skipped(cause)));
    metrics.take(record(target, up(evidence)));
  }
  for (const finishReason of finishReasons) metrics.take(record(model, up({ ...answered, completion: { ...completion, finishReason } })));
  const page = await lines(metrics);
  const ofModel = page.filter((line) => line.includes('target="kimi"')).length;
  const ofBucket = page.filter((line) => line.includes('target="files"')).length;
  const ofCredential = page.filter((line) => line.includes('credential="openrouter"') && !line.includes('target="kimi"')).length;
  expect(ofModel).toBeGreaterThan(140);
  expect(ofModel).toBeLessThanOrEqual(170);
  expect(ofBucket).toBeGreaterThan(100);
  expect(ofBucket).toBeLessThanOrEqual(160);
  expect(ofCredential).toBeGreaterThan(25);
  expect(ofCredential).toBeLessThanOrEqual(45);
});

const promtool = findProgram("promtool");

test.skipIf(promtool === undefined)(
  `promtool finds nothing to mend${promtool === undefined ? " (skipped: promtool is not installed here)" : ""}`,
  async () => {
    const metrics = newMetrics(model, key, catalog, bucket);
    metrics.take(record(model, up(answered), { latenessSeconds: 0 }));
    metrics.take(record(key, up(keyTold)));
    metrics.take(record(catalog, catalogued(listing(model))));
    metrics.take(record(bucket, up(stored)));
    for (const name of ["healthd_shard_index", "healthd_shards", "healthd_config_last_reload_successful"] as const) metrics.set(name, 1);
    const { status, stdout, stderr } = spawnSync(promtool ?? "", ["check", "metrics"], {
      input: await pageOf(metrics),
      encoding: "utf8",
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
  },
);
