/** Probes each of some targets once, with live progress on a terminal. */
import { systemClock } from "../base/clock.ts";
import { createLog } from "../base/log.ts";
import type { Redactor } from "../base/redact.ts";
import type { Planned, ProbeRecord } from "../core/probe.ts";
import { createRunner } from "../schedule/runner.ts";
import { type Io, paint } from "./io.ts";

// As many at once as a browser with many tabs: quick, and no burst that a provider would throttle.
const AT_ONCE = 16;
const COSTS_NOTHING: ReadonlySet<string> = new Set(["credential", "catalog"]);
const CLEAR_LINE = "\r\u001b[2K";

/**
 * Records in the order of `planned`. What costs nothing goes first: it tells the model probes what to expect.
 * When the user stops, what was not begun is missing from the records.
 */
export async function probeOnce(planned: readonly Planned[], io: Io, redactor: Redactor): Promise<readonly ProbeRecord[]> {
  const log = createLog({ level: "fatal", redactor });
  const records = new Map<string, ProbeRecord>();
  const runner = createRunner({ clock: systemClock, log, sinks: [{ take: (record) => void records.set(record.target.name, record) }] });
  const stop = (): void => void runner.stop(0);
  io.stop.addEventListener("abort", stop, { once: true });

  const progress = (name: string): void => {
    if (io.live) io.err(`${CLEAR_LINE}${paint(io, "dim", `${records.size}/${planned.length}  ${name} …`)}`);
  };
  const wave = async (some: readonly Planned[]): Promise<void> => {
    const left = some.values();
    const work = async (): Promise<void> => {
      for (const one of left) {
        if (io.stop.aborted) return;
        progress(one.target.name);
        await runner.now(one);
        progress(one.target.name);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  };
  await wave(planned.filter(({ target }) => COSTS_NOTHING.has(target.kind)));
  await wave(planned.filter(({ target }) => !COSTS_NOTHING.has(target.kind)));

  if (io.live) io.err(CLEAR_LINE);
  io.stop.removeEventListener("abort", stop);
  return planned.flatMap(({ target }) => records.get(target.name) ?? []);
}
