/** What can be known of an API key without spending anything: its format, and what the API says of it. */
import type { KeyFacts } from "../../core/outcome.ts";
import type { Reason } from "../../core/reason.ts";
import { classify } from "./classify.ts";
import { type Answer, ask, type Connection, evidenceOf, type Finding, isSuccess } from "./connection.ts";
import { creditsSchema, keySchema } from "./wire.ts";

// The length is not promised anywhere (openrouter-api §1), only the prefix.
const OPENROUTER_KEY = /^sk-or-v1-[\x21-\x7e]{16,}$/;

export function keyFormatValid(connection: Pick<Connection, "flavor" | "apiKey">): boolean {
  return connection.flavor === "openrouter" ? OPENROUTER_KEY.test(connection.apiKey) : /^[\x21-\x7e]+$/.test(connection.apiKey);
}

/** 401 says the key is bad, 2xx that it is good; everything else says nothing about the key. */
function validity(answer: Answer): { valid?: boolean } {
  if (answer.statusCode === 401) return { valid: false };
  return isSuccess(answer.statusCode) && answer.exchange.fault === undefined ? { valid: true } : {};
}

/** `GET /key` for OpenRouter; for others `GET /models`, the one authenticated call every OpenAI-compatible server has. */
export async function fetchKey(connection: Connection, signal: AbortSignal): Promise<Finding<KeyFacts>> {
  const openrouter = connection.flavor === "openrouter";
  const answer = await ask(connection, { method: "GET", path: openrouter ? "/key" : "/models" }, signal);
  const failure = classify(answer) ?? answer.exchange.fault?.reason;
  const parsed = openrouter ? keySchema.safeParse(answer.body) : undefined;
  const malformed = openrouter ? parsed?.success !== true : answer.body === undefined;
  const reason: Reason = failure ?? (malformed ? "body_malformed" : "ok");
  const base: KeyFacts = { formatValid: true, ...validity(answer) };
  if (reason !== "ok") return { reason, evidence: { ...evidenceOf(connection, answer, reason), key: base } };
  const facts = parsed?.success === true ? { ...base, ...factsOf(parsed.data.data), ...(await credits(connection, signal)) } : base;
  return { reason, evidence: { ...evidenceOf(connection, answer, reason), key: facts }, value: facts };
}

type WireKey = ReturnType<typeof keySchema.parse>["data"];

function factsOf(data: WireKey): Partial<KeyFacts> {
  const expiry = data.expires_at === undefined || data.expires_at === null ? data.expires_at : Date.parse(data.expires_at);
  const free = data.free_model_daily_requests;
  const windows = { total: data.usage, daily: data.usage_daily, weekly: data.usage_weekly, monthly: data.usage_monthly };
  const facts = {
    limitUsd: data.limit,
    limitRemainingUsd: data.limit_remaining,
    usageUsd: Object.fromEntries(Object.entries(windows).filter(([, value]) => value !== undefined)),
    freeTier: data.is_free_tier,
    expiresAt: Number.isNaN(expiry) ? undefined : expiry,
    freeRequestsLimit: free?.limit,
    freeRequestsRemaining: free?.remaining,
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

/** The account's balance. 403 means "not with this key" (§3): then it is simply not known. */
async function credits(connection: Connection, signal: AbortSignal): Promise<Partial<KeyFacts>> {
  const answer = await ask(connection, { method: "GET", path: "/credits" }, signal);
  const parsed = creditsSchema.safeParse(answer.body);
  if (classify(answer) !== undefined || !parsed.success) return {};
  return { accountCreditsRemainingUsd: parsed.data.data.total_credits - parsed.data.data.total_usage };
}
