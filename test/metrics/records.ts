/** Targets and records that the tests of metrics feed. */

import { text } from "node:stream/consumers";
import type { Clock } from "../../src/base/clock.ts";
import { capabilities, down, type Evidence, type ModelListing, type Outcome, up } from "../../src/core/outcome.ts";
import type { ProbeRecord, Target } from "../../src/core/probe.ts";
import { createMetrics, type Metrics } from "../../src/metrics/registry.ts";

const timing = { every: { seconds: 300 }, timeoutSeconds: 60, needs: [] };
export const model: Target = { kind: "model", name: "kimi", credential: "openrouter", model: "moonshotai/kimi-k2:free", ...timing };
export const qwen: Target = { kind: "model", name: "qwen", credential: "openrouter", model: "qwen/qwen3-coder:free", ...timing };
export const key: Target = { kind: "credential", name: "openrouter", credential: "openrouter", ...timing };
export const catalog: Target = { kind: "catalog", name: "openrouter_catalog", credential: "openrouter", ...timing };
export const bucket: Target = { kind: "bucket", name: "files", ...timing };

export const STARTED_AT = 1_800_000_000_000;
export const NOW = 1_800_000_100_000;
const clock: Clock = { monotonic: () => 0, wall: () => NOW, after: () => () => undefined };

export const newMetrics = (...targets: readonly Target[]): Metrics => {
  const metrics = createMetrics({ version: "1.2.3", revision: "abc", clock });
  for (const target of targets) metrics.addTarget(target);
  return metrics;
};

export const record = (target: Target, outcome: Outcome, rest: Partial<ProbeRecord> = {}): ProbeRecord => ({
  target,
  outcome,
  startedAt: STARTED_AT,
  durationSeconds: 1.5,
  ...rest,
});

export const answered: Evidence = {
  statusCode: 200,
  via: "header",
  durationSeconds: 1.25,
  phases: { dns: 0.01, connect: 0.02, tls: 0.03, request: 0.001, first_byte: 0.7, transfer: 0.489 },
  certificateExpiresAt: 1_810_000_000_000,
  clockSkewSeconds: -0.5,
  completion: {
    firstTokenSeconds: { reasoning: 0.5, answer: 0.9 },
    perOutputTokenSeconds: 0.02,
    inputTokens: 12,
    inputCachedTokens: 4,
    outputTokens: 20,
    outputReasoningTokens: 8,
    costUsd: 0.00025,
    finishReason: "stop",
    servedModel: "moonshotai/kimi-k2",
    provider: "Nebius",
  },
};

export const keyTold: Evidence = {
  statusCode: 200,
  via: "header",
  key: {
    formatValid: true,
    valid: true,
    limitUsd: 10,
    limitRemainingUsd: 7.5,
    usageUsd: { total: 2.5, daily: 0.5, weekly: 1, monthly: 2 },
    expiresAt: 1_900_000_000_000,
    freeRequestsLimit: 50,
    freeRequestsRemaining: 41,
    accountCreditsRemainingUsd: 3.25,
  },
};

export const listing = (target: Target, rest: Partial<ModelListing> = {}): ModelListing => ({
  target: target.name,
  credential: target.credential ?? "",
  model: target.model ?? "",
  listed: true,
  free: true,
  capabilities: { image_input: false, tools: true, structured_outputs: false, reasoning: true },
  priceUsdPerToken: { input: 0, output: 0 },
  contextLengthTokens: 131_072,
  expiresAt: 1_820_000_000_000,
  ...rest,
});
export const capabilityCount = capabilities.length;
export const catalogued = (...listings: readonly ModelListing[]): Outcome => up({ statusCode: 200, via: "header", listings });

export const stored: Evidence = {
  statusCode: 200,
  via: "header",
  durationSeconds: 0.4,
  operations: [
    { operation: "put", verdict: "up", durationSeconds: 0.1, bytesSent: 1024 },
    { operation: "get", verdict: "up", durationSeconds: 0.2, bytesReceived: 1024 },
    { operation: "delete", verdict: "down", durationSeconds: 0.05 },
  ],
};

export const refused = down("unauthorized", { statusCode: 401, via: "header" });

export const pageOf = (metrics: Metrics): Promise<string> => text(metrics.render());

/** The page's lines with samples, of our own metrics. */
export const lines = async (metrics: Metrics): Promise<string[]> =>
  (await pageOf(metrics)).split("\n").filter((line) => line.startsWith("healthd_"));
export const linesOf = async (metrics: Metrics, name: string): Promise<string[]> =>
  (await lines(metrics)).filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
