import { expect, test } from "vitest";
import type { Planned } from "../../src/core/probe.ts";
import { createCosts } from "../../src/schedule/costs.ts";
import { model } from "../metrics/records.ts";

const estimate = { credential: "openrouter", free: false, usd: 0.01, tokens: 30, usdPerToken: { input: 1e-4, output: 1e-3 } };
const planned: Planned = { target: model, probe: { run: () => Promise.reject(new Error("not run")) }, spend: () => estimate };

test.each([
  ["its own word", 200, "header", { costUsd: 0.05 }, 0.05],
  ["its tokens", 200, "header", { inputTokens: 10, outputTokens: 2 }, 0.003],
  ["no word: the estimate stands", 200, "header", {}, undefined],
  ["refused", 400, "header", undefined, 0],
  ["limited", 429, "header", undefined, 0],
  ["failed in the stream, after some tokens", 400, "stream", undefined, undefined],
  ["failed", 502, "header", undefined, undefined],
] as const)("what a run cost: %s", (_, statusCode, via, completion, usd) => {
  const costs = createCosts();
  expect(costs.learn(planned, { statusCode, via, ...(completion === undefined ? {} : { completion }) })).toBe(usd);
  // What was refused says nothing of what the next may cost.
  expect(costs.of(planned)?.usd).toBe(Math.max(estimate.usd, usd ?? 0));
});
