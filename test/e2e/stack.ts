/** A daemon on the simulator, and a Prometheus that scrapes it: for suites that ask Prometheus. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../src/simulator/index.ts";
import { answers, findProgram, freePort, type Program, startProgram } from "../support/programs.ts";
import { configFor } from "../support/world.ts";
import { type Healthd, killLeftovers, startHealthd } from "./healthd.ts";

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Of an instant query. */
  readonly value: readonly [number, string];
}

export interface Stack {
  readonly simulator: Simulator;
  readonly healthd: Healthd;
  /** The daemon's. */
  readonly url: string;
  /** Prometheus's answer to a path of its API. */
  api<T>(path: string, query: Readonly<Record<string, string>>): Promise<T>;
  query(promql: string): Promise<readonly Series[]>;
  /** Value of the first series, NaN where there is none. */
  number(promql: string): Promise<number>;
  stop(): Promise<void>;
}

export interface StackOptions {
  /** The daemon's config; `$…` names of the simulator are filled in. */
  readonly yaml: string;
  readonly simulator?: SimulatorOptions;
  /** Before the daemon starts. */
  prepare?(simulator: Simulator): void;
  /** Rule files, by their full paths. */
  readonly rules?: readonly string[];
}

const scrapeConfig = (
  target: string,
  rules: readonly string[],
): string => `global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
rule_files: ${JSON.stringify(rules)}
scrape_configs:
  - job_name: llm-healthd
    static_configs: [{ targets: ["${target}"] }]
`;

async function startPrometheus(folder: string, target: string, rules: readonly string[]): Promise<{ program: Program; server: string }> {
  const listen = `127.0.0.1:${await freePort()}`;
  const server = `http://${listen}`;
  writeFileSync(join(folder, "prometheus.yml"), scrapeConfig(target, rules));
  const args = [
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=${listen}`,
  ];
  const program = await startProgram(findProgram("prometheus") ?? "", args, () => answers(`${server}/-/ready`));
  return { program, server };
}

export async function startStack({ yaml, simulator: options = {}, prepare, rules = [] }: StackOptions): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), "healthd-prometheus-"));
  const simulator = await startSimulator({
    firstTokenMs: 20,
    tokenMs: 2,
    freeRequestsPerMinute: null,
    freeRequestsPerDay: 1_000_000,
    ...options,
  });
  prepare?.(simulator);
  writeFileSync(join(folder, "healthd.yaml"), `${configFor(simulator, yaml)}history: { path: "${folder}/history.db" }\n`);
  const healthd = startHealthd(["run", "--config", join(folder, "healthd.yaml"), "--listen", "127.0.0.1:0", "--log-format", "json"]);
  const url = await healthd.says(/"url":"(http:[^"]+)"/);
  const { program, server } = await startPrometheus(folder, new URL(url).host, rules);

  const api = async <T>(path: string, query: Readonly<Record<string, string>>): Promise<T> => {
    const answer = await fetch(`${server}/api/v1/${path}?${new URLSearchParams(query)}`);
    const { status, data, error } = (await answer.json()) as { status: string; error?: string; data: T };
    if (status !== "success") throw new Error(`${path} ${JSON.stringify(query)}: ${error}`);
    return data;
  };
  const query = async (promql: string): Promise<readonly Series[]> =>
    (await api<{ result: readonly Series[] }>("query", { query: promql })).result;
  return {
    simulator,
    healthd,
    url,
    api,
    query,
    number: async (promql) => Number((await query(promql))[0]?.value[1]),
    async stop() {
      await program.stop();
      killLeftovers();
      await simulator.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
