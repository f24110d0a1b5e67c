/** Loading as the tests do it, and files to load. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Config, ConfigIssue } from "../../src/config/config.ts";
import { formatIssue } from "../../src/config/issue.ts";
import { type Loaded, type LoadOptions, loadConfig } from "../../src/config/load.ts";
import { env } from "./env.ts";
import { sections } from "./sections.ts";

export const load = (options: Partial<LoadOptions>): Loaded => loadConfig({ file: "config/healthd.yaml", sections, env, ...options });

export function configOf(loaded: Loaded): Config {
  if (!loaded.ok) throw new Error(loaded.issues.map(formatIssue).join("\n"));
  return loaded.config;
}

export const issuesOf = (loaded: Loaded): string[] => (loaded.ok ? [] : loaded.issues.map(formatIssue));
export const warningsOf = (loaded: Loaded): readonly ConfigIssue[] => (loaded.ok ? loaded.warnings : []);

/** A folder of this test file's own. */
export const folder = mkdtempSync(join(tmpdir(), "healthd-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

export function write(name: string, content: string | Uint8Array, mode = 0o600): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

/** A config whose key is in the variable KEY. */
export const KEY = `credentials: { openrouter: { api_key: "\${KEY}" } }`;
