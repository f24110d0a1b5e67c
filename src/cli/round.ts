/** Probes each of some targets once, with live progress on a terminal. */
import { pause, systemClock } from "../base/clock.ts";
import { createLog } from "../base/log.ts";
import type { Redactor } from "../base/redact.ts";
import type { Planned, ProbeRecord } from "../core/probe.ts";
import { createRunner } from "../schedule/runner.ts";
import { type Io, paint } from "./io.ts";

// As many at once as a browser with many tabs: quick, and no burst that a provider would throttle.
const AT_ONCE = 16;
// As long as a TLS handshake takes in code that has only just been loaded: what begins sooner is measured together with it, 0.04 s of 0.25 too long.
const APART_MS = 20;
const COSTS_NOTHING: ReadonlySet<string> = new Set(["credential", "catalog"]);
const CLEAR_LINE = "\r\u001b[2K";

/**
 * Records in the order of `planned`. What costs nothing goes first: it tells the model probes what to expect.
 * When the user stops, what was cut off or not begun is skipped.
 */
export async function probeOnce(planned: readonly Planned[], io: Io, redactor: Redactor): Promise<readonly ProbeRecord[]> {
  const log = createLog({ level: "fatal", redactor });
  const records = new Map<string, ProbeRecord>();
  const runner = createRunner({ clock: systemClock, log, sinks: [{ take: (record) => void records.set(record.target.name, record) }] });
  const stop = (): void => void runner.stop(0);
  io.stop.addEventListener("abort", stop, { once: true });
  if (io.stop.aborted) stop();

  const progress = (name: string): void => {
    if (io.live) io.err(`${CLEAR_LINE}${paint(io, "dim", `${records.size}/${planned.length}  ${name} …`)}`);
  };
  const wave = async (some: readonly Planned[]): Promise<void> => {
    const going = new Set<Promise<void>>();
    for (const one of some) {
      while (going.size >= AT_ONCE) await Promise.race(going);
      const { name } = one.target;
      progress(name);
      const run = runner.now(one).then(() => {
        going.delete(run);
        progress(name);
      });
      going.add(run);
      await Promise.race([run, pause(systemClock, APART_MS, io.stop)]);
    }
    await Promise.all(going);
  };
  await wave(planned.filter(({ target }) => COSTS_NOTHING.has(target.kind)));
  await wave(planned.filter(({ target }) => !COSTS_NOTHING.has(target.kind)));

  if (io.live) io.err(CLEAR_LINE);
  io.stop.removeEventListener("abort", stop);
  return planned.flatMap(({ target }) => records.get(target.name) ?? []);
}
