import { expect, test } from "vitest";
import { degraded, down, skipCauses, skipped, unanswered, up } from "../../src/core/outcome.ts";
import type { Target } from "../../src/core/probe.ts";
import { PAGING_CODES } from "../../src/metrics/catalogue/probe.ts";
import { catalogue } from "../../src/metrics/catalogue.ts";
import { createMetrics } from "../../src/metrics/registry.ts";
import { createFakeClock } from "../support/fake-clock.ts";
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
  qwen,
  record,
  refused,
  stored,
} from "./records.ts";

test("the page for a small set of records", async () => {
  const metrics = newMetrics(model, key, catalog, bucket);
  metrics.take(record(model, up(answered), { latenessSeconds: 0.003 }));
  metrics.take(record(key, up(keyTold)));
  metrics.take(record(catalog, catalogued(listing(model))));
  metrics.take(record(bucket, down("s3_access_denied", stored)));
  metrics.take(record(bucket, skipped("overlap"), { durationSeconds: 0, latenessSeconds: 0.001 }));
  metrics.set("healthd_probes_in_flight", () => 2);
  const page = await pageOf(metrics);
  const stable = page
    .split("\n")
    .filter((line) => /^(# (HELP|TYPE) )?healthd_/.test(line) && !/^healthd_(event_loop_lag|build_info)/.test(line))
    .join("\n");
  await expect(stable).toMatchFileSnapshot("exposition.txt");
});

test("counters that page exist at 0 before the first probe, and no gauge that claims to have looked", async () => {
  const metrics = newMetrics(model);
  const responses = await linesOf(metrics, "healthd_probe_responses_total");
  expect(responses.map((line) => /code="(\d+)",via="header"} 0$/.exec(line)?.[1])).toEqual(PAGING_CODES.map(String));
  expect(await linesOf(metrics, "healthd_probes_total")).toHaveLength(4);
  expect(await linesOf(metrics, "healthd_model_tokens_total")).toHaveLength(2);
  expect(await linesOf(metrics, "healthd_model_cost_usd_total")).toHaveLength(1);
  const gauges = catalogue.filter(({ type, name, start }) => type === "gauge" && start === undefined && name !== "healthd_build_info");
  const claims = (await lines(metrics)).filter((line) => gauges.some(({ name }) => line.startsWith(`${name}{`) && line.includes("kimi")));
  expect(claims).toEqual([]);
  expect(await linesOf(metrics, "healthd_config_last_reload_successful")).toEqual([]);
  expect(await linesOf(metrics, "healthd_scheduler_last_tick_timestamp_seconds")).toEqual([]);
});

test("a page tells of every record that was taken before it", async () => {
  const metrics = newMetrics(model);
  for (let taken = 1; taken <= 20; taken++) {
    metrics.take(record(model, up(answered), { startedAt: 1000 * taken, latenessSeconds: 0 }));
    expect(await linesOf(metrics, "healthd_probes_total")).toContain(
      `healthd_probes_total{kind="model",target="kimi",verdict="up"} ${taken}`,
    );
    expect((await linesOf(metrics, "healthd_probe_last_run_timestamp_seconds"))[0]).toMatch(new RegExp(` ${taken}$`));
  }
  for (let more = 0; more < 20; more++) metrics.take(record(model, refused));
  expect((await linesOf(metrics, "healthd_probe_consecutive_failures"))[0]).toMatch(/ 20$/);
});

test("a gauge holds what the latest probe told and nothing older", async () => {
  const metrics = newMetrics(model, key);
  metrics.take(record(key, up(keyTold)));
  metrics.take(record(model, up(answered)));
  expect(await linesOf(metrics, "healthd_key_valid")).toEqual(['healthd_key_valid{credential="openrouter"} 1']);
  metrics.take(record(key, down("timeout_headers", { ...unanswered, key: { formatValid: true } })));
  metrics.take(record(model, down("connect_timeout", { ...unanswered, phases: { dns: 0.01 } })));
  expect(await linesOf(metrics, "healthd_key_valid")).toEqual([]);
  expect(await linesOf(metrics, "healthd_key_usage_usd")).toEqual([]);
  expect(await linesOf(metrics, "healthd_key_format_valid")).toHaveLength(1);
  expect(await linesOf(metrics, "healthd_probe_phase_seconds")).toEqual([
    'healthd_probe_phase_seconds{kind="model",target="kimi",phase="dns"} 0.01',
  ]);
  expect(await linesOf(metrics, "healthd_model_served_info")).toEqual([]);
  const outcomes = (await linesOf(metrics, "healthd_probe_last_outcome_info")).filter((line) => line.includes("kimi"));
  expect(outcomes).toEqual([
    'healthd_probe_last_outcome_info{kind="model",target="kimi",verdict="down",reason="connect_timeout",owner="network"} 1',
  ]);
});

test("a model's own probe leaves what the catalogue said; a catalogue that could not be read does too", async () => {
  const metrics = newMetrics(model, qwen, catalog);
  metrics.take(record(catalog, catalogued(listing(model), listing(qwen))));
  metrics.take(record(model, refused));
  metrics.take(record(catalog, refused));
  expect(await linesOf(metrics, "healthd_model_listed")).toHaveLength(2);
  metrics.take(
    record(catalog, catalogued({ target: "kimi", credential: "openrouter", model: model.model ?? "", listed: false }, listing(qwen))),
  );
  expect((await linesOf(metrics, "healthd_model_listed")).map((line) => line.slice(-1))).toEqual(["0", "1"]);
  expect((await linesOf(metrics, "healthd_model_free")).filter((line) => line.includes("kimi"))).toEqual([]);
});

test("no line names a removed target, and what is late about it does not bring it back", async () => {
  const metrics = newMetrics(model, qwen, key, catalog, bucket);
  for (const target of [model, qwen, bucket]) metrics.take(record(target, up({ ...answered, ...stored })));
  metrics.take(record(catalog, catalogued(listing(model), listing(qwen))));
  metrics.take(record(key, up(keyTold)));
  const before = (await lines(metrics)).filter((line) => line.includes('"qwen"')).sort();
  metrics.removeTarget("kimi");
  metrics.take(record(model, up(answered)));
  metrics.take(record(catalog, catalogued(listing(model), listing(qwen))));
  const page = await pageOf(metrics);
  expect(page).not.toMatch(/"kimi"|kimi-k2:free/);
  expect((await lines(metrics)).filter((line) => line.includes('"qwen"')).sort()).toEqual(before);
  for (const { name } of [qwen, key, catalog, bucket]) metrics.removeTarget(name);
  const rest = (await lines(metrics)).filter((line) => /target="|credential="/.test(line));
  expect(rest).toEqual([]);
});

test("what is no target's outlives the target that first wrote it", async () => {
  const metrics = newMetrics(model, qwen);
  metrics.take(record(model, skipped("late"), { latenessSeconds: 70 }));
  metrics.removeTarget("kimi");
  expect(await linesOf(metrics, "healthd_scheduler_missed_total")).toContain('healthd_scheduler_missed_total{cause="late"} 1');
  expect(await linesOf(metrics, "healthd_scheduler_lateness_seconds_sum")).toEqual(["healthd_scheduler_lateness_seconds_sum 70"]);
});

test("a reload keeps the counters of a target that stays, and starts anew for another thing by its name", async () => {
  const metrics = newMetrics(model);
  metrics.take(record(model, refused));
  metrics.addTarget({ ...model, every: { seconds: 60 } });
  expect(await linesOf(metrics, "healthd_probe_consecutive_failures")).toEqual([
    'healthd_probe_consecutive_failures{kind="model",target="kimi",credential="openrouter"} 1',
  ]);
  expect((await linesOf(metrics, "healthd_probe_interval_seconds"))[0]).toMatch(/ 60$/);
  metrics.take(record(model, refused));
  expect((await linesOf(metrics, "healthd_probe_consecutive_failures"))[0]).toMatch(/ 2$/);
  const renamed: Target = { ...model, model: "moonshotai/kimi-k3" };
  metrics.addTarget(renamed);
  metrics.take(record(model, refused));
  expect(await linesOf(metrics, "healthd_probe_failures_total")).toEqual([]);
  expect(await pageOf(metrics)).not.toContain("kimi-k2");
});

test.each<[string, Target, number | undefined, string[]]>([
  ["an interval", model, undefined, ["300"]],
  ["a cron expression whose longest gap is known", { ...model, every: { cron: "0 * * * *" } }, 3600, ["3600"]],
  ["a cron expression", { ...model, every: { cron: "0 * * * *" } }, undefined, []],
])("the interval of %s", async (_, target, intervalSeconds, expected) => {
  const metrics = newMetrics();
  metrics.addTarget(target, intervalSeconds);
  expect((await linesOf(metrics, "healthd_probe_interval_seconds")).map((line) => line.split(" ").at(-1))).toEqual(expected);
});

test("failures in a row, the last success, and who served over a failure", async () => {
  const metrics = newMetrics(model);
  const serve = (provider: string) => up({ ...answered, completion: { servedModel: "m", provider } });
  const changes = async () => (await linesOf(metrics, "healthd_model_served_changes_total"))[0]?.split(" ").at(-1);
  metrics.take(record(model, serve("A")));
  metrics.take(record(model, refused, { startedAt: 1_800_000_300_000 }));
  metrics.take(record(model, refused, { startedAt: 1_800_000_600_000 }));
  expect((await linesOf(metrics, "healthd_probe_consecutive_failures"))[0]).toMatch(/ 2$/);
  expect((await linesOf(metrics, "healthd_probe_last_success_timestamp_seconds"))[0]).toMatch(/ 1800000000$/);
  metrics.take(record(model, serve("A")));
  expect(await changes()).toBe("0");
  metrics.take(record(model, serve("B")));
  expect(await changes()).toBe("1");
  metrics.take(record(model, degraded("model_no_longer_free", answered)));
  expect((await linesOf(metrics, "healthd_probe_consecutive_failures"))[0]).toMatch(/ 0$/);
  expect((await linesOf(metrics, "healthd_probe_success"))[0]).toMatch(/ 1$/);
});

test("how long it has been idle is told from its start on, by a clock that nobody can set", async () => {
  const clock = createFakeClock();
  const metrics = createMetrics({ version: "1", revision: "x", clock });
  metrics.addTarget(model);
  const idle = async () => (await linesOf(metrics, "healthd_scheduler_idle_seconds"))[0]?.split(" ")[1];
  await clock.advance(7_000);
  expect(await idle()).toBe("7");
  metrics.take(record(model, up(answered), { latenessSeconds: 0 }));
  await clock.advance(2_000);
  clock.jump(-86_400_000);
  // Nobody had scheduled it.
  metrics.take(record(model, up(answered)));
  expect(await idle()).toBe("2");
});

test("a refused run counts, and moves no gauge of its target", async () => {
  const metrics = newMetrics(model);
  metrics.take(record(model, up(answered)));
  const gauges = catalogue.filter(({ type }) => type === "gauge").map(({ name }) => name);
  const seen = async () =>
    (await lines(metrics)).filter((line) => line.includes("kimi") && gauges.some((name) => line.startsWith(`${name}{`)));
  const before = await seen();
  for (const cause of skipCauses) metrics.take(record(model, skipped(cause), { latenessSeconds: 0, startedAt: 1_900_000_000_000 }));
  expect(before.length).toBeGreaterThan(15);
  expect(await seen()).toEqual(before);
  expect((await linesOf(metrics, "healthd_probe_skips_total")).every((line) => line.endsWith(" 1"))).toBe(true);
  expect(await linesOf(metrics, "healthd_scheduler_missed_total")).toEqual([
    'healthd_scheduler_missed_total{cause="overlap"} 1',
    'healthd_scheduler_missed_total{cause="late"} 1',
  ]);
  expect(await linesOf(metrics, "healthd_scheduler_lateness_seconds_count")).toEqual([
    `healthd_scheduler_lateness_seconds_count ${skipCauses.length}`,
  ]);
  expect(await linesOf(metrics, "healthd_scheduler_last_tick_timestamp_seconds")).toEqual([
    "healthd_scheduler_last_tick_timestamp_seconds 1800000100",
  ]);
});

test("latencies of a suspect measurement are counted and left out; what it found is not", async () => {
  const metrics = newMetrics(model, bucket);
  for (const target of [model, bucket]) {
    metrics.take(record(target, up({ ...answered, ...stored }), { standstillSeconds: 0.4, latenessSeconds: 0 }));
  }
  expect(await linesOf(metrics, "healthd_measurement_suspect_total")).toEqual(["healthd_measurement_suspect_total 2"]);
  const histograms = catalogue.filter(({ type }) => type === "histogram").map(({ name }) => name);
  const counted = (await lines(metrics)).filter((line) => histograms.some((name) => line.startsWith(`${name}_count`)));
  expect(counted).toEqual(["healthd_scheduler_lateness_seconds_count 2"]);
  expect(await linesOf(metrics, "healthd_probe_success")).toHaveLength(2);
  metrics.take(record(model, up(answered), { standstillSeconds: 0.01 }));
  expect(await linesOf(metrics, "healthd_model_time_to_first_token_seconds_count")).toHaveLength(2);
});
