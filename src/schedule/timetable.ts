/** When each target is due. Intervals keep their phase: over years (monotonic anchors, no creep) and over restarts (aligned to the epoch). */
import type { Clock } from "../base/clock.ts";
import { cronRuns } from "../base/cron.ts";
import type { Every, Target } from "../core/probe.ts";

export interface TimetableListener {
  due(target: Target, latenessSeconds: number): void;
  /** A whole interval passed without its tick (a stalled loop, a sleeping machine). */
  missed(target: Target): void;
}

export interface Timetable {
  add(target: Target): void;
  remove(name: string): void;
  /** Milliseconds since 1970. */
  nextRunAt(name: string): number | undefined;
  stop(): void;
}

// The first results come within seconds of the start, yet not all in the same instant.
const FIRST_SPREAD_SECONDS = 2;
// What costs nothing goes first, so that a rejected key or a missing model is known before any completion is asked for.
const FIRST_DELAY_SECONDS: Readonly<Record<Target["kind"], number>> = { credential: 0, catalog: 0, bucket: 0, app: 0, model: 0.5 };
// A machine that slept for a week must not report ten thousand ticks one by one.
const MAX_MISSED_REPORTS = 100;

/** A number in [0, 1) that depends on the text alone (FNV-1a): spreads targets evenly over their interval. */
export function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of Buffer.from(text)) hash = Math.imul(hash ^ char, 0x01000193) >>> 0;
  // FNV's high bits mix badly on short names: fold them through once more.
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> 0;
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

/** Seconds between two runs; for a cron expression, between its next two. */
export function intervalSeconds(every: Every): number {
  if ("seconds" in every) return every.seconds;
  const [first = 0, second = first] = cronRuns(every.cron, 2);
  return (second - first) / 1000;
}

interface Slot {
  readonly target: Target;
  /** Monotonic milliseconds. */
  due: number;
  /** The first run comes at once, off the grid. */
  first: boolean;
  cancel: () => void;
}

export function createTimetable(clock: Clock, listener: TimetableListener): Timetable {
  const slots = new Map<string, Slot>();

  const arm = (slot: Slot): void => {
    slot.cancel = clock.after(slot.due - clock.monotonic(), () => fire(slot));
  };

  const fire = (slot: Slot): void => {
    const now = clock.monotonic();
    const latenessSeconds = Math.max(0, now - slot.due) / 1000;
    const next = nextDue(clock, slot);
    for (let missed = 0; missed < Math.min(next.missed, MAX_MISSED_REPORTS); missed++) listener.missed(slot.target);
    slot.due = next.due;
    slot.first = false;
    arm(slot);
    listener.due(slot.target, latenessSeconds);
  };

  return {
    add(target) {
      const slot: Slot = { target, due: firstDue(clock, target), first: true, cancel: () => undefined };
      slots.set(target.name, slot);
      arm(slot);
    },
    remove(name) {
      slots.get(name)?.cancel();
      slots.delete(name);
    },
    nextRunAt(name) {
      const slot = slots.get(name);
      return slot === undefined ? undefined : clock.wall() + (slot.due - clock.monotonic());
    },
    stop() {
      for (const slot of slots.values()) slot.cancel();
      slots.clear();
    },
  };
}

function firstDue(clock: Clock, { name, kind, every }: Target): number {
  const spread = Math.min(FIRST_SPREAD_SECONDS, intervalSeconds(every) / 2);
  return clock.monotonic() + (FIRST_DELAY_SECONDS[kind] + fraction(name) * spread) * 1000;
}

/** The tick after the one that fires now, and how many were missed in between. */
function nextDue(clock: Clock, slot: Slot): { due: number; missed: number } {
  const { every, name } = slot.target;
  const now = clock.monotonic();
  const wallDue = clock.wall() - (now - slot.due);
  if (!("seconds" in every)) {
    // A timer may fire a hair early: then the next run by the wall clock would be this very one again.
    const next = cronRuns(every.cron, 2).find((at) => at > wallDue) ?? wallDue;
    return { due: now + Math.max(0, next - clock.wall()), missed: 0 };
  }
  const period = every.seconds * 1000;
  if (slot.first) {
    // Onto the grid that the name and the epoch fix; not within half an interval of the first run, or it would be probed twice.
    const toGrid = period - ((((wallDue - fraction(name) * period) % period) + period) % period);
    return { due: slot.due + (toGrid < period / 2 ? toGrid + period : toGrid), missed: 0 };
  }
  const missed = Math.max(0, Math.floor((now - slot.due) / period));
  return { due: slot.due + (missed + 1) * period, missed };
}
