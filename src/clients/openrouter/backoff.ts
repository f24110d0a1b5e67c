/** How long an answer asks to wait, and for whom that holds (openrouter-api §8, §9). */
import type { Evidence } from "../../core/outcome.ts";
import type { Reason } from "../../core/reason.ts";
import type { Answer } from "./connection.ts";

type Backoff = NonNullable<Evidence["backoff"]>;

// Longer than any upstream's cool-down; what is beyond is an epoch or a mistake.
const LONGEST_SECONDS = 24 * 3600;
/** Some tell of another limit than the one that was met: a day's with every answer. */
const LONGEST_RESET_SECONDS = 3600;

const one = (header: string | string[] | undefined): string | undefined => [header].flat()[0];

/** From so much on a number is a moment and no wait: 2001 in seconds, or in milliseconds since 1970. */
const EPOCH_SECONDS = 1e9;
const EPOCH_MS = 1e12;

/** `X-RateLimit-Reset`, in seconds from now: OpenRouter tells milliseconds since 1970, in the body's metadata or in a header (§9); others what they like. */
function untilReset({ exchange, error }: Answer, now: number): number | undefined {
  const inBody = error?.metadata?.headers as Record<string, unknown> | undefined;
  const told = inBody?.["X-RateLimit-Reset"] ?? inBody?.["x-ratelimit-reset"] ?? one(exchange.headers["x-ratelimit-reset"]);
  const reset = typeof told === "string" && told !== "" ? Number(told) : told;
  if (typeof reset !== "number") return undefined;
  if (reset < EPOCH_SECONDS) return reset;
  return (reset < EPOCH_MS ? reset : reset / 1000) - now / 1000;
}

/** Seconds: `Retry-After` as a header or in the body's metadata, a number or a date. */
function secondsOf({ exchange, error }: Answer, now: number): number | undefined {
  const metadata = error?.metadata ?? {};
  const inBody = metadata.headers as Record<string, unknown> | undefined;
  const told = [metadata.retry_after_seconds, inBody?.["Retry-After"], inBody?.["retry-after"], one(exchange.headers["retry-after"])];
  for (const value of told) {
    if (typeof value !== "number" && (typeof value !== "string" || value === "")) continue;
    const seconds = Number.isFinite(Number(value)) ? Number(value) : (Date.parse(String(value)) - now) / 1000;
    if (seconds > 0 && seconds <= LONGEST_SECONDS) return seconds;
  }
  return undefined;
}

function scopeOf(reason: Reason, answer: Answer): Backoff["scope"] | undefined {
  if (reason === "quota_exhausted") return "account_day";
  if (reason !== "rate_limited") return undefined;
  const source = answer.error?.metadata?.limit_source;
  const message = answer.error?.message ?? "";
  return source === "openrouter_free_tier_per_minute" || /free-models-per-min/.test(message) ? "account_minute" : "target";
}

/** Undefined where nothing is to be waited for. A 5xx with a Retry-After is a wish too; a 400 will be no better later. */
export function backoffOf(reason: Reason, answer: Answer, now: number): Backoff | undefined {
  const wished = secondsOf(answer, now);
  const scope = scopeOf(reason, answer);
  if (scope === undefined) return answer.statusCode >= 500 && wished !== undefined ? { scope: "target", seconds: wished } : undefined;
  const reset = untilReset(answer, now) ?? 0;
  const lifted = reset > 0 && reset <= (scope === "account_day" ? LONGEST_SECONDS : LONGEST_RESET_SECONDS) ? reset : undefined;
  const seconds = wished ?? lifted;
  return { scope, ...(seconds === undefined ? {} : { seconds }) };
}
