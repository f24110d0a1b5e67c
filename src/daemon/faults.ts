/** The faults that are open: blame over the latest of every target, with a log line when one opens and one when it closes. */
import type { Clock } from "../base/clock.ts";
import { formatDuration } from "../base/duration.ts";
import type { Log } from "../base/log.ts";
import { rootCauses } from "../core/blame.ts";
import { LOCAL_RULES, placeOf, RULES } from "../core/blame-rules.ts";
import type { ProbeRecord, Sink } from "../core/probe.ts";
import { NETWORK, type RootCause, type Sight, wordsOf } from "../core/root-cause.ts";
import type { Latest, TargetLatest } from "./latest.ts";

export interface OpenFault extends RootCause {
  /** Milliseconds since 1970. */
  readonly since: number;
}

export interface FaultsOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly latest: Pick<Latest, "list" | "get">;
  /** Faults that were open when the daemon before this one ended. */
  readonly before?: readonly OpenFault[];
  onChange(faults: readonly OpenFault[]): void;
  /** What was last seen of these is in doubt, and no fault speaks for them. */
  onDoubt?(names: readonly string[]): void;
}

export interface Faults extends Sink {
  open(): readonly OpenFault[];
  /** Now: targets came or went. */
  review(): void;
  stop(): void;
}

// With thousands of targets a review at every record would be work squared; nobody sees the difference of a quarter of a second.
const SETTLE_MS = 250;
// And when thousands are ill, each with a fault of its own, judging takes no more than a twentieth of the time.
const SETTLE_TIMES_LAST = 20;
// However long a review took, the next one comes: the machine may only have been busy.
const SETTLE_AT_MOST_MS = 2_000;

const keyOf = ({ owner, reason, subject }: RootCause): string => `${owner} ${reason} ${subject}`;

/** What blame is to see of each target: what was last seen, not what was skipped; and nothing of whom the end of a fault has excused. */
function sights(latest: readonly TargetLatest[], excused: ReadonlyMap<string, ProbeRecord>): Sight[] {
  return latest.flatMap(({ target, last, sightings, since }) => {
    if (last === undefined || last.outcome.verdict === "skipped" || excused.get(target.name) === last) return [];
    return [{ target, outcome: last.outcome, at: last.startedAt, since, sightings }];
  });
}

/**
 * Whether enough was looked at since the start to tell what became of a fault from before it: the target that it is about, or else all that
 * it explains. `waiting`: those that were not looked at yet; a target that is no more counts as looked at.
 */
function settled({ subject, explains }: OpenFault, waiting: ReadonlySet<string>): boolean {
  const about = explains.includes(subject) ? [subject] : explains;
  return !about.some((name) => waiting.has(name));
}

/** What is seen of a fault before it is settled is no fault of its own; a cut network is seen as something else at each place. */
const isPartOf = (cause: RootCause, fault: OpenFault): boolean =>
  (cause.reason === fault.reason || fault.subject === NETWORK) && cause.explains.every((name) => fault.explains.includes(name));

/** Whether something was seen at each place since the start: before, that nothing answers says little. */
function seenEverywhere(latest: readonly TargetLatest[]): boolean {
  const seen = new Set(latest.filter(({ last }) => last !== undefined).map(({ target }) => placeOf(target)));
  return latest.every(({ target }) => seen.has(placeOf(target)));
}

/** What a cause explained when it was last judged: the latest record of a target then, and the cause. */
interface Explained {
  readonly record: ProbeRecord | undefined;
  readonly by: RootCause;
}

/**
 * Whether a cause is only what another left behind as it ended: nothing new was seen of what it explains, but something was of what explained
 * that before. Where nothing new was seen at all, the same faults are only called by another name.
 */
function leftBehind(explained: ReadonlyMap<string, Explained>, recordOf: (name: string) => ProbeRecord | undefined) {
  const isOld = (name: string): boolean => recordOf(name) === explained.get(name)?.record;
  const news = new Map<RootCause, boolean>();
  const hasNews = (by: RootCause): boolean => {
    const known = news.get(by) ?? !by.explains.every(isOld);
    news.set(by, known);
    return known;
  };
  return ({ explains }: RootCause): boolean =>
    explains.every((name) => {
      const by = explained.get(name)?.by;
      return by !== undefined && isOld(name) && hasNews(by);
    });
}

const fieldsOf = ({ owner, reason, subject, explains, message }: RootCause) => ({ owner, reason, subject, explains, message });

const tellers = (log: Log) => ({
  before: (fault: OpenFault): void =>
    log.warn({ fault: "open", ...fieldsOf(fault) }, `fault from before the start: ${fault.subject}: ${wordsOf(fault).says}`),
  opened(fault: OpenFault): void {
    const others = fault.explains.filter((name) => name !== fault.subject);
    const with_ = others.length === 0 ? "" : `; it explains ${others.length} more: ${others.join(", ")}`;
    log.warn({ fault: "open", ...fieldsOf(fault) }, `fault: ${fault.subject}: ${wordsOf(fault).says} (owner ${fault.owner})${with_}`);
  },
  closed(fault: OpenFault, now: number): void {
    const durationSeconds = Math.max(0, now - fault.since) / 1000;
    const fields = { fault: "closed", ...fieldsOf(fault), duration_seconds: durationSeconds };
    log.info(fields, `fault over: ${fault.subject}: ${wordsOf(fault).says}, after ${formatDuration(Math.max(1, durationSeconds))}`);
  },
});

/** Adds to root causes what is carried on from before the start; what turns out to go on, or to be over, is carried no more. */
function carrier(before: readonly OpenFault[], latest: () => readonly TargetLatest[]) {
  const carried = new Map(before.map((fault) => [keyOf(fault), fault]));
  const carriesOn = (): boolean => carried.size > 0;
  const withCarried = (causes: readonly RootCause[]): readonly RootCause[] => {
    if (carried.size === 0) return causes;
    const seen = new Set(causes.map(keyOf));
    const waiting = new Set(latest().flatMap(({ target, last }) => (last === undefined ? [target.name] : [])));
    for (const [key, fault] of carried) if (seen.has(key) || settled(fault, waiting)) carried.delete(key);
    const kept = [...carried.values()];
    return [...causes.filter((cause) => !kept.some((fault) => isPartOf(cause, fault))), ...kept];
  };
  return { carriesOn, withCarried };
}

export function createFaults({ clock, log, latest, before = [], onChange, onDoubt }: FaultsOptions): Faults {
  let open = new Map(before.map((fault) => [keyOf(fault), fault]));
  const { carriesOn, withCarried } = carrier(before, latest.list);
  const tell = tellers(log);
  /** The records that a fault had explained when it ended: until their targets are looked at again, they are no news. */
  const excused = new Map<string, ProbeRecord>();
  /** At the last review. */
  let explained: ReadonlyMap<string, Explained> = new Map();
  /** What was not up when it was last seen. While nothing is, and no fault is open, there is nothing to judge. */
  const ill = new Set<string>();
  let pending: (() => void) | undefined;
  let settleMs = SETTLE_MS;

  const recordOf = (name: string): ProbeRecord | undefined => latest.get(name)?.last;
  /** Root causes now; what an ended fault left behind is excused until it is looked at again. */
  const judge = (): readonly RootCause[] => {
    const all = latest.list();
    for (const [name, record] of excused) if (recordOf(name) !== record) excused.delete(name);
    const rules = carriesOn() && !seenEverywhere(all) ? LOCAL_RULES : RULES;
    let causes = rootCauses(sights(all, excused), rules);
    const isLeftover = leftBehind(explained, recordOf);
    const leftovers = causes.filter((cause) => !open.has(keyOf(cause)) && isLeftover(cause)).flatMap(({ explains }) => explains);
    for (const name of leftovers) {
      const record = recordOf(name);
      if (record !== undefined) excused.set(name, record);
    }
    if (leftovers.length > 0) {
      causes = rootCauses(sights(all, excused), rules);
      onDoubt?.(leftovers);
    }
    return causes;
  };

  const review = (): void => {
    pending?.();
    pending = undefined;
    const now = clock.wall();
    const start = clock.monotonic();
    const causes = withCarried(judge());
    explained = new Map(causes.flatMap((by) => by.explains.map((name) => [name, { record: recordOf(name), by }])));
    const next = new Map(causes.map((cause) => [keyOf(cause), { ...cause, since: open.get(keyOf(cause))?.since ?? now }]));
    for (const [key, fault] of next) if (!open.has(key)) tell.opened(fault);
    for (const [key, fault] of open) if (!next.has(key)) tell.closed(fault, now);
    open = next;
    onChange([...open.values()]);
    settleMs = Math.min(SETTLE_AT_MOST_MS, Math.max(SETTLE_MS, SETTLE_TIMES_LAST * (clock.monotonic() - start)));
  };
  const soon = (): void => {
    pending ??= clock.after(settleMs, review);
  };

  for (const fault of before) tell.before(fault);
  return {
    open: () => [...open.values()],
    take({ target, outcome }) {
      if (outcome.verdict === "up") ill.delete(target.name);
      else if (outcome.verdict !== "skipped") ill.add(target.name);
      if (ill.size > 0 || open.size > 0) soon();
    },
    forget: (name) => void ill.delete(name),
    review,
    stop: () => pending?.(),
  };
}
