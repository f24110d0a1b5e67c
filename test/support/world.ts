/** The simulator with a config that points at it, and the probes of that config. */
import { createRedactor, type Redactor } from "../../src/base/redact.ts";
import type { Config } from "../../src/config/config.ts";
import { formatIssue } from "../../src/config/issue.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Probed } from "../../src/core/outcome.ts";
import type { Planned } from "../../src/core/probe.ts";
import { createContext, planProbes, sections } from "../../src/probes/index.ts";
import type { ProbeContext } from "../../src/probes/kind.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../src/simulator/index.ts";

export interface World {
  readonly simulator: Simulator;
  readonly config: Config;
  readonly context: ProbeContext;
  readonly redactor: Redactor;
  readonly planned: readonly Planned[];
  /** Runs the target's probe once, aborting it after `timeoutMs`. */
  probe(name: string, timeoutMs?: number): Promise<Probed>;
}

/** `models` etc. are YAML that goes below the credential, two spaces in; `$…` names of the simulator are filled in. */
export function configFor({ openrouterUrl, s3Url, appUrl, credentials }: Simulator, rest: string): string {
  const facts: Record<string, string> = { API: openrouterUrl, S3: s3Url, APP: appUrl, KEY: credentials.apiKey, BUCKET: credentials.bucket };
  Object.assign(facts, { S3_KEY: credentials.accessKeyId, S3_SECRET: credentials.secretAccessKey, REGION: credentials.region });
  return rest.replaceAll(/\$([A-Z][A-Z0-9_]*)/g, (whole, name: string) => facts[name] ?? whole);
}

export const STANDARD = `credentials:
  openrouter: { api_key: $KEY, base_url: "$API" }
models:
  qwen_coder: qwen/qwen3-coder:free
  gemini_flash: { id: "google/gemini-2.0-flash-exp:free", expect: { vision: true } }
  deepseek_v3: deepseek/deepseek-chat-v3.1:free
buckets:
  files: { bucket: $BUCKET, endpoint: "$S3", region: $REGION, access_key_id: $S3_KEY, secret_access_key: $S3_SECRET }
  files_read: { bucket: $BUCKET, endpoint: "$S3", region: $REGION, access_key_id: $S3_KEY, secret_access_key: $S3_SECRET, mode: read_only }
apps:
  frontend: { url: "$APP", needs: [files, openrouter] }
budget: { free_quota_share: 1, free_requests_per_minute: 100000 }
`;

export async function startWorld(yaml: string = STANDARD, options: SimulatorOptions = {}): Promise<World> {
  const simulator = await startSimulator({
    firstTokenMs: 5,
    tokenMs: 1,
    freeRequestsPerMinute: null,
    freeRequestsPerDay: 1_000_000,
    ...options,
  });
  const loaded = loadConfig({ file: "test.yaml", text: configFor(simulator, yaml), sections, env: {} });
  if (!loaded.ok) {
    await simulator.stop();
    throw new Error(loaded.issues.map(formatIssue).join("\n"));
  }
  const redactor = createRedactor(loaded.config.secrets);
  const context = createContext(redactor);
  const planned = planProbes(loaded.config, context);
  return {
    simulator,
    config: loaded.config,
    context,
    redactor,
    planned,
    async probe(name, timeoutMs = 5_000) {
      const one = planned.find(({ target }) => target.name === name);
      if (one === undefined) throw new Error(`no target ${name}`);
      const outcome = await one.probe.run(AbortSignal.timeout(timeoutMs));
      if (outcome.verdict === "skipped") throw new Error(`${name} was skipped`);
      return outcome;
    },
  };
}
