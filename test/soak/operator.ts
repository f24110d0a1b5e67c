/** Runs the daemon as an operator would: on one history, with reloads and restarts, while its targets stumble now and then. */
import { join } from "node:path";
import { createLog } from "../../src/base/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { type Loaded, loadConfig } from "../../src/config/load.ts";
import type { ProbeRecord } from "../../src/core/probe.ts";
import { type Daemon, startDaemon } from "../../src/daemon/daemon.ts";
import { sections } from "../../src/probes/index.ts";
import type { Simulator } from "../../src/simulator/index.ts";
import { seededRandom } from "../../src/simulator/random.ts";
import type { FakeClock } from "../support/fake-clock.ts";
import { configFor } from "../support/world.ts";
import { hiccup } from "./hiccups.ts";

/** Every kind of target, at the shipped pace. $LLM is another simulator's API, on simulated time: its quotas must come back each day. */
const YAML = `credentials:
  openrouter: { api_key: $KEY, base_url: "$LLM" }
models:
  qwen_coder: qwen/qwen3-coder:free
  gemini_flash: { id: "google/gemini-2.0-flash-exp:free", expect: { vision: true } }
  kimi_k2: moonshotai/kimi-k2:free
  deepseek_v3: deepseek/deepseek-chat-v3.1:free
buckets:
  files: { bucket: $BUCKET, endpoint: "$S3", region: $REGION, access_key_id: $S3_KEY, secret_access_key: $S3_SECRET }
apps:
  frontend: { url: "$APP", needs: [files, openrouter] }
`;
/** Comes and goes with every second reload, under a new name each time. */
const visitor = (nth: number): string => `  visitor_${nth}: { url: "$APP", needs: [files] }\n`;

export interface OperatorOptions {
  readonly folder: string;
  readonly clock: FakeClock;
  readonly storage: Simulator;
  readonly llm: Simulator;
  readonly failureShare: number;
}

export interface Counts {
  readonly probes: number;
  readonly failures: number;
  readonly reloads: number;
  readonly restarts: number;
}

export interface Operator {
  start(): Promise<void>;
  stop(): Promise<void>;
  reload(): Promise<void>;
  /** What /metrics answers, or undefined while the daemon is down. */
  page(): Promise<string | undefined>;
  /** No probe is running. */
  idle(): boolean;
  counts(): Counts;
}

export function createOperator({ folder, clock, storage, llm, failureShare }: OperatorOptions): Operator {
  const random = seededRandom(1);
  const counts = { probes: 0, failures: 0, reloads: 0, restarts: -1 };
  let daemon: Daemon | undefined;
  const config = (more: string): string => {
    // Both accounts have the same key: it comes from the seed.
    const text = configFor(storage, (YAML + more).replace("$LLM", llm.openrouterUrl));
    return `${text}history: { path: "${join(folder, "history.db")}" }\n`;
  };
  let text = config("");
  const read = (): Loaded => loadConfig({ file: "soak.yaml", text, sections, env: {} });

  const ill = new Set<string>();
  const calm = (): boolean => ill.size === 0 && storage.faults.active().length === 0 && llm.faults.active().length === 0;
  const take = ({ target, outcome }: ProbeRecord): void => {
    if (outcome.verdict === "skipped") return;
    counts.probes++;
    if (outcome.verdict !== "up") {
      counts.failures++;
      ill.add(target.name);
      return;
    }
    ill.delete(target.name);
    // One at a time: an application that stumbles, and at its next turn meets a bucket that does, has failed twice.
    if (calm() && random() < failureShare) hiccup(target, storage.faults, llm.faults, random);
  };

  return {
    async start() {
      const loaded = read();
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
      const redactor = createRedactor(loaded.config.secrets);
      const log = createLog({ level: "fatal", redactor });
      const listen = { host: "127.0.0.1", port: 0 };
      const started = await startDaemon({ config: loaded.config, listen, log, redactor, read, clock, sinks: [{ take }] });
      if (!started.ok) throw new Error(started.why);
      daemon = started.daemon;
      counts.restarts++;
    },
    async stop() {
      const stopping = daemon?.stop();
      daemon = undefined;
      await stopping;
    },
    async reload() {
      text = config(counts.reloads % 2 === 0 ? visitor(counts.reloads) : "");
      await daemon?.reload();
      ill.clear();
      counts.reloads++;
    },
    async page() {
      if (daemon === undefined) return undefined;
      return (await fetch(`${daemon.url}/metrics`, { headers: { "accept-encoding": "identity" } })).text();
    },
    idle: () => (daemon?.inFlight() ?? 0) === 0,
    counts: () => ({ ...counts }),
  };
}
