/** What an alert on a target's series adds to them. */
import { labels, series } from "../promql.ts";

/** Names what a series is about as the faults do: every alert has the same label for it. */
export const aboutTarget = (expr: string): string => `label_replace(${expr}, "subject", "$1", "target", "(.+)")`;

/** What looks back over hours goes on when a target has left the config, or the daemon is gone: only of those that are still probed. */
export const stillProbed = (expr: string): string =>
  `${expr}\nand on (${labels("healthd_probe_interval_seconds", "job", "instance", "target")}) ${series("healthd_probe_interval_seconds")}`;
