/**
 * Tells systemd that the daemon is up, and feeds its watchdog as long as probing goes on: a process that only looks alive is restarted.
 * Node opens no datagram sockets of that family, so systemd's own program does the talking.
 */
import { execFile } from "node:child_process";
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Standing } from "../web/options.ts";

export interface SystemdOptions {
  /** NOTIFY_SOCKET and WATCHDOG_USEC are systemd's words (sd_notify(3), sd_watchdog_enabled(3)); without the first, nothing is done. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
  alive(): Standing;
}

const PROGRAM = "systemd-notify";
const PROGRAM_TIMEOUT_MS = 5000;
// systemd advises half the time; a third forgives one that was slow.
const PINGS_PER_TIMEOUT = 3;

/** Returns what says that it stops, and feeds no more. */
export function tellSystemd({ env, clock, log, alive }: SystemdOptions): () => Promise<void> {
  if ((env.NOTIFY_SOCKET ?? "") === "") return async () => undefined;
  let complained = false;
  const notify = (...words: readonly string[]): Promise<void> =>
    new Promise((done) => {
      execFile(PROGRAM, words, { env, timeout: PROGRAM_TIMEOUT_MS }, (error) => {
        if (error !== null && !complained) log.error({ err: error }, `${PROGRAM} failed: systemd does not know how this daemon fares`);
        complained ||= error !== null;
        done();
      });
    });

  let cancel = (): void => undefined;
  const periodMs = Number(env.WATCHDOG_USEC ?? 0) / 1000 / PINGS_PER_TIMEOUT;
  const feed = (): void => {
    cancel = clock.after(periodMs, feed);
    const standing = alive();
    if (standing.ok) void notify("WATCHDOG=1");
    else log.fatal({ why: standing.why }, "probing has stopped; the watchdog is left hungry, so that systemd starts the daemon anew");
  };
  void notify("READY=1");
  if (periodMs > 0) feed();
  return async () => {
    cancel();
    await notify("STOPPING=1");
  };
}
