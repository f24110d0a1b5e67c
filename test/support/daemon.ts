/** A daemon in this process, on the simulator, with its log in memory. */
import { PassThrough } from "node:stream";
import { createLog } from "../../src/base/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { ProbeRecord } from "../../src/core/probe.ts";
import { type Daemon, startDaemon } from "../../src/daemon/daemon.ts";
import { sections } from "../../src/probes/index.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../src/simulator/index.ts";
import { until } from "./programs.ts";
import { configFor, STANDARD } from "./world.ts";

export interface RunningDaemon {
  readonly simulator: Simulator;
  readonly daemon: Daemon;
  readonly records: readonly ProbeRecord[];
  /** The file's new content; takes effect at the next reload. */
  write(yaml: string): void;
  log(): Record<string, unknown>[];
  metrics(): Promise<string>;
  get(path: string): Promise<Response>;
  /** Waits until every target has a record that started after now. */
  round(): Promise<void>;
  end(): Promise<void>;
}

/** Quick enough for a test, slow enough for two cores. */
export const BRISK = `${STANDARD.replace('base_url: "$API" }', 'base_url: "$API", every: 1s, timeout: 900ms, catalog: { every: 1s, timeout: 900ms } }')}defaults: { every: 1s, timeout: 900ms }\n`;

export async function runDaemon(yaml: string = BRISK, options: SimulatorOptions = {}): Promise<RunningDaemon> {
  const simulator = await startSimulator({ firstTokenMs: 5, tokenMs: 1, freeRequestsPerMinute: null, ...options });
  let text = configFor(simulator, yaml);
  const read = () => loadConfig({ file: "test.yaml", text, sections, env: {} });
  const loaded = read();
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
  const redactor = createRedactor(loaded.config.secrets);
  const stream = new PassThrough();
  let written = "";
  stream.on("data", (chunk) => {
    written += String(chunk);
  });
  const records: ProbeRecord[] = [];
  const started = await startDaemon({
    config: loaded.config,
    listen: { host: "127.0.0.1", port: 0 },
    log: createLog({ level: "debug", format: "json", colour: false, redactor, stream }),
    redactor,
    read,
    sinks: [{ take: (record) => records.push(record) }],
  });
  if (!started.ok) throw new Error(started.why);
  const { daemon } = started;
  const get = (path: string): Promise<Response> => fetch(daemon.url + path);
  return {
    simulator,
    daemon,
    records,
    write(next) {
      text = configFor(simulator, next);
    },
    log: () =>
      written
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    metrics: async () => (await get("/metrics")).text(),
    get,
    async round() {
      const from = Date.now();
      const targets = (await (await get("/api/v1/targets")).json()) as { target: string }[];
      await until(
        () =>
          targets.every(({ target }) =>
            records.some((one) => one.target.name === target && one.startedAt >= from && one.outcome.verdict !== "skipped"),
          ),
        "a round",
      );
    },
    async end() {
      await daemon.stop();
      await simulator.stop();
    },
  };
}

/** Value of the series whose line starts so, or undefined. */
export function sampleOf(page: string, series: string): number | undefined {
  const line = page.split("\n").find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}
