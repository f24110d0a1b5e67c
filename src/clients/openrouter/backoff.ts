/** How long an answer asks to wait, and for whom that holds (openrouter-api §8, §9). */
import type { Evidence } from "../../core/outcome.ts";
import type { Reason } from "../../core/reason.ts";
import type { Answer } from "./connection.ts";

type Backoff = NonNullable<Evidence["backoff"]>;

// Longer than any upstream's cool-down; what is beyond is an epoch or a mistake.
const LONGEST_SECONDS = 24 * 3600;

const one = (header: string | string[] | undefined): string | undefined => [header].flat()[0];

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
  const seconds = secondsOf(answer, now);
  const scope = scopeOf(reason, answer) ?? (answer.statusCode >= 500 && seconds !== undefined ? "target" : undefined);
  return scope === undefined ? undefined : { scope, ...(seconds === undefined ? {} : { seconds }) };
}
