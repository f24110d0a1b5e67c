/** A daemon in this process, on the simulator, with its log in memory. */
import { PassThrough } from "node:stream";
import { createLog } from "../../src/base/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { ProbeRecord } from "../../src/core/probe.ts";
import { type Daemon, startDaemon } from "../../src/daemon/daemon.ts";
import { IN_MEMORY } from "../../src/history/database.ts";
import { sections } from "../../src/probes/index.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../src/simulator/index.ts";
import type { FakeClock } from "./fake-clock.ts";
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
  /** Probes every target once, over HTTP, one after the other. */
  round(): Promise<void>;
  end(): Promise<void>;
}

/** A schedule that never comes by itself while a test runs: the rounds do the probing, with all the time they need. */
export const CALM = `${STANDARD}defaults: { every: 1h, timeout: 30s }\n`;

/** With a `clock` of its own, time passes only as the test lets it pass. */
export async function runDaemon(yaml: string = CALM, options: SimulatorOptions = {}, clock?: FakeClock): Promise<RunningDaemon> {
  const simulator = await startSimulator({
    firstTokenMs: 5,
    tokenMs: 1,
    freeRequestsPerMinute: null,
    freeRequestsPerDay: 1_000_000,
    ...options,
  });
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
    log: createLog({ level: "debug", redactor, stream }),
    redactor,
    read,
    historyPath: IN_MEMORY,
    ...(clock === undefined ? {} : { clock }),
    sinks: [{ take: (record) => records.push(record) }],
  });
  if (!started.ok) throw new Error(started.why);
  const { daemon } = started;
  // The schedule looks at each target once soon after the start; only then is a round of ours the only probing there is.
  const scheduled = new Set(
    loaded.config.credentials.flatMap(({ name }) => [name, `${name}_catalog`]).concat(loaded.config.entries.map(({ name }) => name)),
  );
  await until(async () => {
    await clock?.advance(50);
    return [...scheduled].every((name) => records.some((one) => one.target.name === name && one.latenessSeconds !== undefined));
  }, "the first runs");
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
      const targets = (await (await get("/api/v1/targets")).json()) as { target: string }[];
      for (const { target } of targets) await (await get(`/probe?target=${target}`)).text();
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
