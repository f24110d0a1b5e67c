/** For a model id that does not exist: the ids that were probably meant. Pure; knows ids and prices, not APIs. */

export interface Candidate {
  readonly id: string;
  readonly free?: boolean;
}

export interface Proposal {
  readonly id: string;
  /** Why it is proposed, in a few words. */
  readonly why: string;
}

interface Parts {
  readonly author: string;
  readonly words: readonly string[];
  readonly variant: string;
}

const VERSION = /^(?:v?\d+(?:\.\d+)*[bkm]?|a\d+b|\d+b|it|instruct|preview|exp|latest)$/;
// Below this likeness a proposal would be a guess.
const THRESHOLD = 0.35;
// And so would one far behind the best.
const SHARE_OF_BEST = 0.75;

function partsOf(id: string): Parts {
  const [path = "", variant = ""] = id.toLowerCase().split(":");
  const slash = path.indexOf("/");
  const name = slash < 0 ? path : path.slice(slash + 1);
  return {
    author: slash < 0 ? "" : path.slice(0, slash),
    words: name.split(/[-_.\s]+|(?<=[a-z])(?=\d)/).filter((word) => word !== ""),
    variant,
  };
}

/** Share of letter pairs two words have in common (Dice): forgives a typo, an ending, a missing letter. */
function likeness(a: string, b: string): number {
  if (a === b) return 1;
  if (a.length < 2 || b.length < 2) return 0;
  const pairs = (text: string): string[] => Array.from({ length: text.length - 1 }, (_, at) => text.slice(at, at + 2));
  const left = pairs(b);
  let shared = 0;
  for (const pair of pairs(a)) {
    const at = left.indexOf(pair);
    if (at < 0) continue;
    left.splice(at, 1);
    shared++;
  }
  return (2 * shared) / (a.length + b.length - 2);
}

/** Weight of a word: the family's name says more than a version or a size. */
const weight = (word: string): number => (VERSION.test(word) ? 0.35 : 1);

/** How much of `from`'s words stands in `to`, by weight. */
function coverage(from: readonly string[], to: readonly string[]): number {
  let total = 0;
  let covered = 0;
  for (const word of from) {
    const best = Math.max(0, ...to.map((other) => likeness(word, other)));
    total += weight(word);
    covered += weight(word) * (best >= 0.6 ? best : 0);
  }
  return total === 0 ? 0 : covered / total;
}

function score(wanted: Parts, candidate: Parts, free: boolean, preferFree: boolean): number {
  const author = wanted.author === "" ? 0.5 : likeness(wanted.author, candidate.author);
  const name = 0.7 * coverage(wanted.words, candidate.words) + 0.3 * coverage(candidate.words, wanted.words);
  const price = preferFree ? (free ? 0.12 : 0) : candidate.variant === wanted.variant ? 0.05 : 0;
  return name * 0.65 + author * 0.35 + price - (candidate.variant !== "" && candidate.variant !== "free" ? 0.1 : 0);
}

function why(id: string, wanted: Parts, candidate: Candidate): string {
  const found = partsOf(candidate.id);
  const reasons: string[] = [];
  if (wanted.author !== found.author)
    reasons.push(wanted.author === "" ? `the author is missing` : `the author is ${found.author}, not ${wanted.author}`);
  if (wanted.words.join("-") !== found.words.join("-")) reasons.push("the nearest name of that family");
  if (wanted.variant !== found.variant && found.variant === "free") reasons.push("its free variant");
  else if (wanted.variant === "free" && candidate.free !== true) reasons.push("not free any more");
  return reasons.length === 0 ? `the same model as ${id}` : reasons.join("; ");
}

/** The best proposals first. `preferFree` where the config wants models that cost nothing. */
export function nearest(id: string, candidates: Iterable<Candidate>, preferFree: boolean, most = 3): readonly Proposal[] {
  const wanted = partsOf(id);
  const scored: { candidate: Candidate; points: number }[] = [];
  for (const candidate of candidates) {
    const points = score(wanted, partsOf(candidate.id), candidate.free === true, preferFree);
    if (points >= THRESHOLD) scored.push({ candidate, points });
  }
  scored.sort((a, b) => b.points - a.points || (a.candidate.id < b.candidate.id ? -1 : 1));
  const bar = (scored[0]?.points ?? 0) * SHARE_OF_BEST;
  return scored
    .filter(({ points }) => points >= bar)
    .slice(0, most)
    .map(({ candidate }) => ({ id: candidate.id, why: why(id, wanted, candidate) }));
}
