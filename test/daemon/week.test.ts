import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLog } from "../../src/base/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { ProbeRecord } from "../../src/core/probe.ts";
import { createProbing, type Probing } from "../../src/daemon/probing.ts";
import { type Ledger, openLedger } from "../../src/history/ledger.ts";
import { createContext, sections } from "../../src/probes/index.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { configFor } from "../support/world.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Seven free models, configured far more often than any free account allows. */
const CONFIG = `credentials:
  openrouter: { api_key: $KEY, base_url: "$API", every: 10m, catalog: { every: 6h } }
models:
  qwen_coder: qwen/qwen3-coder:free
  qwen_vl: { id: "qwen/qwen2.5-vl-72b-instruct:free", expect: { vision: true } }
  gemini_flash: { id: "google/gemini-2.0-flash-exp:free", expect: { vision: true } }
  kimi_k2: moonshotai/kimi-k2:free
  deepseek_v3: deepseek/deepseek-chat-v3.1:free
  tongyi_research: alibaba/tongyi-deepresearch-30b-a3b:free
  gemma_27b: google/gemma-3-27b-it:free
defaults: { every: 5m }
`;
const MODELS = ["qwen_coder", "qwen_vl", "gemini_flash", "kimi_k2", "deepseek_v3", "tongyi_research", "gemma_27b"];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "healthd-week-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Life {
  readonly probing: Probing;
  readonly ledger: Ledger;
}

/** One life of the daemon, from a start to the next; what it remembers is in the file. */
function live(simulator: Simulator, clock: FakeClock, records: ProbeRecord[], yaml = CONFIG): Life {
  const loaded = loadConfig({ file: "week.yaml", text: configFor(simulator, yaml), sections, env: {} });
  if (!loaded.ok) throw new Error("config");
  const redactor = createRedactor(loaded.config.secrets);
  const log = createLog({ level: "fatal", redactor });
  const ledger = openLedger(join(folder, "history.db"), clock.wall(), (error) => {
    throw error;
  });
  const probing = createProbing({
    clock,
    log,
    ledger,
    context: createContext(redactor),
    sinks: [{ take: (record) => records.push(record) }],
  });
  probing.apply(loaded.config);
  return { probing, ledger };
}

const perDay = (records: readonly ProbeRecord[]): Map<number, number> => {
  const days = new Map<number, number>();
  for (const { startedAt } of records) days.set(Math.floor(startedAt / DAY), (days.get(Math.floor(startedAt / DAY)) ?? 0) + 1);
  return days;
};

test.each([
  [50, 10],
  [1000, 200],
])(
  "a week on %d free requests a day: never a 429, never more than %d, every model at the promised rate",
  async (limit, allowed) => {
    const clock = createFakeClock(Date.UTC(2026, 10, 23));
    const simulator = await startSimulator({ now: clock.wall, freeRequestsPerDay: limit, firstTokenMs: 0, tokenMs: 0 });
    const records: ProbeRecord[] = [];
    try {
      let life = live(simulator, clock, records);
      // A sibling application uses half of the quota, spread over the day; every 31 hours the daemon is restarted.
      for (let hour = 0; hour < 7 * 24; hour++) {
        const siblings = Math.floor(((hour % 24) + 1) * (limit / 48)) - Math.floor((hour % 24) * (limit / 48));
        for (let use = 0; use < siblings; use++) {
          simulator.account.useFreeRequests(1);
          await clock.advance(HOUR / siblings, () => life.probing.inFlight() === 0);
        }
        if (siblings === 0) await clock.advance(HOUR, () => life.probing.inFlight() === 0);
        if (hour % 31 === 30) {
          await life.probing.stop(0);
          life.ledger.close();
          life = live(simulator, clock, records);
        }
      }
      await life.probing.stop(0);
      life.ledger.close();

      const runs = records.filter(({ target, outcome }) => target.kind === "model" && outcome.verdict !== "skipped");
      expect(simulator.account.rejected()).toBe(0);
      expect(runs.filter(({ outcome }) => outcome.verdict !== "up")).toEqual([]);
      for (const used of perDay(runs).values()) expect(used).toBeLessThanOrEqual(allowed);
      // Promised is the share, evenly over models and days; the first day also pays for the first look at each.
      for (const name of MODELS) {
        const own = runs.filter(({ target }) => target.name === name);
        const promised = (7 * allowed) / MODELS.length;
        expect(own.length).toBeLessThanOrEqual(promised * 1.1 + 2);
        expect(own.length).toBeGreaterThanOrEqual(Math.floor(promised * 0.9) - 1);
        const gaps = own.slice(1).map(({ startedAt }, at) => startedAt - (own[at]?.startedAt ?? 0));
        expect(Math.max(...gaps)).toBeLessThanOrEqual(((2 * DAY) / allowed) * MODELS.length);
      }
    } finally {
      await simulator.stop();
    }
  },
  120_000,
);

test("when the sibling uses it all up, the probes leave the last requests alone and cause no 429", async () => {
  const clock = createFakeClock(Date.UTC(2026, 10, 23));
  const simulator = await startSimulator({ now: clock.wall, freeRequestsPerDay: 1000, firstTokenMs: 0, tokenMs: 0 });
  const records: ProbeRecord[] = [];
  try {
    const { probing, ledger } = live(simulator, clock, records);
    await clock.advance(2 * HOUR, () => probing.inFlight() === 0);
    simulator.account.useFreeRequests(940);
    await clock.advance(20 * HOUR, () => probing.inFlight() === 0);
    const parked = records.filter(({ outcome }) => outcome.verdict === "skipped" && outcome.cause === "quota");
    expect(parked.length).toBeGreaterThan(0);
    expect(simulator.account.rejected()).toBe(0);
    await clock.advance(6 * HOUR, () => probing.inFlight() === 0);
    const nextDay = records.filter(
      ({ target, startedAt, outcome }) => target.kind === "model" && startedAt > Date.UTC(2026, 10, 24) && outcome.verdict === "up",
    );
    expect(nextDay.length).toBeGreaterThan(10);
    await probing.stop(0);
    ledger.close();
  } finally {
    await simulator.stop();
  }
}, 60_000);

test("a model that was said to cost nothing and does: its answers' word counts, and the day's money is the end of it", async () => {
  const clock = createFakeClock(Date.UTC(2026, 10, 23));
  const simulator = await startSimulator({ now: clock.wall, firstTokenMs: 0, tokenMs: 0 });
  const records: ProbeRecord[] = [];
  const budget = 0.0001;
  try {
    const { probing, ledger } = live(
      simulator,
      clock,
      records,
      `credentials:
  openrouter: { api_key: $KEY, base_url: "$API" }
models:
  said_free: { id: qwen/qwen3-coder, price: { input: 0, output: 0 } }
defaults: { every: 1m }
budget: { usd_per_day: ${budget} }
policy: { require_free: false }
`,
    );
    await clock.advance(20 * HOUR, () => probing.inFlight() === 0);
    const costs = records.flatMap(({ outcome }) => (outcome.verdict === "up" ? (outcome.evidence.completion?.costUsd ?? []) : []));
    const used = ledger.usedSince("openrouter", Date.UTC(2026, 10, 23)).usd;
    expect(used).toBeGreaterThan(budget / 2);
    expect(used).toBeLessThanOrEqual(budget + 1e-12);
    expect(costs.reduce((sum, cost) => sum + cost, 0)).toBeCloseTo(used, 12);
    expect(records.some(({ outcome }) => outcome.verdict === "skipped" && outcome.cause === "budget")).toBe(true);
    expect(probing.budgets()).toMatchObject([{ credential: "openrouter", exhausted: true }]);
    await probing.stop(0);
    ledger.close();
  } finally {
    await simulator.stop();
  }
}, 60_000);
