/** Runs probes: gates, timeout, and the last catch. Whatever happens becomes one record, handed to every sink. */
import { type Clock, deadline } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { down, type Outcome, type SkipCause, skipped, unanswered } from "../core/outcome.ts";
import type { Gate, Planned, Probe, ProbeRecord, Refusal, Sink, Target } from "../core/probe.ts";
import { overlapGate } from "./gates/overlap.ts";
import { createStandstillWatch, type StandstillWatch } from "./standstill.ts";

export interface RunnerOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly sinks: readonly Sink[];
  readonly gates?: readonly Gate[];
  /** Told when a run begins, before its probe does anything. */
  began?(planned: Planned): void;
}

export interface Runner {
  /** On schedule: a gate may refuse it, and the refusal is returned. */
  tick(planned: Planned, latenessSeconds: number): Refusal | undefined;
  /** On demand: joins the run that goes on, if there is one; the gates hold here too. */
  now(planned: Planned): Promise<ProbeRecord>;
  skip(target: Target, cause: SkipCause): void;
  inFlight(): number;
  /** Resolves once no run goes on; undefined when none does. */
  ended(): Promise<void> | undefined;
  running(name: string): boolean;
  /** The target is not what it was: a run of it that goes on is aborted, and nobody hears of it. */
  abandon(name: string): void;
  /** No new runs; waits for those that go on, aborts them after the grace time, and returns when all have ended. */
  stop(graceSeconds: number): Promise<void>;
}

// A probe that does not end on its abort is a bug; it is written off after this long so that its target goes on.
const ABORT_GRACE_SECONDS = 5;

function refusalOf(target: Target, gates: readonly Gate[]): Refusal | undefined {
  for (const gate of gates) {
    const refusal = gate.refuse(target);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** Hands a record to every sink: the trouble of one is not the others'. */
const publisher =
  (sinks: readonly Sink[], log: Log) =>
  (record: ProbeRecord): ProbeRecord => {
    for (const sink of sinks) {
      try {
        sink.take(record);
      } catch (error) {
        log.error({ err: error, target: record.target.name }, "a sink failed; the record is lost to it, probing goes on");
      }
    }
    return record;
  };

interface Run {
  readonly record: Promise<ProbeRecord>;
  readonly leash: Leash;
}

/** The runs that go on, by their targets. */
function createRunning() {
  const running = new Map<string, Run>();
  let last = Promise.withResolvers<void>();
  return {
    running,
    forget(name: string): void {
      running.delete(name);
      if (running.size > 0) return;
      last.resolve();
      last = Promise.withResolvers<void>();
    },
    ended: () => (running.size === 0 ? undefined : last.promise),
  };
}

/** Why a run is aborted when not for its time: it says nothing about its target then. */
const ENDED_BY_US = new Error("the run is not wanted any more");

export function createRunner({ clock, log, sinks, gates = [], began }: RunnerOptions): Runner {
  const { running, forget, ended } = createRunning();
  const abandoned = new Set<Promise<unknown>>();
  const standstill = createStandstillWatch(clock);
  const publish = publisher(sinks, log);
  const closedGate: Gate = { refuse: () => (closed ? { cause: "stopping" } : undefined) };
  let closed = false;

  const start = (planned: Planned, latenessSeconds?: number): Promise<ProbeRecord> => {
    const { target } = planned;
    began?.(planned);
    const leash = createLeash(clock);
    const record = observe(planned, { clock, log, leash, standstill }, latenessSeconds).then((seen) => {
      if (running.get(target.name)?.leash !== leash) return seen;
      forget(target.name);
      return publish(seen);
    });
    running.set(target.name, { record, leash });
    return record;
  };

  const skip = (target: Target, cause: SkipCause): ProbeRecord =>
    publish({ target, outcome: skipped(cause), startedAt: clock.wall(), durationSeconds: 0 });

  return {
    tick(planned, latenessSeconds) {
      const refusal = refusalOf(planned.target, [closedGate, overlapGate(running), ...gates]);
      if (refusal === undefined) void start(planned, latenessSeconds);
      else skip(planned.target, refusal.cause);
      return refusal;
    },
    async now(planned) {
      const going = running.get(planned.target.name);
      if (going !== undefined) return going.record;
      const refusal = refusalOf(planned.target, [closedGate, ...gates]);
      return refusal === undefined ? start(planned) : skip(planned.target, refusal.cause);
    },
    skip: (target, cause) => void skip(target, cause),
    inFlight: () => running.size,
    ended,
    running: (name) => running.has(name),
    abandon(name) {
      const run = running.get(name);
      if (run === undefined) return;
      forget(name);
      run.leash.pull(ENDED_BY_US);
      abandoned.add(run.record);
      void run.record.finally(() => abandoned.delete(run.record));
    },
    async stop(graceSeconds) {
      closed = true;
      const cancel = clock.after(graceSeconds * 1000, () => {
        for (const { leash } of running.values()) leash.pull(ENDED_BY_US);
      });
      await Promise.allSettled([...[...running.values()].map(({ record }) => record), ...abandoned]);
      cancel();
    },
  };
}

interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly leash: Leash;
  readonly standstill: StandstillWatch;
}

async function observe({ target, probe }: Planned, around: Surroundings, latenessSeconds?: number): Promise<ProbeRecord> {
  const { clock, log, leash } = around;
  const startedAt = clock.wall();
  const stoodStill = around.standstill.begin();
  const start = clock.monotonic();
  const { signal } = leash;
  const cancelDeadline = deadline(clock, target.timeoutSeconds * 1000, () => leash.pull());
  const outcome = await Promise.race([contained(target, probe, signal, log), leash.writtenOff]);
  leash.release();
  cancelDeadline();
  return {
    target,
    outcome: signal.reason === ENDED_BY_US && outcome.verdict !== "up" ? skipped("stopping") : outcome,
    startedAt,
    durationSeconds: (clock.monotonic() - start) / 1000,
    standstillSeconds: stoodStill(),
    ...(latenessSeconds === undefined ? {} : { latenessSeconds }),
  };
}

/** The last catch: a bug in a probe becomes an outcome with its stack logged, and the daemon goes on. */
async function contained(target: Target, probe: Probe, signal: AbortSignal, log: Log): Promise<Outcome> {
  try {
    return await probe.run(signal);
  } catch (error) {
    log.error({ err: error, target: target.name, kind: target.kind }, "a probe threw: this is a bug in llm-healthd");
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    return down("prober_fault", { ...unanswered, message, ...(stack === undefined ? {} : { stack }) });
  }
}

/** What ends a run before its time, and answers for a probe that does not end then. */
interface Leash {
  /** One signal, whoever gives it: joined ones cost more than all else a run needs. */
  readonly signal: AbortSignal;
  readonly writtenOff: Promise<Outcome>;
  pull(reason?: Error): void;
  /** The probe has ended. */
  release(): void;
}

function createLeash(clock: Clock): Leash {
  const abort = new AbortController();
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  let released = false;
  let cancel = (): void => undefined;
  return {
    signal: abort.signal,
    writtenOff: promise,
    pull(reason) {
      if (released || abort.signal.aborted) return;
      abort.abort(reason);
      cancel = clock.after(ABORT_GRACE_SECONDS * 1000, () =>
        resolve(down("prober_fault", { ...unanswered, message: "the probe did not end when it was told to" })),
      );
    },
    release() {
      released = true;
      cancel();
    },
  };
}
