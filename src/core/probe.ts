/** The nouns of the flow: a target is looked at by a probe, gates may refuse, and the record of it goes to the sinks. */
import type { Outcome, SkipCause } from "./outcome.ts";
import type { Kind } from "./reason.ts";

/** How often: an interval, or a cron expression of 5 or 6 fields in the local time zone. */
export type Every = { readonly seconds: number } | { readonly cron: string };

/** Which API a credential opens: OpenRouter, or what every OpenAI-compatible server has. */
export const flavors = ["openrouter", "openai"] as const;
export type Flavor = (typeof flavors)[number];

/** One configured thing of a kind. Names are unique over all kinds. */
export interface Target {
  readonly kind: Kind;
  readonly name: string;
  /** The credential it is reached with; absent for buckets and apps, which bring their own. */
  readonly credential?: string;
  /** Configured model id; models only. */
  readonly model?: string;
  readonly every: Every;
  readonly timeoutSeconds: number;
  /** Names of the targets it cannot work without. */
  readonly needs: readonly string[];
}

/** Same name, and the same thing behind it: what was seen of the one holds for the other. */
export const sameThing = (one: Target, other: Target): boolean =>
  one.name === other.name && one.kind === other.kind && one.credential === other.credential && one.model === other.model;

/** What one run of a probe uses up. */
export interface Spend {
  /** Whose account. */
  readonly credential: string;
  /** It counts against the account's free requests; otherwise it costs money. */
  readonly free: boolean;
  /** At most. */
  readonly usd: number;
  readonly tokens: number;
  /** What `usd` was reckoned with: for answers that do not tell what they cost. */
  readonly usdPerToken: { readonly input: number; readonly output: number };
  /** The price is a guess: neither config nor catalogue tells it. */
  readonly guessed?: boolean;
}

/** Looks at its target once. Ends soon after the signal aborts; whatever happens is an outcome. */
export interface Probe {
  run(signal: AbortSignal): Promise<Outcome>;
}

/** A target, the probe that looks at it, and what that uses up. */
export interface Planned {
  readonly target: Target;
  readonly probe: Probe;
  /** Of one run, as far as is known now; absent: nothing. */
  spend?(): Spend;
}

export interface ProbeRecord {
  readonly target: Target;
  readonly outcome: Outcome;
  /** Milliseconds since 1970 at which the run started (or was refused). */
  readonly startedAt: number;
  /** Start to end on the monotonic clock; 0 for a skipped run. */
  readonly durationSeconds: number;
  /** How long our event loop stood still during the run, in all: what was measured may be so much too long. */
  readonly standstillSeconds?: number;
  /** How long after its due time the run started; absent when nobody had scheduled it (`check`, `/probe`). */
  readonly latenessSeconds?: number;
}

// Half of a histogram's least bucket; and to a long answer a little adds nothing.
const HARMLESS_STANDSTILL_SECONDS = 0.02;
const HARMLESS_SHARE = 0.1;

/** The prober was in its own way: what the run found holds, how long it took does not. */
export const isSuspect = ({ standstillSeconds = 0, durationSeconds }: ProbeRecord): boolean =>
  standstillSeconds > Math.max(HARMLESS_STANDSTILL_SECONDS, durationSeconds * HARMLESS_SHARE);

/** Takes every record; must not throw and must not block. */
export interface Sink {
  take(record: ProbeRecord): void;
  /** The target has gone, or its name stands for another thing now: what is remembered of it goes too. */
  forget?(name: string): void;
}

export interface Refusal {
  readonly cause: SkipCause;
  /** Milliseconds since 1970 from which on it may be tried again; absent: at its next turn. */
  readonly until?: number;
}

/** May refuse a run, and says why. */
export interface Gate {
  refuse(target: Target): Refusal | undefined;
}
