/** What can be known of an API key without spending anything: its format, and what the API says of it. */
import type { KeyFacts } from "../../core/outcome.ts";
import type { Reason } from "../../core/reason.ts";
import { classify } from "./classify.ts";
import { ask, COMPLETIONS, type Connection, evidenceOf, type Finding } from "./connection.ts";
import { creditsSchema, keySchema } from "./wire.ts";

// The length is not promised anywhere (openrouter-api §1), only the prefix.
const OPENROUTER_KEY = /^sk-or-v1-[\x21-\x7e]{16,}$/;

export function keyFormatValid(connection: Pick<Connection, "flavor" | "apiKey">): boolean {
  return connection.flavor === "openrouter" ? OPENROUTER_KEY.test(connection.apiKey) : /^[\x21-\x7e]+$/.test(connection.apiKey);
}

/** What the key is good for; whether a rejected one is bad is for the caller to judge. `GET /key` for OpenRouter; for others `GET /models`, the one authenticated call every OpenAI-compatible server has. */
export async function fetchKey(connection: Connection, signal: AbortSignal): Promise<Finding<KeyFacts>> {
  const openrouter = connection.flavor === "openrouter";
  const answer = await ask(connection, { method: "GET", path: openrouter ? "/key" : "/models" }, signal);
  const failure = classify(answer) ?? answer.exchange.fault?.reason;
  const parsed = openrouter ? keySchema.safeParse(answer.body) : undefined;
  const malformed = openrouter ? parsed?.success !== true : answer.body === undefined;
  const reason: Reason = failure ?? (malformed ? "body_malformed" : "ok");
  if (reason !== "ok") return { reason, evidence: { ...evidenceOf(connection, answer, reason), key: { formatValid: true } } };
  const base: KeyFacts = { formatValid: true, valid: true };
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
    freeRequestsUsed: free?.used,
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

/**
 * Whether the completion endpoint rejects the key as well. Asks for no model, so nothing can be spent: a good key gets the complaint
 * about the request (400), a bad one never comes that far (401).
 */
export async function chatRejectsKey(connection: Connection, signal: AbortSignal): Promise<boolean> {
  const answer = await ask(connection, { method: "POST", path: COMPLETIONS, body: { messages: [] } }, signal);
  return classify(answer) === "unauthorized";
}
