/** Debian's Prometheus scrapes the daemon: every metric of the catalogue arrives, and promtool has nothing to say about the page. */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { catalogue } from "../../src/metrics/catalogue.ts";
import { findProgram, missing, until } from "../support/programs.ts";
import { type Stack, startStack } from "./stack.ts";

/** What this world cannot show, and why. Exact: one that does appear must leave the list. */
const ABSENT: Readonly<Record<string, string>> = {
  healthd_tls_certificate_expiry_timestamp_seconds: "everything on loopback speaks plain HTTP",
};

const YAML = `credentials:
  openrouter: { api_key: $KEY, base_url: "$API", every: 2s, timeout: 2s, catalog: { every: 2s, timeout: 2s } }
models:
  coder: qwen/qwen3-coder:free
  vision: { id: "google/gemini-2.0-flash-exp:free", expect: { vision: true } }
  reasoner: deepseek/deepseek-r1:free
buckets:
  files: { bucket: $BUCKET, endpoint: "$S3", region: $REGION, access_key_id: $S3_KEY, secret_access_key: $S3_SECRET }
apps:
  frontend: { url: "$APP", needs: [files, openrouter] }
defaults: { every: 2s, timeout: 2s }
budget: { free_quota_share: 1, free_requests_per_minute: 10000 }
`;

const why = missing("prometheus", "promtool");

describe.skipIf(why !== undefined)(`Prometheus${why === undefined ? "" : `: ${why}`}`, () => {
  let stack: Stack;
  let query: Stack["query"];
  let number: Stack["number"];

  beforeAll(async () => {
    stack = await startStack({
      yaml: YAML,
      // Dates and limits that a healthy account need not have.
      prepare({ faults }) {
        for (const fault of ["model_leaving", "key_expiring", "key_limit_low"] as const) faults.on(fault);
      },
    });
    ({ query, number } = stack);
  });
  afterAll(() => stack.stop());

  test("every target is up, by Prometheus's own word", async () => {
    await until(async () => (await number("count(healthd_probe_success == 1)")) === 7, "seven targets up");
    expect(await number('up{job="llm-healthd"}')).toBe(1);
    expect(await query("healthd_probe_success == 0")).toEqual([]);
  });

  test("a fault arrives with its code, and its failures are counted", async () => {
    stack.simulator.faults.on("storage");
    await until(async () => (await number('healthd_probe_success{target="files"}')) === 0, "the bucket to be down");
    await until(async () => (await number('healthd_probe_success{target="frontend"}')) === 0, "the application to be down");
    expect(await number('healthd_probe_status_code{target="files"}')).toBe(503);
    const [outcome] = await query('healthd_probe_last_outcome_info{target="files"}');
    expect(outcome?.metric).toMatchObject({ kind: "bucket", verdict: "down", reason: "s3_slow_down", owner: "storage" });
    // The counter began at 0, so its first event is seen.
    await until(async () => (await number('increase(healthd_probe_responses_total{target="files",code="503"}[1m])')) > 0, "a counted 503");
    expect(await number('increase(healthd_probe_responses_total{target="files",code="404"}[1m])')).toBe(0);
  });

  test("every metric of the catalogue is there, and none beside it", async () => {
    const families = async (): Promise<string[]> => {
      const names = (await query('count by (__name__) ({__name__=~"healthd_.+"})')).map(({ metric }) => metric.__name__ ?? "");
      const histograms = catalogue.filter(({ type }) => type === "histogram").map(({ name }) => name);
      const family = (name: string): string =>
        histograms.find((histogram) => /^_(bucket|sum|count)$/.test(name.replace(histogram, ""))) ?? name;
      return [...new Set(names.map(family))].toSorted();
    };
    const expected = catalogue.map(({ name }) => name).filter((name) => !(name in ABSENT));
    await until(async () => (await families()).length >= expected.length, "all families", 10_000).catch(() => undefined);
    expect(await families()).toEqual(expected.toSorted());
    expect(Object.keys(ABSENT).filter((name) => !catalogue.some((metric) => metric.name === name))).toEqual([]);
    for (const name of ["process_cpu_seconds_total", "nodejs_heap_size_used_bytes"]) expect(await query(name)).toHaveLength(1);
  });

  test("promtool check metrics has nothing to say", async () => {
    const page = await (await fetch(`${stack.url}/metrics`)).text();
    expect(page).toContain("healthd_probe_success{");
    const { status, stdout, stderr } = spawnSync(findProgram("promtool") ?? "", ["check", "metrics"], { input: page, encoding: "utf8" });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("a stopped daemon is seen as gone", async () => {
    stack.healthd.signal("SIGTERM");
    expect(await stack.healthd.ended).toEqual({ code: 0, signal: null });
    await until(async () => (await number('up{job="llm-healthd"}')) === 0, "up to be 0");
    // Its last values do not outlive it.
    expect(await query("healthd_probe_success")).toEqual([]);
  });
});
