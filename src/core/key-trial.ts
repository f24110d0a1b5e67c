/**
 * Is the key bad, or is it them? A 401 alone does not tell: on 2026-02-17 and -19 OpenRouter answered 401 to good keys for 35 minutes
 * (openrouter-api §11). Pure: the polls of one key, and what may be said of it.
 */

/** One look at the key. */
export interface KeyPoll {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** What `/key` said: the key is good, it is rejected (401), the API failed (5xx), or nothing that tells. */
  readonly answer: "good" | "rejected" | "failed" | "unknown";
  /** Whether the completion endpoint rejects the key too; only asked when `/key` does. */
  readonly chatRejects?: boolean;
  /** Whether others fare badly as well: by the public uptime of a model, or other keys of the same API. */
  readonly othersFail?: boolean;
}

export interface Judgement {
  /** Absent: it cannot be told. */
  readonly valid?: boolean;
  /** The rejections look like an outage of the API, not like a bad key. */
  readonly outage: boolean;
}

// Three polls that agree: one is a hiccup, two may share it.
const REJECTIONS_TO_CONVICT = 3;
// Both outages of 2026-02 began with server errors, lasted below 40 minutes; after an hour of 401 even a suspected outage is a bad key.
const SUSPICION_MS = 60 * 60_000;
// Server errors this shortly before the first rejection belong to the same event. Longer, and any stray 500 would delay a true conviction.
const PRELUDE_MS = 10 * 60_000;
/** Older polls say nothing any more. */
export const POLLS_KEPT_MS = SUSPICION_MS + PRELUDE_MS;
/** And yet so many are kept, however rarely the key is looked at: three of them must be able to agree. */
export const POLLS_KEPT_LEAST = 10;

/** The rejections since the key was last good, oldest first; what told nothing in between is passed over. */
function rejectionsSinceGood(polls: readonly KeyPoll[]): readonly KeyPoll[] {
  const lastGood = polls.findLastIndex(({ answer }) => answer === "good");
  return polls.slice(lastGood + 1).filter(({ answer }) => answer === "rejected");
}

/** What may be said of the key after these polls, oldest first. A verdict stands until the key is good again. */
export function judgeKey(polls: readonly KeyPoll[]): Judgement {
  if (polls.at(-1)?.answer !== "rejected") return judgeNow(polls);
  const begin = polls.findLastIndex(({ answer }) => answer === "good") + 1;
  const convicted = polls.slice(begin).some((_, at) => judgeNow(polls.slice(0, begin + at + 1)).valid === false);
  return convicted ? { valid: false, outage: false } : judgeNow(polls);
}

function judgeNow(polls: readonly KeyPoll[]): Judgement {
  const latest = polls.at(-1);
  if (latest?.answer === "good") return { valid: true, outage: false };
  if (latest?.answer !== "rejected") return { outage: false };
  const rejections = rejectionsSinceGood(polls);
  const first = rejections[0]?.at ?? latest.at;
  const failedNearby = polls.some(({ answer, at }) => answer === "failed" && at >= first - PRELUDE_MS);
  const outage = failedNearby || rejections.some(({ othersFail }) => othersFail === true);
  const agreed = rejections.filter(({ chatRejects }) => chatRejects === true).length >= REJECTIONS_TO_CONVICT;
  const patient = !outage || latest.at - first >= SUSPICION_MS;
  return agreed && patient ? { valid: false, outage: false } : { outage };
}
