/** The faults that are open: blame over the latest of every target, with a log line when one opens and one when it closes. */
import type { Clock } from "../base/clock.ts";
import { formatDuration } from "../base/duration.ts";
import type { Log } from "../base/log.ts";
import { type RootCause, rootCauses } from "../core/blame.ts";
import type { Sink } from "../core/probe.ts";
import { reasons } from "../core/reason.ts";
import type { TargetLatest } from "./latest.ts";

export interface OpenFault extends RootCause {
  /** Milliseconds since 1970. */
  readonly since: number;
}

export interface FaultsOptions {
  readonly clock: Clock;
  readonly log: Log;
  latest(): readonly TargetLatest[];
  onChange(faults: readonly OpenFault[]): void;
}

export interface Faults extends Sink {
  open(): readonly OpenFault[];
  /** Targets came or went. */
  review(): void;
  stop(): void;
}

// With thousands of targets a review at every record would be work squared; nobody sees the difference of a quarter of a second.
const SETTLE_MS = 250;

const keyOf = ({ owner, reason, subject }: RootCause): string => `${owner} ${reason} ${subject}`;

/** The record that blame is to see of each target: what was last seen, not what was skipped. */
const sights = (latest: readonly TargetLatest[]) =>
  latest.flatMap(({ target, last }) =>
    last === undefined || last.outcome.verdict === "skipped" ? [] : [{ target, outcome: last.outcome }],
  );

export function createFaults({ clock, log, latest, onChange }: FaultsOptions): Faults {
  let open = new Map<string, OpenFault>();
  let pending: (() => void) | undefined;

  const fieldsOf = ({ owner, reason, subject, explains, message }: RootCause) => ({ owner, reason, subject, explains, message });
  const tellOpened = (fault: OpenFault): void => {
    const others = fault.explains.filter((name) => name !== fault.subject);
    const with_ = others.length === 0 ? "" : `; it explains ${others.length} more: ${others.join(", ")}`;
    log.warn(
      { fault: "open", ...fieldsOf(fault) },
      `fault: ${fault.subject}: ${reasons[fault.reason].says} (owner ${fault.owner})${with_}`,
    );
  };
  const tellClosed = (fault: OpenFault, now: number): void => {
    const durationSeconds = (now - fault.since) / 1000;
    const fields = { fault: "closed", ...fieldsOf(fault), duration_seconds: durationSeconds };
    log.info(fields, `fault over: ${fault.subject}: ${reasons[fault.reason].says}, after ${formatDuration(Math.max(1, durationSeconds))}`);
  };

  const review = (): void => {
    pending = undefined;
    const now = clock.wall();
    const causes = rootCauses(sights(latest()));
    const next = new Map(causes.map((cause) => [keyOf(cause), { ...cause, since: open.get(keyOf(cause))?.since ?? now }]));
    for (const [key, fault] of next) if (!open.has(key)) tellOpened(fault);
    for (const [key, fault] of open) if (!next.has(key)) tellClosed(fault, now);
    open = next;
    onChange([...open.values()]);
  };
  const soon = (): void => {
    pending ??= clock.after(SETTLE_MS, review);
  };

  return {
    open: () => [...open.values()],
    take: soon,
    review: soon,
    stop: () => pending?.(),
  };
}
