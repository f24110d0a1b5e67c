/** A history in a folder of its own, and records to put into it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createRedactor } from "../../src/base/redact.ts";
import { down, type Evidence, type Outcome, up } from "../../src/core/outcome.ts";
import type { ProbeRecord, Spend, Target } from "../../src/core/probe.ts";
import type { RootCause } from "../../src/core/root-cause.ts";
import { type History, type HistoryOptions, openHistory } from "../../src/history/history.ts";
import { createFakeClock, type FakeClock } from "./fake-clock.ts";
import { aTarget } from "./targets.ts";

export const SECRET = "correct-horse-battery";

export interface Told {
  readonly level: string;
  readonly message: string;
}

export interface HistoryWorld {
  readonly folder: string;
  readonly path: string;
  readonly clock: FakeClock;
  readonly told: Told[];
  failures(): number;
  open(over?: Partial<HistoryOptions>): History;
  end(): void;
}

export function historyWorld(folder = mkdtempSync(join(tmpdir(), "healthd-history-"))): HistoryWorld {
  const path = join(folder, "history.db");
  const clock = createFakeClock();
  const told: Told[] = [];
  const opened: History[] = [];
  let failures = 0;
  return {
    folder,
    path,
    clock,
    told,
    failures: () => failures,
    open(over = {}) {
      const history = openHistory({
        path,
        clock,
        keeping: { seconds: 30 * 86_400 },
        redact: createRedactor([SECRET]).text,
        tell: (level, message) => told.push({ level, message }),
        onFailure: () => {
          failures++;
        },
        ...over,
      });
      opened.push(history);
      return history;
    },
    end() {
      for (const history of opened) history.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export const kimi: Target = aTarget({ name: "kimi", kind: "model", credential: "openrouter", model: "moonshotai/kimi-k2:free" });
export const files: Target = aTarget({ name: "files", kind: "bucket" });

export const fine: Outcome = up({ statusCode: 200, via: "header", durationSeconds: 0.5 });
export const limited = (over: Partial<Evidence> = {}): Outcome =>
  down("rate_limited", { statusCode: 429, via: "header", durationSeconds: 0.25, message: "Slow down", ...over });

export const recordAt = (startedAt: number, target: Target, outcome: Outcome): ProbeRecord => ({
  target,
  outcome,
  startedAt,
  durationSeconds: 0.5,
});

export const cause: RootCause = {
  owner: "storage",
  reason: "s3_slow_down",
  subject: "files",
  kind: "bucket",
  explains: ["files", "frontend"],
  sightings: 2,
  message: "503 SlowDown",
  down: true,
};

export const spend: Spend = { credential: "openrouter", free: true, usd: 0.01, tokens: 40, usdPerToken: { input: 0, output: 0 } };

/** As another program sees the file. */
export function rowsOf(path: string, text: string): Record<string, unknown>[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database.prepare(text).all() as Record<string, unknown>[];
  } finally {
    database.close();
  }
}
