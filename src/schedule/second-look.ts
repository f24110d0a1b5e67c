/**
 * Where to look next when something looks broken, and how soon: one failure is told from a hiccup, and a cause from its symptoms, within
 * seconds instead of intervals. What costs nothing is asked first; what costs is asked once more, and only where nothing else can tell.
 */
import type { Clock } from "../base/clock.ts";
import type { Probed } from "../core/outcome.ts";
import type { ProbeRecord, Sink, Target } from "../core/probe.ts";
import { type Owner, ownerOf, type Reason } from "../core/reason.ts";
import { looksThatAgree } from "../core/root-cause.ts";

/** Long enough for a hiccup to pass, and for what is looked at at once to have failed to connect (ten seconds). */
export const SECOND_LOOK_SECONDS = 15;
/** A storm of failures asks after the same target, and around, no more often. */
const APART_SECONDS = 5;
/** So many are looked at at once because of another's failure, and as many each second from then on. */
const WAVE = 32;

/** The longest until all of so many targets were asked whether anything answers. */
export const askedWithinSeconds = (targets: number): number => APART_SECONDS + Math.max(0, Math.ceil(targets / WAVE) - 1);

/** What the key's own probe tells better than a second request to a model. */
const TOLD_BY_KEY: ReadonlySet<Owner> = new Set<Owner>(["key", "money", "quota"]);
/** What the catalogue can tell of a model's failure. It asks for every model one by one, so not for the rest. */
const TOLD_BY_CATALOGUE: ReadonlySet<Reason> = new Set<Reason>([
  "model_missing",
  "bad_request",
  "not_found",
  "forbidden",
  "model_unavailable",
  "vision_unsupported",
]);

export interface SecondLooksOptions {
  readonly clock: Clock;
  targets(): readonly Target[];
  target(name: string): Target | undefined;
  /** A look at it spends quota or money. */
  costs(name: string): boolean;
  running(name: string): boolean;
  /** Has it looked at, at this time (milliseconds since 1970), if that is sooner than its turn. */
  again(name: string, at: number): void;
}

export interface SecondLooks extends Sink {
  /** Has those of them that cost nothing looked at soon: what was last seen of them is in doubt. */
  doubt(names: readonly string[]): void;
  stop(): void;
}

/** Its dependencies, theirs, and so on. */
function needsOf(target: Target, options: Pick<SecondLooksOptions, "target">, found = new Set<string>()): ReadonlySet<string> {
  for (const need of target.needs) {
    const below = options.target(need);
    if (below === undefined || found.has(need)) continue;
    found.add(need);
    needsOf(below, options, found);
  }
  return found;
}

/** Those of its credential that can tell more of its failure. */
function tellers(target: Target, reason: Reason, options: Pick<SecondLooksOptions, "target" | "targets">): readonly string[] {
  const { credential } = target;
  if (credential === undefined) return [];
  if (!TOLD_BY_CATALOGUE.has(reason)) return [credential];
  const catalogues = options.targets().filter((one) => one.kind === "catalog" && one.credential === credential);
  return [credential, ...catalogues.map(({ name }) => name)];
}

/** Whether another look at the target itself is worth its price. */
function worthwhile({ kind }: Target, { verdict, reason }: Probed, costs: boolean): boolean {
  if (!costs) return true;
  return verdict === "down" && reason !== "model_missing" && !TOLD_BY_KEY.has(ownerOf(reason, kind));
}

/**
 * Whether anything answers at all. That nothing does, and the network is cut, takes everybody to know; one answer is enough to know that it
 * is not. So the failure of one of thousands has a few of the others looked at, and that of all of them makes no storm.
 */
function createWave({ clock, targets }: SecondLooksOptions, ask: (name: string, since: number) => boolean) {
  // What was looked at before says nothing; milliseconds since 1970.
  let since = Number.NEGATIVE_INFINITY;
  let latest = since;
  let begunAt = Number.NEGATIVE_INFINITY;
  let left: IteratorObject<Target> | undefined;
  let going = false;
  let cancel = (): void => undefined;

  const stop = (): void => {
    cancel();
    going = false;
    left = undefined;
  };
  const begin = (at: number): void => {
    latest = at;
    // While it goes on, nobody has answered since it began.
    if (going) return;
    going = true;
    since = at;
    const wait = begunAt + APART_SECONDS * 1000 - clock.monotonic();
    if (wait > 0) cancel = clock.after(wait, next);
    else next();
  };
  const end = (): void => {
    stop();
    if (latest > since) begin(latest);
  };
  const next = (): void => {
    begunAt = clock.monotonic();
    left ??= targets().values();
    let asked = 0;
    for (const { name } of left) {
      if (ask(name, since)) asked += 1;
      if (asked < WAVE) continue;
      cancel = clock.after(1000, next);
      return;
    }
    end();
  };
  const answered = (startedAt: number): void => {
    if (going && startedAt >= since) end();
  };
  return { begin, answered, stop };
}

/** A model's 401 is left to the key's own probe. Where that finds the key good since, it is the model's own word: a second look tells it from a hiccup. */
function createOwnWord({ clock, again }: SecondLooksOptions) {
  const rejecting = new Map<string, { readonly credential: string | undefined; readonly since: number }>();
  return {
    note(
      { name, kind, credential }: Target,
      { verdict, reason }: Probed,
      { startedAt, seen }: { readonly startedAt: number; readonly seen: number },
    ): void {
      rejecting.delete(name);
      if (kind === "model" && reason === "unauthorized" && seen === 1) rejecting.set(name, { credential, since: startedAt });
      if (kind !== "credential" || verdict !== "up") return;
      for (const [model, { credential: its, since }] of rejecting) {
        if (its !== credential || startedAt < since) continue;
        rejecting.delete(model);
        again(model, Math.max(clock.wall(), since + SECOND_LOOK_SECONDS * 1000));
      }
    },
    forget: (name: string) => rejecting.delete(name),
  };
}

export function createSecondLooks(options: SecondLooksOptions): SecondLooks {
  const { clock, costs, running, again } = options;
  const sightings = new Map<string, number>();
  const lookedAt = new Map<string, number>();
  const silent = new Set<string>();

  /** That time, or when it may be looked at again. */
  const later = (name: string, at: number): number => Math.max(at, (lookedAt.get(name) ?? Number.NEGATIVE_INFINITY) + APART_SECONDS * 1000);
  /** Has it looked at because of what was seen at that time, unless it was since, or is just now; tells whether. */
  const ask = (name: string, since: number): boolean => {
    const last = lookedAt.get(name) ?? Number.NEGATIVE_INFINITY;
    if (last >= since || running(name) || costs(name)) return false;
    again(name, later(name, clock.wall()));
    return true;
  };
  const ownWord = createOwnWord(options);
  // Who gave no answer the last time has said all that it can.
  const wave = createWave(options, (name, since) => !silent.has(name) && ask(name, since));

  const note = (name: string, { evidence }: Probed, startedAt: number): void => {
    lookedAt.set(name, startedAt);
    if (evidence.statusCode === 0) {
      silent.add(name);
      return;
    }
    silent.delete(name);
    wave.answered(startedAt);
  };

  /** At what can tell why it fails. */
  const lookAround = (target: Target, { reason, evidence }: Probed, startedAt: number): void => {
    for (const other of needsOf(target, options)) ask(other, startedAt);
    for (const other of tellers(target, reason, options)) if (other !== target.name) ask(other, startedAt);
    if (evidence.statusCode === 0) wave.begin(startedAt);
  };

  return {
    take({ target, outcome, startedAt }: ProbeRecord) {
      if (outcome.verdict === "skipped") return;
      const { name } = target;
      note(name, outcome, startedAt);
      const seen = outcome.verdict === "up" ? 0 : (sightings.get(name) ?? 0) + 1;
      sightings.set(name, seen);
      ownWord.note(target, outcome, { startedAt, seen });
      if (outcome.verdict === "up" || seen >= looksThatAgree(target.kind)) return;
      if (worthwhile(target, outcome, costs(name))) again(name, clock.wall() + SECOND_LOOK_SECONDS * 1000);
      if (seen === 1) lookAround(target, outcome, startedAt);
    },
    forget(name) {
      sightings.delete(name);
      lookedAt.delete(name);
      silent.delete(name);
      ownWord.forget(name);
    },
    doubt(names) {
      const now = clock.wall();
      const some = names.filter((name) => !running(name) && !costs(name));
      for (const [at, name] of some.entries()) again(name, later(name, now + Math.floor(at / WAVE) * 1000));
    },
    stop: wave.stop,
  };
}
