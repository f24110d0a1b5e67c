/** The history as the daemon keeps it: what befalls the file is told in log and metrics. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Redactor } from "../base/redact.ts";
import type { Config } from "../config/config.ts";
import { type History, openHistory } from "../history/history.ts";
import type { Metrics } from "../metrics/registry.ts";

export interface KeepOptions {
  readonly config: Config["history"];
  readonly clock: Clock;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly metrics: Metrics;
}

/** Throws when the place cannot hold a history, when another process writes it, and when the file is not one of ours. */
export function keepHistory({ config, clock, log, redactor, metrics }: KeepOptions): History {
  metrics.set("healthd_history_write_failures_total", 0);
  const history = openHistory({
    path: config.path,
    clock,
    keeping: { seconds: config.keepSeconds },
    redact: redactor.text,
    tell: (level, message, err) => log[level](err === undefined ? {} : { err }, message),
    onFailure: () => metrics.set("healthd_history_write_failures_total", 1),
  });
  metrics.set("healthd_history_writable", () => Number(history.writable()));
  return history;
}
