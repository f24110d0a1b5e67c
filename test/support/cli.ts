import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRedactor } from "../../src/base/redact.ts";
import { runCli } from "../../src/cli/index.ts";
import type { ExitCode, Io } from "../../src/cli/io.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { configFor } from "./world.ts";

export interface CliRun {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in this process, as main does, without a terminal. */
export async function cli(args: readonly string[], over: Partial<Io> = {}): Promise<CliRun> {
  let out = "";
  let err = "";
  const io: Io = {
    out(text) {
      out += text;
    },
    err(text) {
      err += text;
    },
    terminal: false,
    live: false,
    colour: false,
    redactor: createRedactor(),
    env: {},
    stop: new AbortController().signal,
    onHangUp: () => () => undefined,
    ...over,
  };
  return { code: await runCli(args, io), out, err };
}

/** The first user's bad night: seven models that exist and the three that did not. */
export const TEN_MODELS = `credentials:
  openrouter: { api_key: "\${API_KEY}", base_url: "$API" }
models:
  qwen_coder: qwen/qwen3-coder:free
  qwen_vl: { id: "qwen/qwen2.5-vl-72b-instruct:free", expect: { vision: true } }
  gemini_flash: { id: "google/gemini-2.0-flash-exp:free", expect: { vision: true } }
  kimi_k2: moonshotai/kimi-k2:free
  deepseek_v3: deepseek/deepseek-chat-v3.1:free
  tongyi_research: alibaba/tongyi-deepresearch-30b-a3b:free
  gemma_27b: google/gemma-3-27b-it:free
  dead_qwen: qwen/qwen3-coder-480b
  dead_kimi: moonshot/kimi-dev-72b
  dead_deepseek: deepseek/deepseek-r1-70b
`;

/** A simulator, a folder for configs, and the commands with the simulator's key in their environment. */
export interface CliWorld {
  readonly simulator: Simulator;
  readonly folder: string;
  /** Writes a file; `$…` names of the simulator are filled in. */
  file(name: string, text: string): string;
  cli(args: readonly string[], over?: Partial<Io>): Promise<CliRun>;
  end(): Promise<void>;
}

export async function startCliWorld(): Promise<CliWorld> {
  const simulator = await startSimulator({ firstTokenMs: 5, tokenMs: 1 });
  const folder = mkdtempSync(join(tmpdir(), "healthd-cli-"));
  return {
    simulator,
    folder,
    file(name, text) {
      const path = join(folder, name);
      writeFileSync(path, configFor(simulator, text), { mode: 0o600 });
      return path;
    },
    cli: (args, over = {}) => cli(args, { env: { API_KEY: simulator.credentials.apiKey }, ...over }),
    async end() {
      await simulator.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
