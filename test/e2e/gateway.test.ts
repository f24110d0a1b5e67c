/** Probes through a gateway that nobody here wrote: an OpenAI-compatible server between the daemon and the API, as many applications have one. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Reason } from "../../src/core/reason.ts";
import type { FaultName, Scope } from "../../src/simulator/index.ts";
import { answers, freePort, type Program, startProgram } from "../support/programs.ts";
import { startWorld, type World } from "../support/world.ts";

const GATEWAY = resolve(import.meta.dirname, "../../.cache/gateway/node_modules/.bin/gateway");
const absent = !existsSync(GATEWAY);
if (absent && process.env.CI !== undefined) throw new Error("needs the gateway, which .ci/run installs");

const yamlFor = (port: number): string => {
  const connection = `flavor: openai, base_url: "http://127.0.0.1:${port}/v1", headers: { x-portkey-provider: openai, x-portkey-custom-host: "$API" }`;
  return `credentials:
  good: { api_key: $KEY, ${connection} }
  wrong: { api_key: sk-or-v1-${"0".repeat(64)}, ${connection} }
models:
  coder: { id: "qwen/qwen3-coder:free", credential: good }
  reasoner: { id: "deepseek/deepseek-r1:free", credential: good }
  vision: { id: "google/gemini-2.0-flash-exp:free", credential: good, expect: { vision: true } }
  dead: { id: moonshot/kimi-dev-72b, credential: good }
  locked_out: { id: "qwen/qwen3-coder:free", credential: wrong }
`;
};

describe.skipIf(absent)("@portkey-ai/gateway (needs it in .cache/gateway, where .ci/run installs it)", () => {
  let gateway: Program;
  let world: World;

  beforeAll(async () => {
    const port = await freePort();
    gateway = await startProgram(GATEWAY, ["--headless", `--port=${port}`], () => answers(`http://127.0.0.1:${port}/`));
    world = await startWorld(yamlFor(port), { firstTokenMs: 80, tokenMs: 50 });
  });
  afterEach(() => world.simulator.faults.clear());
  afterAll(async () => {
    await gateway.stop();
    await world.simulator.stop();
  });

  test("a streamed answer: tokens, first token, per-token time", async () => {
    const { verdict, reason, evidence } = await world.probe("coder");
    expect({ verdict, reason, code: evidence.statusCode, via: evidence.via }).toEqual({
      verdict: "up",
      reason: "ok",
      code: 200,
      via: "header",
    });
    expect(evidence.completion).toMatchObject({ inputTokens: expect.any(Number), outputTokens: 16, servedModel: "qwen/qwen3-coder:free" });
    const first = evidence.completion?.firstTokenSeconds?.answer ?? 0;
    // The simulator's own 80 ms; and the last token comes after the first, so the gateway passes them on one by one.
    expect(first).toBeGreaterThan(0.08);
    expect(evidence.durationSeconds).toBeGreaterThan(first);
    expect(evidence.completion?.perOutputTokenSeconds).toBeGreaterThan(0);
    expect(world.simulator.requests.at(-1)).toMatchObject({ endpoint: "chat", status: 200, headers: { "user-agent": "node" } });
  });

  test.each(["reasoner", "vision"])("%s", async (name) => {
    expect(await world.probe(name)).toMatchObject({ verdict: "up", reason: "ok", evidence: { statusCode: 200 } });
  });

  test("the key and the catalogue are asked for through it too", async () => {
    expect(await world.probe("good")).toMatchObject({ verdict: "up", reason: "ok" });
    const catalog = await world.probe("good_catalog");
    expect(catalog).toMatchObject({ verdict: "degraded", reason: "model_missing" });
    expect(catalog.evidence.listings?.map(({ target, listed }) => [target, listed])).toEqual([
      ["coder", true],
      ["reasoner", true],
      ["vision", true],
      ["dead", false],
    ]);
  });

  test.each([
    ["locked_out", 401, "unauthorized", "User not found."],
    ["dead", 400, "model_missing", "moonshot/kimi-dev-72b is not a valid model ID"],
  ] as const)("%s: %i", async (name, statusCode, reason, words) => {
    const { verdict, reason: seen, evidence } = await world.probe(name);
    expect({ verdict, reason: seen, statusCode: evidence.statusCode, via: evidence.via }).toEqual({
      verdict: "down",
      reason,
      statusCode,
      via: "header",
    });
    // The gateway writes a body of its own around the API's words.
    expect(JSON.parse(evidence.errorBody ?? "")).toEqual({
      error: { message: expect.stringMatching(`error: ${words}$`), type: null, param: null, code: statusCode },
      provider: expect.anything(),
    });
    expect(evidence.message).toContain(words);
  });

  interface Passing {
    readonly fault: FaultName;
    readonly scope?: Scope;
    readonly statusCode: number;
    readonly via: "header" | "stream";
    readonly reason: Reason;
    readonly verdict?: "degraded";
  }
  const PASSING: readonly Passing[] = [
    { fault: "provider", scope: { status: 503 }, statusCode: 503, via: "header", reason: "provider_overloaded" },
    { fault: "provider", scope: { status: 502 }, statusCode: 502, via: "header", reason: "provider_error" },
    { fault: "internal", statusCode: 500, via: "header", reason: "gateway_error" },
    { fault: "credits", statusCode: 402, via: "header", reason: "payment_required" },
    { fault: "free_per_minute", statusCode: 429, via: "header", reason: "rate_limited", verdict: "degraded" },
    { fault: "html", statusCode: 520, via: "header", reason: "gateway_error" },
    { fault: "stream_error", statusCode: 503, via: "stream", reason: "provider_overloaded" },
    { fault: "stream_error_bare", statusCode: 502, via: "stream", reason: "provider_error" },
    { fault: "stream_truncated", statusCode: 200, via: "header", reason: "stream_truncated" },
    { fault: "empty_output", statusCode: 200, via: "header", reason: "empty_output" },
    // The gateway turns a broken connection behind it into its own 500.
    { fault: "reset", scope: { service: "openrouter" }, statusCode: 500, via: "header", reason: "gateway_error" },
  ];
  test.each(PASSING)("the API's fault $fault comes through as $statusCode via $via: $reason", async (passing) => {
    const { fault, scope, statusCode, via, reason, verdict = "down" } = passing;
    world.simulator.faults.on(fault, scope);
    const seen = await world.probe("coder");
    expect({ ...seen, evidence: undefined }).toEqual({ verdict, reason });
    expect(seen.evidence).toMatchObject({ statusCode, via });
  });

  test("silence behind the gateway ends with the timeout", async () => {
    world.simulator.faults.on("stream_stalled");
    expect(await world.probe("coder", 700)).toMatchObject({ verdict: "down", reason: "timeout_stall", evidence: { statusCode: 200 } });
  });
});
