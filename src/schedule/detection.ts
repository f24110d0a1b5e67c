/** The longest that each sort of fault can go unnoticed, and unconfirmed, at given paces. Pure. */
import type { Target } from "../core/probe.ts";
import type { Kind } from "../core/reason.ts";
import { looksThatAgree } from "../core/root-cause.ts";
import type { Pace } from "./planner.ts";
import { askedWithinSeconds, SECOND_LOOK_SECONDS } from "./second-look.ts";

export interface Detection {
  readonly fault: string;
  /** Which targets' probes notice it. */
  readonly by: Kind | "all";
  /** Until its first failed probe has ended, at the worst. */
  readonly noticedSeconds: number;
  /** Until as many looks agree as a page asks for. */
  readonly confirmedSeconds: number;
}

/** OpenRouter serves the counter of free requests from a cache of this age (openrouter-api §2). */
const COUNTER_LAG_SECONDS = 60;

interface Sort {
  readonly fault: string;
  readonly by: Kind;
  /** Looks that must agree before somebody is paged. */
  readonly looks?: number;
  readonly lagSeconds?: number;
}

const SORTS: readonly Sort[] = [
  { fault: "the API fails or cannot be reached (5xx)", by: "credential" },
  { fault: "the key is rejected (401, key_valid 0)", by: "credential", looks: looksThatAgree("credential") },
  { fault: "credits, limits, the free quota run out", by: "credential", lagSeconds: COUNTER_LAG_SECONDS },
  { fault: "a model is retired, begins to cost or loses an ability", by: "catalog" },
  { fault: "a model fails, stalls or answers wrongly", by: "model" },
  { fault: "the bucket fails, refuses, corrupts", by: "bucket" },
  { fault: "the application fails", by: "app" },
];

type Timing = Pick<Detection, "noticedSeconds" | "confirmedSeconds">;

// A fault can begin right after a probe, and the next one may take its whole timeout.
const noticed = (interval: number, timeout: number): number => interval + timeout;

function timing(intervalSeconds: number, timeoutSeconds: number, { looks = 2, lagSeconds = 0 }: Sort): Timing {
  const first = noticed(intervalSeconds, timeoutSeconds) + lagSeconds;
  const again = Math.min(SECOND_LOOK_SECONDS, intervalSeconds) + timeoutSeconds;
  return { noticedSeconds: first, confirmedSeconds: first + (looks - 1) * again };
}

const slowest = (times: readonly Timing[]): Timing => ({
  noticedSeconds: Math.max(...times.map(({ noticedSeconds }) => noticedSeconds)),
  confirmedSeconds: Math.max(...times.map(({ confirmedSeconds }) => confirmedSeconds)),
});

/** One row for each sort of fault that some target can notice, by the slowest of those targets. */
export function detectionTimes(targets: readonly Target[], paceOf: (name: string) => Pace | undefined): readonly Detection[] {
  const longest = (target: Target): number => paceOf(target.name)?.longestSeconds ?? Number.POSITIVE_INFINITY;
  const rows = SORTS.flatMap((sort): Detection[] => {
    const some = targets.filter(({ kind }) => kind === sort.by);
    const times = some.map((target) => timing(longest(target), target.timeoutSeconds, sort));
    return times.length === 0 ? [] : [{ fault: sort.fault, by: sort.by, ...slowest(times) }];
  });
  // The first that fails to connect has all that costs nothing looked at, as long as nothing answers; one of them is looked at once more.
  const free = targets.filter(({ kind }) => kind !== "model");
  const places = new Set(targets.map(({ credential, name }) => credential ?? name));
  if (places.size < 2) return rows;
  const first = Math.min(...free.map((target) => noticed(longest(target), target.timeoutSeconds)));
  const others = Math.max(...free.map(({ timeoutSeconds }) => timeoutSeconds));
  // Of thousands, their own turns come sooner.
  const asked = Math.min(askedWithinSeconds(free.length), Math.max(...free.map(longest)));
  return [
    {
      fault: "nothing answers: the network is cut",
      by: "all",
      noticedSeconds: first,
      confirmedSeconds: first + others + Math.max(SECOND_LOOK_SECONDS, asked) + others,
    },
    ...rows,
  ];
}
