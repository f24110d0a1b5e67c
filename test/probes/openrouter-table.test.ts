/** Every way OpenRouter fails (docs/reference/openrouter-api.md §13), streamed and whole: what it is called, whose it is, and what the metrics say of it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import type { BackoffScope, Via } from "../../src/core/outcome.ts";
import type { Owner, Reason } from "../../src/core/reason.ts";
import { createMetrics } from "../../src/metrics/registry.ts";
import { type FaultName, faultNames, faultTable, type Scope } from "../../src/simulator/index.ts";
import { pageOf } from "../metrics/records.ts";
import { startWorld, type World } from "../support/world.ts";

const YAML = `credentials:
  openrouter: { api_key: $KEY, base_url: "$API" }
models:
  free_stream: qwen/qwen3-coder:free
  free_whole: { id: "qwen/qwen3-coder:free", stream: false }
  paid_stream: qwen/qwen3-coder
  paid_whole: { id: qwen/qwen3-coder, stream: false }
budget: { free_quota_share: 1, free_requests_per_minute: 100000 }
`;

let world: World;
beforeAll(async () => {
  world = await startWorld(YAML);
});
afterAll(() => world.simulator.stop());
afterEach(() => world.simulator.faults.clear());

interface Expected {
  readonly reason: Reason;
  readonly owner: Owner | null;
  readonly code: number;
  readonly via: Via;
  readonly backoff?: BackoffScope;
}
type Row = readonly [
  row: string,
  fault: FaultName,
  scope: Scope,
  streamed: Expected,
  whole?: Expected | undefined,
  model?: "free" | "paid",
  waitMs?: number,
];

const is = (reason: Reason, owner: Owner | null, code: number, via: Via = "header", backoff?: BackoffScope): Expected => ({
  reason,
  owner,
  code,
  via,
  ...(backoff === undefined ? {} : { backoff }),
});
const fine = is("ok", null, 200);
const NOTHING = is("timeout_headers", "gateway", 0, "none");
/** Long enough for an answer, short enough for a table of silences. */
const IMPATIENT_MS = 500;

const TABLE: readonly Row[] = [
  ["S2", "key", {}, is("unauthorized", "key", 401)],
  ["S2", "auth_outage", {}, is("gateway_error", "gateway", 500)],
  ["S10", "padded_body", { ms: 50 }, fine],
  ["S10", "padded_body", { ms: 60_000 }, fine, is("timeout_first_token", "provider", 200), "free", IMPATIENT_MS],
  ["S11", "stream_crlf", {}, fine],
  ["S11", "stream_late_usage", {}, fine],
  ["S11", "slow_first_token", {}, is("timeout_first_token", "provider", 200), NOTHING, "free", IMPATIENT_MS],
  ["S11", "slow_tokens", { ms: 120 }, is("timeout_total", "provider", 200), NOTHING, "free", IMPATIENT_MS],
  ["S12", "stream_error", {}, is("provider_overloaded", "provider", 503, "stream"), is("provider_overloaded", "provider", 503, "body")],
  [
    "S12",
    "stream_error_text_code",
    {},
    is("provider_overloaded", "provider", 503, "stream"),
    is("provider_overloaded", "provider", 503, "body"),
  ],
  ["S12", "stream_error_bare", {}, is("provider_error", "provider", 502, "stream"), is("provider_error", "provider", 502, "body")],
  ["S12", "stream_error_late_bare", {}, is("provider_error", "provider", 502, "stream"), is("provider_error", "provider", 502, "body")],
  ["S13", "stream_truncated", {}, is("stream_truncated", "provider", 200), is("body_malformed", "gateway", 200)],
  ["S13", "stream_silent", {}, is("timeout_first_token", "provider", 200), undefined, "free", IMPATIENT_MS],
  ["S13", "stream_stalled", {}, is("timeout_stall", "provider", 200), undefined, "free", IMPATIENT_MS],
  ["S13", "stream_open", {}, fine, is("timeout_stall", "provider", 200), "free", 3_000],
  ["S14", "error_in_body", {}, is("provider_overloaded", "provider", 503, "stream"), is("provider_overloaded", "provider", 503, "body")],
  ["S14", "error_in_choice", {}, is("provider_overloaded", "provider", 503, "stream"), is("provider_overloaded", "provider", 503, "body")],
  ["S14", "empty_choices", {}, is("empty_output", "provider", 200)],
  ["S14", "no_choices", {}, is("empty_output", "provider", 200)],
  ["S15", "whitespace_body", {}, is("empty_output", "provider", 200)],
  ["S16", "empty_output", {}, is("empty_output", "provider", 200)],
  ["S17", "model", {}, is("model_missing", "request", 400)],
  ["S18", "provider_rejects", {}, is("bad_request", "request", 400)],
  ["S19", "credits", {}, is("payment_required", "money", 402)],
  ["S19", "balance", {}, is("payment_required", "money", 402), undefined, "paid"],
  ["S19", "unaffordable", {}, is("payment_required", "money", 402), undefined, "paid"],
  ["S19", "over_weight", {}, is("payment_required", "money", 402), undefined, "paid"],
  // It passes by itself: waking somebody to buy credits would be wrong.
  ["S19", "in_flight", {}, is("rate_limited", "quota", 402, "header", "target"), undefined, "paid"],
  ["S20", "key_limit", {}, is("key_limit", "money", 403)],
  ["S20", "key_limit", { status: 402 }, is("key_limit", "money", 402)],
  ["S20", "workspace_budget", {}, is("key_limit", "money", 403)],
  ["S20", "guardrail_budget", {}, is("key_limit", "money", 403)],
  ["S21", "harness", {}, is("forbidden", "request", 403)],
  ["S21", "attestation", {}, is("forbidden", "request", 403)],
  ["S21", "region", {}, is("forbidden", "request", 403)],
  ["S21", "moderation", {}, is("forbidden", "request", 403)],
  ["S21", "guardrail", {}, is("forbidden", "request", 403)],
  ["S22", "free_ended", {}, is("model_no_longer_free", "money", 404)],
  ["S22", "model_unrouted", {}, is("model_unavailable", "provider", 404)],
  ["S22", "model_blocked", {}, is("forbidden", "request", 404)],
  ["S22", "model_unpublishable", {}, is("forbidden", "request", 404)],
  ["S22", "model_guarded", {}, is("forbidden", "request", 404)],
  ["S23", "free_per_minute", {}, is("rate_limited", "quota", 429, "header", "account_minute")],
  ["S23", "free_per_minute", {}, fine, undefined, "paid"],
  ["S24", "free_daily", {}, is("quota_exhausted", "quota", 429, "header", "account_day")],
  ["S24", "free_daily_unpaid", {}, is("quota_exhausted", "quota", 429, "header", "account_day")],
  ["S24", "free_daily", {}, fine, undefined, "paid"],
  ["S25", "shared_pool", {}, is("rate_limited", "quota", 429, "header", "target")],
  ["S25", "shared_pool_silent", {}, is("rate_limited", "quota", 429, "header", "target")],
  ["S26", "provider", {}, is("provider_error", "provider", 502)],
  ["S26", "provider", { status: 503 }, is("provider_overloaded", "provider", 503)],
  ["S26", "provider", { status: 504 }, is("provider_error", "provider", 504)],
  ["S26", "provider", { status: 524 }, is("provider_error", "provider", 524)],
  ["S26", "provider", { status: 529 }, is("provider_overloaded", "provider", 529)],
  ["S26", "provider_busy", {}, is("provider_overloaded", "provider", 503, "header", "target")],
  ["S26", "internal", {}, is("gateway_error", "gateway", 500)],
  ["S26", "operation_timeout", {}, is("provider_error", "provider", 408)],
  ["S27", "html", { status: 403 }, is("gateway_error", "gateway", 403)],
  ["S27", "html", { status: 429 }, is("rate_limited", "quota", 429, "header", "target")],
  ["S27", "html", { status: 520 }, is("gateway_error", "gateway", 520)],
  ["S27", "html", { status: 524 }, is("gateway_error", "gateway", 524)],
  ["S27", "html", { status: 200 }, is("body_malformed", "gateway", 200)],
  ["S28", "fallback_used", {}, fine],
  ["edge", "reset", {}, is("connection_reset", "gateway", 0, "none")],
  ["edge", "hang_up", {}, is("connection_reset", "gateway", 0, "none")],
  ["edge", "reset_body", {}, is("connection_reset", "gateway", 200)],
  ["edge", "slow_headers", {}, NOTHING, undefined, "free", IMPATIENT_MS],
  ["edge", "stalled_body", {}, is("timeout_stall", "provider", 200), undefined, "free", IMPATIENT_MS],
  ["edge", "empty_body", {}, is("empty_output", "provider", 200)],
  ["edge", "broken_json", {}, is("stream_malformed", "gateway", 200), is("body_malformed", "gateway", 200)],
  ["edge", "wrong_types", {}, is("stream_malformed", "gateway", 200), is("body_malformed", "gateway", 200)],
  ["edge", "huge_body", {}, is("body_too_large", "gateway", 200)],
];

/** One more run in metrics of its own: the lines that say what happened. */
async function metricsOf(target: World["planned"][number]["target"], outcome: Awaited<ReturnType<World["probe"]>>): Promise<string> {
  const metrics = createMetrics({ version: "0", revision: "", clock: systemClock });
  metrics.addTarget(target, 60);
  metrics.take({ target, outcome, startedAt: systemClock.wall(), durationSeconds: 0.1 });
  return pageOf(metrics);
}

const verdictOf = ({ reason }: Expected): string =>
  reason === "ok" ? "up" : reason === "rate_limited" || reason === "quota_exhausted" ? "degraded" : "down";

async function show(fault: FaultName, scope: Scope, name: string, expected: Expected, waitMs: number): Promise<void> {
  const service = faultTable[fault].service === "any" ? { service: "openrouter" as const } : {};
  world.simulator.faults.on(fault, { ...service, ...scope });
  const outcome = await world.probe(name, waitMs);
  const { statusCode, via, backoff } = outcome.evidence;
  const target = world.planned.find((one) => one.target.name === name)?.target;
  if (target === undefined) throw new Error(name);
  const page = await metricsOf(target, outcome);
  const value = (series: string): string | undefined =>
    page
      .split("\n")
      .find((line) => line.startsWith(`healthd_${series} `))
      ?.split(" ")
      .at(-1);
  const t = `kind="model",target="${name}"`;
  const verdict = verdictOf(expected);
  expect({
    reason: outcome.reason,
    verdict: outcome.verdict,
    code: statusCode,
    via,
    backoff: backoff?.scope,
    responses: value(`probe_responses_total{${t},code="${expected.code}",via="${expected.via}"}`),
    success: value(`probe_success{${t},credential="openrouter"}`),
    outcome: value(
      `probe_last_outcome_info{${t},verdict="${verdict}",reason="${expected.reason}"${expected.owner === null ? "" : `,owner="${expected.owner}"`}}`,
    ),
    failures: value(`probe_failures_total{${t},reason="${expected.reason}",owner="${expected.owner}"}`),
  }).toEqual({
    reason: expected.reason,
    verdict,
    code: expected.code,
    via: expected.via,
    backoff: expected.backoff,
    responses: "1",
    success: verdict === "down" ? "0" : "1",
    outcome: "1",
    failures: verdict === "down" ? "1" : undefined,
  });
}

for (const [row, fault, scope, streamed, whole = streamed, model = "free", waitMs = 5_000] of TABLE) {
  describe(`${row} ${fault} ${JSON.stringify(scope)} on a ${model} model`, () => {
    test("streamed", () => show(fault, scope, `${model}_stream`, streamed, waitMs));
    test("whole", () => show(fault, scope, `${model}_whole`, whole, waitMs));
  });
}

test("no fault of the simulator's OpenRouter is missing from this table, unless it leaves completions alone", () => {
  const shown = new Set(TABLE.map(([, fault]) => fault));
  const LEAVES_CHAT_ALONE = [
    // What they change is in /key, /credits and the catalogue: test/probes/credential.test.ts and catalog.test.ts.
    ...["credits_low", "credits_forbidden", "key_limit_low", "key_budget", "key_expiring", "key_older_fields"],
    ...["model_paid", "model_leaving", "model_substituted", "vision_lost", "provider_degraded"],
    // A matter of abilities: test/probes/exercises.test.ts. Of time: test/probes/outage.test.ts. Of closed ports: model.test.ts.
    ...["wrong_answer", "schema_ignored", "tools_ignored", "outage", "refuse"],
    // Generic errors of the service's own form are in the contract table; unknown ids in the new form are below.
    ...["status", "new_error_form"],
  ];
  const openrouter = faultNames.filter((name) => ["openrouter", "any"].includes(faultTable[name].service));
  expect(openrouter.filter((name) => !shown.has(name) && !LEAVES_CHAT_ALONE.includes(name))).toEqual([]);
  expect(TABLE.length * 2).toBeGreaterThanOrEqual(60);
});

test("an unknown id in the form announced in August 2026", async () => {
  world.simulator.faults.on("new_error_form");
  world.simulator.faults.on("model");
  expect(await world.probe("free_stream")).toMatchObject({ reason: "model_missing", evidence: { statusCode: 400 } });
});

test("a provider that failed behind a 200 is counted", async () => {
  world.simulator.faults.on("fallback_used");
  const outcome = await world.probe("free_stream");
  expect(outcome.evidence.completion?.attempts).toBe(2);
  const target = world.planned.find((one) => one.target.name === "free_stream")?.target;
  if (target === undefined) throw new Error("no target");
  expect(await metricsOf(target, outcome)).toMatch(/^healthd_model_fallbacks_total\{.*\} 1$/m);
});
