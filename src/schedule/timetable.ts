/** When each target is due. Intervals keep their phase: over years (monotonic anchors, no creep) and over restarts (a grid counted from 1970). */
import type { Clock } from "../base/clock.ts";
import { cronRuns } from "../base/cron.ts";
import type { Target } from "../core/probe.ts";
import { createPlaces, type Place } from "./places.ts";
import type { Pace } from "./planner.ts";

export interface TimetableListener {
  due(target: Target, latenessSeconds: number): void;
  /** A whole interval passed without its tick (a stalled loop, a sleeping machine). */
  missed(target: Target): void;
}

export interface Timetable {
  /**
   * `lastRunAt`, milliseconds since 1970: then it is not due at once, but when its turn comes. One that is added again keeps
   * the tick it was promised sooner.
   */
  add(target: Target, pace: Pace, lastRunAt?: number): void;
  remove(name: string): void;
  /** One tick more, at this time (milliseconds since 1970), when it comes before the next regular one. */
  again(name: string, at: number): void;
  /** Milliseconds since 1970. */
  nextRunAt(name: string): number | undefined;
  /** For good: what is added from now on is never due. */
  stop(): void;
}

// A machine that slept for a week must not report ten thousand ticks one by one.
const MAX_MISSED_REPORTS = 100;

// An expression's times are whole seconds.
const CRON_STEP_MS = 1000;

// Longer than one's handshake takes the thread, and short enough for ten thousand in a minute, first runs too.
const PLACE_MS = 5;
// Connecting takes the thread for about so long. So far apart is what has its places in different intervals, and meets all the same.
const APART_MS = 2;
// But nothing waits longer for that.
const LONGEST_WAIT_MS = 3;

interface Slot {
  readonly target: Target;
  readonly pace: Pace;
  /** In the interval, and for the first run. */
  readonly places: readonly Place[];
  /** Monotonic milliseconds of the next regular tick. */
  due: number;
  /** The first run comes off the grid. */
  first: boolean;
  /** Monotonic milliseconds of an extra tick. */
  extra: number | undefined;
  cancel: () => void;
}

function end(slot: Slot | undefined): void {
  slot?.cancel();
  for (const { leave } of slot?.places ?? []) leave();
}

export function createTimetable(clock: Clock, listener: TimetableListener): Timetable {
  const slots = new Map<string, Slot>();
  const place = createPlacing(clock);
  let closed = false;
  /** Monotonic milliseconds from which on another may begin. */
  let freeAt = Number.NEGATIVE_INFINITY;

  const arm = (slot: Slot): void => {
    slot.cancel();
    const at = Math.min(slot.due, slot.extra ?? slot.due);
    // No room in the budget: never due.
    if (at !== Number.POSITIVE_INFINITY) slot.cancel = clock.after(at - clock.monotonic(), () => fire(slot, at));
  };

  const fire = (slot: Slot, at: number): void => {
    const now = clock.monotonic();
    if (now < freeAt && freeAt <= at + LONGEST_WAIT_MS) {
      slot.cancel = clock.after(freeAt - now, () => fire(slot, at));
      return;
    }
    // One that was late itself hands on half of that, or in a row of many all would be late in the end.
    freeAt = Math.max(at + APART_MS, now + APART_MS / 2);
    const latenessSeconds = Math.max(0, now - at) / 1000;
    slot.extra = undefined;
    if (at === slot.due) {
      const next = nextDue(clock, slot);
      for (let missed = 0; missed < Math.min(next.missed, MAX_MISSED_REPORTS); missed++) listener.missed(slot.target);
      slot.due = next.due;
      slot.first = false;
    }
    arm(slot);
    listener.due(slot.target, latenessSeconds);
  };

  return {
    add(target, pace, lastRunAt) {
      if (closed) return;
      const before = slots.get(target.name);
      end(before);
      const slot: Slot = { ...place(target, pace, lastRunAt), extra: before?.extra, cancel: () => undefined };
      // One that waits for its first run keeps its place, or a reload every second would put it off for ever.
      if (before?.first && before.due < slot.due) Object.assign(slot, { due: before.due, first: true });
      slots.set(target.name, slot);
      arm(slot);
    },
    remove(name) {
      end(slots.get(name));
      slots.delete(name);
    },
    again(name, at) {
      const slot = slots.get(name);
      const due = clock.monotonic() + (at - clock.wall());
      if (slot === undefined || due >= Math.min(slot.due, slot.extra ?? slot.due)) return;
      slot.extra = due;
      arm(slot);
    },
    nextRunAt(name) {
      const slot = slots.get(name);
      const next = slot === undefined ? Number.POSITIVE_INFINITY : Math.min(slot.due, slot.extra ?? slot.due);
      return next === Number.POSITIVE_INFINITY ? undefined : clock.wall() + (next - clock.monotonic());
    },
    stop() {
      closed = true;
      for (const slot of slots.values()) end(slot);
      slots.clear();
    },
  };
}

type Placing = (target: Target, pace: Pace, lastRunAt: number | undefined) => Omit<Slot, "extra" | "cancel">;

/** Gives each a place of its own in its interval, and one for its first run. */
function createPlacing(clock: Clock): Placing {
  const turns = createPlaces(PLACE_MS);
  const firsts = createPlaces(PLACE_MS);
  return (target, pace, lastRunAt) => {
    const turn = turns.take(pace.intervalSeconds * 1000, pace.phaseSeconds * 1000);
    const own = { ...pace, phaseSeconds: turn.at / 1000 };
    const { due, first } = firstDue(clock, own, lastRunAt);
    if (!first || due === Number.POSITIVE_INFINITY) return { target, pace: own, places: [turn], due, first };
    const begin = firsts.take(Number.POSITIVE_INFINITY, due);
    return { target, pace: own, places: [turn, begin], due: begin.at, first };
  };
}

/** The first tick of the grid after this time; both in milliseconds since 1970. */
function gridAfter(wall: number, { intervalSeconds, phaseSeconds }: Pace): number {
  const period = intervalSeconds * 1000;
  return wall + period - ((((wall - phaseSeconds * 1000) % period) + period) % period);
}

/** On the grid, and not within half an interval of the last run: or it would be probed twice in a short time. */
const gridAfterRun = (lastRun: number, pace: Pace): number => gridAfter(lastRun + pace.intervalSeconds * 500, pace);

function firstDue(clock: Clock, pace: Pace, lastRunAt: number | undefined): { due: number; first: boolean } {
  const now = clock.wall();
  if (pace.intervalSeconds === Number.POSITIVE_INFINITY) return { due: Number.POSITIVE_INFINITY, first: true };
  const may = now + pace.firstDelaySeconds * 1000;
  const soon = { due: clock.monotonic() + ((pace.firstInTurn ? gridAfter(may, pace) : may) - now), first: !pace.firstInTurn };
  if (lastRunAt === undefined || lastRunAt > now) return soon;
  const turn = gridAfterRun(lastRunAt, pace);
  // Its turn came while nobody was there to take it.
  return turn <= now ? soon : { due: clock.monotonic() + (turn - now), first: false };
}

/** The tick after the one that fires now, and how many were missed in between. */
function nextDue(clock: Clock, { target, pace, due, first }: Slot): { due: number; missed: number } {
  const now = clock.monotonic();
  const wallDue = clock.wall() - (now - due);
  if ("cron" in target.every) {
    // By a wall clock of whole milliseconds and a timer that fires a hair early, this very one would be the next again.
    const next = cronRuns(target.every.cron, 2).find((at) => at > wallDue + CRON_STEP_MS / 2) ?? wallDue + CRON_STEP_MS;
    return { due: now + Math.max(0, next - clock.wall()), missed: 0 };
  }
  if (first) return { due: due + (gridAfterRun(wallDue, pace) - wallDue), missed: 0 };
  const period = pace.intervalSeconds * 1000;
  const missed = Math.max(0, Math.floor((now - due) / period));
  return { due: due + (missed + 1) * period, missed };
}
