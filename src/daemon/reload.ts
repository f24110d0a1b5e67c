/** Reads the config anew and swaps it in, whole or not at all. */
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Redactor } from "../base/redact.ts";
import type { Config } from "../config/config.ts";
import { diff } from "../config/diff.ts";
import { formatIssue } from "../config/issue.ts";
import type { FileStamps, Loaded } from "../config/load.ts";
import type { Metrics } from "../metrics/registry.ts";
import type { Reloaded } from "../web/options.ts";

export interface ReloadOptions {
  /** What the daemon was started with. */
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly metrics: Metrics;
  read(): Loaded;
  /** Whether the web config is what stands in its file: one metric tells of both. */
  webConfigInForce(): boolean;
  /** Makes the daemon follow the config; targets named in `keep` go on undisturbed. Throws before it has changed anything. */
  apply(config: Config, keep?: ReadonlySet<string>): void;
}

export interface Reloader {
  /** Swaps within one turn of the event loop: two at once follow each other. Rejects, and says so in the log, at a bug. */
  reload(): Promise<Reloaded>;
  current(): Config;
  /** The files that were read at the latest attempt, successful or not. */
  files(): FileStamps;
}

/** What is bound, opened or created once. */
const RESTART_ONLY = ["web", "log", "history", "proxy"] as const;

export function createReloader(options: ReloadOptions, files: FileStamps): Reloader {
  const { clock, log, redactor, metrics, config, read, apply, webConfigInForce } = options;
  let current = config;
  let inForce = true;
  metrics.set("healthd_config_last_reload_successful", () => Number(inForce && webConfigInForce()));
  let stamps = files;
  const note = (ok: boolean): void => {
    inForce = ok;
    if (ok) metrics.set("healthd_config_last_reload_success_timestamp_seconds", clock.wall() / 1000);
  };
  const swap = (): Reloaded => {
    const loaded = read();
    stamps = loaded.files;
    if (!loaded.ok) {
      note(false);
      log.error({ issues: loaded.issues.map(formatIssue) }, "the new config is wrong; the old one stays in force");
      return loaded;
    }
    const { added, removed, changed, unchanged } = diff(current, loaded.config);
    for (const secret of loaded.config.secrets) redactor.learn(secret);
    apply(loaded.config, new Set(unchanged));
    current = loaded.config;
    note(true);
    const waits = RESTART_ONLY.filter((key) => !isDeepStrictEqual(config[key], loaded.config[key]));
    if (waits.length > 0) log.warn({ keys: waits }, `${waits.join(", ")}: changed, and takes effect at the next start`);
    log.info({ added, removed, changed, unchanged: unchanged.length }, "config reloaded");
    return { ok: true };
  };
  note(true);
  return {
    current: () => current,
    files: () => stamps,
    async reload() {
      try {
        return swap();
      } catch (error) {
        note(false);
        log.error({ err: error }, "a reload failed: this is a bug in llm-healthd; the old config stays in force");
        throw error;
      }
    },
  };
}
