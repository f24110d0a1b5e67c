/** Keeps every target probed at the pace that its config and the budget allow. Knows nothing of web and metrics: they hear of it. */
import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Config } from "../config/config.ts";
import { type Planned, type ProbeRecord, type Sink, sameThing, type Target } from "../core/probe.ts";
import type { Ledger } from "../history/ledger.ts";
import { planProbes } from "../probes/index.ts";
import type { ProbeContext } from "../probes/kind.ts";
import { createCosts } from "../schedule/costs.ts";
import { budgetGate, budgetLeft, isSpent, type Purse } from "../schedule/gates/budget.ts";
import { createQuotaGate } from "../schedule/gates/quota.ts";
import { type Allowance, allowanceOf, inShard, type Pace, planPaces } from "../schedule/planner.ts";
import { createRunner, type Runner } from "../schedule/runner.ts";
import { createSecondLooks, type SecondLooks } from "../schedule/second-look.ts";
import { createTimetable, type Timetable } from "../schedule/timetable.ts";

export interface ProbingOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly context: ProbeContext;
  readonly ledger: Ledger;
  readonly sinks: readonly Sink[];
  /** A target is probed from now on, or at another pace. */
  onTarget?(target: Target, pace: Pace): void;
  /** A target is not probed any more; the sinks are told to forget it. */
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
  /** Probes what the config asks for. Of the targets named in `keep`, those that are probed already go on undisturbed. */
  apply(config: Config, keep?: ReadonlySet<string>): void;
  /** One run now, if the gates let it; undefined when there is no such target. */
  now(name: string): Promise<ProbeRecord> | undefined;
  /** Has those of them that cost nothing looked at soon. */
  doubt(names: readonly string[]): void;
  targets(): readonly Target[];
  paceOf(name: string): Pace | undefined;
  nextRunAt(name: string): number | undefined;
  inFlight(): number;
  /** Resolves once no probe runs; undefined when none does. */
  ended(): Promise<void> | undefined;
  budgets(): readonly Budget[];
  /** The target whose turn has been over for longest, or that has none although its pace gives it one; undefined while all is in time. */
  mostOverdue(): { readonly name: string; readonly seconds: number } | undefined;
  stop(graceSeconds: number): Promise<void>;
}

const samePace = (one: Pace | undefined, other: Pace): boolean =>
  one !== undefined && one.intervalSeconds === other.intervalSeconds && one.phaseSeconds === other.phaseSeconds;

/** Under which its runs are written down: a name that stands for another model has not been looked at yet. */
const lineOf = ({ name, model }: Target): string => (model === undefined ? name : `${name} ${model}`);

class ProbingLoop implements Probing {
  readonly #options: ProbingOptions;
  readonly #planned = new Map<string, Planned>();
  readonly #settlers = new Map<string, (usd: number) => void>();
  /** Free requests a day, by the key's own word. */
  readonly #freeLimits = new Map<string, number>();
  readonly #costs = createCosts();
  readonly #sinks: readonly Sink[];
  readonly #runner: Runner;
  readonly #timetable: Timetable;
  readonly #secondLooks: SecondLooks;
  readonly #purse: Purse;
  #paces: ReadonlyMap<string, Pace> = new Map();
  #allowances: ReadonlyMap<string, Allowance> = new Map();
  #config: Config | undefined;

  constructor(options: ProbingOptions) {
    this.#options = options;
    const { clock, log, ledger, sinks } = options;
    const spendOf = ({ name }: Target) => this.#costs.of(this.#planned.get(name));
    this.#purse = { clock, ledger, spendOf, allowanceOf: (credential) => this.#allowances.get(credential) };
    const quota = createQuotaGate({ clock, spendOf });
    this.#secondLooks = this.#lookTwice();
    this.#sinks = [quota, { take: (record) => this.#learn(record) }, ...sinks, this.#secondLooks];
    this.#runner = createRunner({
      clock,
      log,
      sinks: this.#sinks,
      gates: [quota, budgetGate(this.#purse)],
      began: (planned) => this.#began(planned),
    });
    this.#timetable = createTimetable(clock, {
      due: (target, latenessSeconds) => this.#due(target, latenessSeconds),
      missed: (target) => this.#runner.skip(target, "late"),
    });
  }

  apply(config: Config, keep: ReadonlySet<string> = new Set()): void {
    const next = planProbes(config, this.#options.context).filter(({ target }) => inShard(target, config.shard));
    const started = this.#config !== undefined;
    this.#config = config;
    const names = new Set(next.map(({ target }) => target.name));
    for (const name of [...this.#planned.keys()]) if (!names.has(name)) this.#remove(name);
    const fresh = new Set<string>();
    const atOnce = new Set<string>();
    for (const one of next) {
      const { name } = one.target;
      const before = this.#planned.get(name)?.target;
      // Those that go on undisturbed get their new probe too: it may know others that changed.
      this.#planned.set(name, one);
      if (before !== undefined && keep.has(name)) continue;
      fresh.add(name);
      this.#runner.abandon(name);
      if (before !== undefined && sameThing(before, one.target)) continue;
      // Whoever corrects a model id wants to see it work, not to wait for its turn; at a start, turns are kept.
      if (started) atOnce.add(name);
      if (before !== undefined) this.#forget(name);
    }
    this.#repace(fresh, atOnce);
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
  doubt = (names: readonly string[]): void => this.#secondLooks.doubt(names);
  inFlight = (): number => this.#runner.inFlight();
  ended = (): Promise<void> | undefined => this.#runner.ended();

  mostOverdue(): { readonly name: string; readonly seconds: number } | undefined {
    const now = this.#options.clock.wall();
    const late = this.targets().flatMap(({ name }) => {
      // What the budget has no room for is never due.
      if (this.#paces.get(name)?.intervalSeconds === Number.POSITIVE_INFINITY) return [];
      const next = this.#timetable.nextRunAt(name);
      return [{ name, seconds: next === undefined ? Number.POSITIVE_INFINITY : (now - next) / 1000 }];
    });
    return late.filter(({ seconds }) => seconds > 0).toSorted((one, other) => other.seconds - one.seconds)[0];
  }

  budgets(): readonly Budget[] {
    return [...this.#allowances].map(([credential, allowance]) => {
      const left = budgetLeft(this.#purse, credential, allowance);
      const spends = [...this.#planned.values()]
        .flatMap((one) => this.#costs.of(one) ?? [])
        .filter((spend) => spend.credential === credential);
      const exhausted = spends.some((spend) => isSpent(spend, left));
      return { credential, freeRequestsLeft: left.freeRequests, usdLeft: left.usd, exhausted };
    });
  }

  async stop(graceSeconds: number): Promise<void> {
    this.#timetable.stop();
    await this.#runner.stop(graceSeconds);
    this.#secondLooks.stop();
  }

  #lookTwice(): SecondLooks {
    return createSecondLooks({
      clock: this.#options.clock,
      targets: () => this.targets(),
      target: (name) => this.#planned.get(name)?.target,
      costs: (name) => this.#planned.get(name)?.spend !== undefined,
      running: (name) => this.#runner.running(name),
      again: (name, at) => this.#timetable.again(name, at),
    });
  }

  #remove(name: string): void {
    this.#planned.delete(name);
    this.#timetable.remove(name);
    this.#runner.abandon(name);
    this.#forget(name);
    this.#options.onGone?.(name);
  }

  #forget(name: string): void {
    this.#settlers.delete(name);
    this.#freeLimits.delete(name);
    this.#costs.forget(name);
    for (const sink of this.#sinks) sink.forget?.(name);
  }

  #due(target: Target, latenessSeconds: number): void {
    const planned = this.#planned.get(target.name);
    const refusal = planned === undefined ? undefined : this.#runner.tick(planned, latenessSeconds);
    // A turn that was refused for a short while is not lost: with hours between turns it would be missed.
    if (refusal?.until !== undefined) this.#timetable.again(target.name, refusal.until);
  }

  /** It counts from the moment it begins: what is killed half-way was asked for all the same. */
  #began(planned: Planned): void {
    const { target } = planned;
    const used = this.#costs.of(planned);
    if (used === undefined) return;
    this.#settlers.set(target.name, this.#options.ledger.begin(lineOf(target), used, this.#options.clock.wall()));
  }

  #learn({ target, outcome }: ProbeRecord): void {
    if (outcome.verdict === "skipped") return;
    const cost = this.#costs.learn(this.#planned.get(target.name), outcome.evidence);
    if (cost !== undefined) this.#settlers.get(target.name)?.(cost);
    this.#settlers.delete(target.name);
    const limit = outcome.evidence.key?.freeRequestsLimit;
    if (target.kind === "credential" && limit !== undefined) this.#freeLimits.set(target.name, limit);
    // A new limit or a new price changes what fits into the budget.
    if (target.kind === "credential" || target.kind === "catalog") this.#repace(new Set());
  }

  /** Gives every target its pace; those that are `fresh` or whose pace changed are scheduled anew, what spends from its last run on. */
  #repace(fresh: ReadonlySet<string>, atOnce: ReadonlySet<string> = new Set()): void {
    const { ledger, onTarget } = this.#options;
    const lastRunOf = (target: Target): number | undefined => (atOnce.has(target.name) ? undefined : ledger.lastRunAt(lineOf(target)));
    const config = this.#config;
    if (config === undefined) return;
    this.#allowances = new Map(config.credentials.map(({ name }) => [name, allowanceOf(config, this.#freeLimits.get(name))]));
    const paced = [...this.#planned.values()].map(({ target, spend }) => (spend === undefined ? { target } : { target, spend: spend() }));
    const paces = planPaces(paced, this.#allowances);
    const before = this.#paces;
    this.#paces = paces;
    const changed = paced.flatMap(({ target, spend }) => {
      const pace = paces.get(target.name);
      return pace === undefined || (!fresh.has(target.name) && samePace(before.get(target.name), pace)) ? [] : [{ target, spend, pace }];
    });
    for (const { target, pace } of changed) onTarget?.(target, pace);
    // Last, and all together: of ten thousand, the first would be due while the others are still being made known.
    for (const { target, spend, pace } of changed) this.#timetable.add(target, pace, spend === undefined ? undefined : lastRunOf(target));
  }
}

export const createProbing = (options: ProbingOptions): Probing => new ProbingLoop(options);
