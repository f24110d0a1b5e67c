/** Keeps every target probed at the pace that its config and the budget allow. Knows nothing of web and metrics: they hear of it. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Config } from "../config/config.ts";
import type { Completion } from "../core/outcome.ts";
import type { Planned, ProbeRecord, Sink, Spend, Target } from "../core/probe.ts";
import type { Ledger } from "../history/ledger.ts";
import { planProbes } from "../probes/index.ts";
import type { ProbeContext } from "../probes/kind.ts";
import { budgetGate, budgetLeft, isSpent, type Purse } from "../schedule/gates/budget.ts";
import { createQuotaGate } from "../schedule/gates/quota.ts";
import { type Allowance, allowanceOf, inShard, type Pace, planPaces } from "../schedule/planner.ts";
import { createRunner, type Runner } from "../schedule/runner.ts";
import { createSecondLooks } from "../schedule/second-look.ts";
import { createTimetable, type Timetable } from "../schedule/timetable.ts";

export interface ProbingOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly context: ProbeContext;
  readonly ledger: Ledger;
  readonly sinks: readonly Sink[];
  /** A target is probed from now on, or at another pace. */
  onTarget?(target: Target, pace: Pace): void;
  onGone?(name: string): void;
}

export interface Budget {
  readonly credential: string;
  readonly freeRequestsLeft: number;
  readonly usdLeft: number;
  /** Something that it should pay for today cannot be paid any more. */
  readonly exhausted: boolean;
}

export interface Probing {
  /** Probes what the config asks for; targets named in `keep` go on undisturbed. */
  apply(config: Config, keep?: ReadonlySet<string>): void;
  /** One run now, if the gates let it; undefined when there is no such target. */
  now(name: string): Promise<ProbeRecord> | undefined;
  targets(): readonly Target[];
  paceOf(name: string): Pace | undefined;
  nextRunAt(name: string): number | undefined;
  inFlight(): number;
  budgets(): readonly Budget[];
  /** Seconds since the last tick of the schedule. */
  silentSeconds(): number;
  stop(graceSeconds: number): Promise<void>;
}

const samePace = (one: Pace | undefined, other: Pace): boolean =>
  one !== undefined && one.intervalSeconds === other.intervalSeconds && one.phaseSeconds === other.phaseSeconds;

/** As the answer told it, else by its tokens and the price; undefined when it told neither, and the estimate stands. */
function costOf(completion: Completion | undefined, spend: Spend | undefined): number | undefined {
  const { costUsd, inputTokens, outputTokens } = completion ?? {};
  if (costUsd !== undefined) return costUsd;
  if (spend === undefined || inputTokens === undefined) return undefined;
  return inputTokens * spend.usdPerToken.input + (outputTokens ?? 0) * spend.usdPerToken.output;
}

class ProbingLoop implements Probing {
  readonly #options: ProbingOptions;
  readonly #planned = new Map<string, Planned>();
  readonly #settlers = new Map<string, (usd: number) => void>();
  /** Free requests a day, by the key's own word. */
  readonly #freeLimits = new Map<string, number>();
  readonly #runner: Runner;
  readonly #timetable: Timetable;
  readonly #purse: Purse;
  #paces: ReadonlyMap<string, Pace> = new Map();
  #allowances: ReadonlyMap<string, Allowance> = new Map();
  #config: Config | undefined;
  #pulse: number;

  constructor(options: ProbingOptions) {
    this.#options = options;
    const { clock, log, ledger, sinks } = options;
    this.#pulse = clock.monotonic();
    const spendOf = (target: Target) => this.#planned.get(target.name)?.spend?.();
    this.#purse = { clock, ledger, spendOf, allowanceOf: (credential) => this.#allowances.get(credential) };
    const quota = createQuotaGate({ clock, spendOf });
    this.#runner = createRunner({
      clock,
      log,
      sinks: [quota, { take: (record) => this.#learn(record) }, ...sinks, this.#secondLooks()],
      gates: [quota, budgetGate(this.#purse)],
      began: (planned) => this.#began(planned),
    });
    this.#timetable = createTimetable(clock, {
      due: (target, latenessSeconds) => this.#due(target, latenessSeconds),
      missed: (target) => this.#runner.skip(target, "late"),
    });
  }

  apply(config: Config, keep: ReadonlySet<string> = new Set()): void {
    this.#config = config;
    const next = planProbes(config, this.#options.context).filter(({ target }) => inShard(target, config.shard));
    const names = new Set(next.map(({ target }) => target.name));
    for (const name of [...this.#planned.keys()]) {
      if (names.has(name)) continue;
      this.#planned.delete(name);
      this.#timetable.remove(name);
      this.#options.onGone?.(name);
    }
    const fresh = next.filter(({ target }) => !keep.has(target.name));
    for (const one of fresh) this.#planned.set(one.target.name, one);
    this.#repace(new Set(fresh.map(({ target }) => target.name)));
  }

  now(name: string): Promise<ProbeRecord> | undefined {
    const planned = this.#planned.get(name);
    return planned === undefined ? undefined : this.#runner.now(planned);
  }

  targets(): readonly Target[] {
    return [...this.#planned.values()].map(({ target }) => target);
  }

  paceOf = (name: string): Pace | undefined => this.#paces.get(name);
  nextRunAt = (name: string): number | undefined => this.#timetable.nextRunAt(name);
  inFlight = (): number => this.#runner.inFlight();
  silentSeconds = (): number => (this.#options.clock.monotonic() - this.#pulse) / 1000;

  budgets(): readonly Budget[] {
    return [...this.#allowances].map(([credential, allowance]) => {
      const left = budgetLeft(this.#purse, credential, allowance);
      const spends = [...this.#planned.values()].flatMap((one) => one.spend?.() ?? []).filter((spend) => spend.credential === credential);
      const exhausted = spends.some((spend) => isSpent(spend, left));
      return { credential, freeRequestsLeft: left.freeRequests, usdLeft: left.usd, exhausted };
    });
  }

  async stop(graceSeconds: number): Promise<void> {
    this.#timetable.stop();
    await this.#runner.stop(graceSeconds);
  }

  #secondLooks(): Sink {
    return createSecondLooks({
      clock: this.#options.clock,
      targets: () => this.targets(),
      costs: (name) => this.#planned.get(name)?.spend !== undefined,
      running: (name) => this.#runner.running(name),
      again: (name, at) => this.#timetable.again(name, at),
    });
  }

  #due(target: Target, latenessSeconds: number): void {
    this.#pulse = this.#options.clock.monotonic();
    const planned = this.#planned.get(target.name);
    const refusal = planned === undefined ? undefined : this.#runner.tick(planned, latenessSeconds);
    // A turn that was refused for a short while is not lost: with hours between turns it would be missed.
    if (refusal?.until !== undefined) this.#timetable.again(target.name, refusal.until);
  }

  /** It counts from the moment it begins: what is killed half-way was asked for all the same. */
  #began({ target, spend }: Planned): void {
    const used = spend?.();
    if (used === undefined) return;
    this.#settlers.set(target.name, this.#options.ledger.begin(target.name, used, this.#options.clock.wall()));
  }

  #learn({ target, outcome }: ProbeRecord): void {
    if (outcome.verdict === "skipped") return;
    const cost = costOf(outcome.evidence.completion, this.#planned.get(target.name)?.spend?.());
    if (cost !== undefined) this.#settlers.get(target.name)?.(cost);
    this.#settlers.delete(target.name);
    const limit = outcome.evidence.key?.freeRequestsLimit;
    if (target.kind === "credential" && limit !== undefined) this.#freeLimits.set(target.name, limit);
    // A new limit or a new price changes what fits into the budget.
    if (target.kind === "credential" || target.kind === "catalog") this.#repace(new Set());
  }

  /** Gives every target its pace; those that are `fresh` or whose pace changed are scheduled anew. */
  #repace(fresh: ReadonlySet<string>): void {
    const { ledger, onTarget } = this.#options;
    const config = this.#config;
    if (config === undefined) return;
    this.#allowances = new Map(config.credentials.map(({ name }) => [name, allowanceOf(config, this.#freeLimits.get(name))]));
    const paced = [...this.#planned.values()].map(({ target, spend }) => (spend === undefined ? { target } : { target, spend: spend() }));
    const paces = planPaces(paced, this.#allowances);
    const before = this.#paces;
    this.#paces = paces;
    for (const { target, spend } of paced) {
      const pace = paces.get(target.name);
      if (pace === undefined || (!fresh.has(target.name) && samePace(before.get(target.name), pace))) continue;
      this.#timetable.add(target, pace, spend === undefined ? undefined : ledger.lastRunAt(target.name));
      onTarget?.(target, pace);
    }
  }
}

export const createProbing = (options: ProbingOptions): Probing => new ProbingLoop(options);
