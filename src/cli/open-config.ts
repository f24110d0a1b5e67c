/** Reads the config a command was told to use, or says everything that is wrong with it. */
import type { Redactor } from "../base/redact.ts";
import type { Config, ConfigIssue } from "../config/config.ts";
import { formatIssue } from "../config/issue.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import { sections } from "../probes/index.ts";
import { type Invocation, list, text } from "./command.ts";
import { type Io, paint } from "./io.ts";

export const DEFAULT_CONFIG = "config/healthd.yaml";

/** How this invocation's config is read; again at each reload. The redactor learns what is secret in it. */
export function configReader(invocation: Invocation): () => Loaded {
  const { io } = invocation;
  const file = text(invocation, "config") ?? (io.env.LLM_HEALTHD_CONFIG || DEFAULT_CONFIG);
  return () => {
    const loaded = loadConfig({ file, sections, env: io.env, envFiles: list(invocation, "envFile") });
    if (loaded.ok) for (const secret of loaded.config.secrets) io.redactor.learn(secret);
    return loaded;
  };
}

type Judged =
  | { readonly ok: true; readonly warnings: readonly ConfigIssue[] }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

export function printIssues(io: Io, loaded: Judged): void {
  if (loaded.ok) {
    for (const warning of loaded.warnings) io.err(`${paint(io, "yellow", "warning")} ${formatIssue(warning)}\n`);
    return;
  }
  for (const issue of loaded.issues) io.err(`${paint(io, "red", "error")} ${formatIssue(issue)}\n`);
  const count = loaded.issues.length;
  io.err(`${count} problem${count === 1 ? "" : "s"}; nothing was started. To see it work first: npm run demo (llm-healthd demo)\n`);
}

/** The config with a redactor that knows its secrets; undefined after the issues were printed. */
export function openConfig(invocation: Invocation): { config: Config; redactor: Redactor } | undefined {
  const loaded = configReader(invocation)();
  printIssues(invocation.io, loaded);
  return loaded.ok ? { config: loaded.config, redactor: invocation.io.redactor } : undefined;
}
