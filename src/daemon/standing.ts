/** What the daemon answers an orchestrator: whether everything was looked at once, and whether it is still looking. */
import { formatDuration } from "../base/duration.ts";
import type { Standing } from "../web/options.ts";
import type { Latest } from "./latest.ts";
import type { Probing } from "./probing.ts";

export function ready(latest: Latest, probing: Probing): Standing {
  // What is not due for long, by the budget or after a restart, is not waited for.
  const soon = (name: string): boolean => (probing.paceOf(name)?.stretched ?? false) === false;
  const waiting = latest.list().filter(({ last, target }) => last === undefined && soon(target.name));
  return waiting.length === 0
    ? { ok: true }
    : { ok: false, why: `no result yet of ${waiting.map(({ target }) => target.name).join(", ")}` };
}

// Ticks come within milliseconds of their time; a minute late, it is no load any more but a timetable that stands still.
const STALLED_SECONDS = 60;

/** By what is due, not by what was last seen: with a cron expression or a small budget, hours of silence are as they should be. */
export function alive(probing: Pick<Probing, "mostOverdue">): Standing {
  const overdue = probing.mostOverdue();
  if (overdue === undefined || overdue.seconds <= STALLED_SECONDS) return { ok: true };
  const { name, seconds } = overdue;
  return {
    ok: false,
    why: Number.isFinite(seconds) ? `${name} has been due for ${formatDuration(Math.round(seconds))}` : `${name} is never due again`,
  };
}
