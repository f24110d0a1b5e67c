/** Chat requests turned down by OpenRouter or a provider: one row a canned answer, bodies from openrouter-api §8, §9 and §13. */
import { type JsonObject, json, type Reply } from "../exchange.ts";
import { utcDay } from "../openrouter/account.ts";
import { providerRefused, refuse, refuseStranger, userNotFound } from "../openrouter/errors.ts";
import type { Fault, Scope } from "./fault.ts";

const PROVIDER = "Chutes";
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

const chat = { service: "openrouter", endpoints: ["chat"] } as const;

const canned = (description: string, code: number, message: string, metadata?: JsonObject): Fault => ({
  ...chat,
  description,
  answer: () => refuse(code, message, metadata),
});

/** A free model's quota, told in the body and, as some captures have it, in headers too. */
function quotaSpent(kind: "daily" | "per_minute", message: string, limit: number, resetMs: number): Reply {
  const headers = { "X-RateLimit-Limit": String(limit), "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": String(resetMs) };
  const hint = kind === "daily" ? "Wait for the daily reset or add credits." : "Wait for the next minute.";
  return refuse(429, message, { headers, limit_source: `openrouter_free_tier_${kind}`, remedy_hint: hint, provider_name: null }, headers);
}

const ofFreeModel = (model: string | undefined, reply: () => Reply): Reply | undefined => (model?.endsWith(":free") ? reply() : undefined);

const inFlight = (): Reply =>
  refuse(
    402,
    "This request would exceed your available credits given your current in-flight requests. Please retry shortly.",
    { reason: "in_flight_budget_exhausted", limit_source: "openrouter_in_flight_budget", headers: { "Retry-After": "120" } },
    { "retry-after": "120" },
  );

const KEY_LIMIT = { limit_source: "openrouter_key_limit", scope: "key_limit", limit_usd: 5, spend_usd: 5.01, resets_at: null };

const PROVIDER_ERRORS: Readonly<Record<number, readonly [string, string]>> = {
  502: ["provider_unavailable", "upstream connect error or disconnect/reset before headers"],
  503: ["provider_overloaded", "No instances available"],
  504: ["timeout", "Upstream idle timeout exceeded"],
  524: ["timeout", "error code: 524"],
  529: ["provider_overloaded", "Overloaded"],
};

function providerFailed({ status = 502 }: Scope): Reply {
  const [errorType, raw] = PROVIDER_ERRORS[status] ?? ["unmapped", "unexpected answer"];
  return providerRefused(status, PROVIDER, raw, { error_type: errorType });
}

const sharedPool = (model = "this model"): Reply =>
  providerRefused(
    429,
    PROVIDER,
    `${model} is temporarily rate-limited upstream. Please retry shortly, or add your own key to accumulate your rate limits`,
    {
      limit_source: "upstream_provider_shared_pool",
      retry_after_seconds: 17,
      headers: { "Retry-After": "17" },
    },
  );

const moneyFaults = {
  credits: canned("402: the account has no credits", 402, "Insufficient credits. Add more using https://openrouter.ai/settings/credits", {
    limit_source: "openrouter_credits",
  }),
  unaffordable: canned(
    "402: the balance does not cover max_tokens",
    402,
    "This request requires more credits, or fewer max_tokens. You requested up to 4096 tokens, but can only afford 212. To increase, visit https://openrouter.ai/settings/credits and add more credits",
    { limit_source: "openrouter_credits" },
  ),
  in_flight: { ...chat, description: "402 for the moment: too much in flight, with Retry-After", answer: inFlight },
  key_limit: {
    ...chat,
    description: "The key's own limit is spent: 403 (402 when scoped), and /key shows nothing left",
    endpoints: ["chat", "key"],
    answer: (_, { status = 403 }, { endpoint }) =>
      endpoint === "chat"
        ? refuse(status, "Key limit exceeded (total limit). Manage it using https://openrouter.ai/settings/keys", KEY_LIMIT)
        : undefined,
    account: (account) => ({ ...account, limitUsd: 5, usageUsd: 5.01 }),
  },
  workspace_budget: canned("403: the workspace's budget is spent", 403, "Workspace budget exceeded", {
    limit_source: "openrouter_workspace_budget",
    resets_at: null,
  }),
} as const satisfies Readonly<Record<string, Fault>>;

const gateFaults = {
  harness: {
    ...chat,
    description: "403: the free model is for agentic harnesses only",
    answer: (_, __, { model }) =>
      refuse(403, `${model} is only available on agentic harnesses. Learn more at https://openrouter.ai/docs`, {
        failed_routing_step: "Gate Free Endpoints by Agentic Harness",
      }),
  },
  attestation: canned(
    "403: an age confirmation is missing",
    403,
    "This model requires you to complete the following before use: 18+ age confirmation. Complete it at https://openrouter.ai/settings",
    { missing_attestation_types: ["age_18plus"], failed_routing_step: "Gate Endpoints with Attestations" },
  ),
  region: {
    ...chat,
    description: "403: the model is not offered in this region",
    answer: (_, __, { model }) => refuse(403, `${model} is not available in your region: XX`, { error_type: "permission_denied" }),
  },
  moderation: {
    ...chat,
    description: "403: the input was flagged",
    answer: (_, __, { model }) =>
      refuse(403, "Your input was flagged by moderation", {
        reasons: ["violence"],
        flagged_input: "some of the prompt",
        provider_name: "OpenAI",
        model_slug: model,
      }),
  },
  guardrail: canned("403: a guardrail blocked the request", 403, "Request blocked: prompt matches a restricted pattern", {
    patterns: ["secret"],
  }),
} as const satisfies Readonly<Record<string, Fault>>;

const quotaFaults = {
  free_daily: {
    ...chat,
    description: "429 on :free models: the account's requests of the day are spent; paid models go on",
    endpoints: ["chat", "key"],
    answer: (request, _, { endpoint, model }) =>
      endpoint !== "chat"
        ? undefined
        : ofFreeModel(model, () =>
            quotaSpent(
              "daily",
              "Rate limit exceeded: free-models-per-day-high-balance. ",
              1000,
              (utcDay(request.receivedAtMs) + 1) * DAY_MS,
            ),
          ),
    account: (account) => ({ ...account, freeUsed: Math.max(account.freeUsed, account.freeLimit + 60) }),
  },
  free_daily_unpaid: {
    ...chat,
    description: "429 on :free models: the 50 a day of an account that never bought credits",
    answer: (request, _, { model }) =>
      ofFreeModel(model, () =>
        quotaSpent(
          "daily",
          "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day",
          50,
          (utcDay(request.receivedAtMs) + 1) * DAY_MS,
        ),
      ),
  },
  free_per_minute: {
    ...chat,
    description: "429 on :free models: the 21st request of a minute",
    answer: (request, _, { model }) =>
      ofFreeModel(model, () =>
        quotaSpent(
          "per_minute",
          "Rate limit exceeded: free-models-per-min. ",
          20,
          (Math.floor(request.receivedAtMs / MINUTE_MS) + 1) * MINUTE_MS,
        ),
      ),
  },
  shared_pool: {
    ...chat,
    description: "429: the provider's shared pool is used up, for one model when scoped",
    answer: (_, __, { model }) => sharedPool(model),
  },
} as const satisfies Readonly<Record<string, Fault>>;

const failures = {
  key: {
    service: "openrouter",
    description: "The key was revoked: 401 wherever a key is needed",
    endpoints: ["chat", "key", "credits", "models_user", "keys"],
    answer: userNotFound,
  },
  auth_outage: {
    service: "openrouter",
    description: "OpenRouter's key store is failing: 500 wherever a key is needed",
    endpoints: ["chat", "key", "credits", "models_user", "keys"],
    answer: () => refuseStranger(500, "Internal Server Error"),
  },
  provider: {
    ...chat,
    description: "The provider failed: 502, or 503, 504, 524, 529 as scoped by status",
    answer: (_, scope) => providerFailed(scope),
  },
  provider_rejects: {
    ...chat,
    description: "400: the provider refuses a parameter",
    answer: () => providerRefused(400, PROVIDER, "User location is not supported for the API use.", { error_type: "invalid_request" }),
  },
  internal: {
    ...chat,
    description: "500 with nothing to go by",
    answer: () => refuse(500, "Internal Server Error"),
  },
  operation_timeout: canned("408: the operation timed out", 408, "Operation timed out. Please try again later."),
  free_ended: {
    ...chat,
    description: "404: the free variant was withdrawn, the paid one is left",
    answer: (_request, _, { model }) =>
      ofFreeModel(model, () =>
        refuse(
          404,
          `This model is unavailable for free. The paid version is available now - use this slug instead: ${model?.replace(/:free$/, "")}`,
        ),
      ),
  },
  new_error_form: {
    ...chat,
    description: "An unknown model is refused in the form announced in August 2026: error.availability, no code",
    alter: (reply, _, __, { model }) =>
      reply.status === 400 && reply.body.toString().includes("is not a valid model ID")
        ? json(400, { error: unavailable(model ?? "") }, reply.headers)
        : undefined,
  },
} as const satisfies Readonly<Record<string, Fault>>;

const unavailable = (model: string): JsonObject => ({
  error_type: "not_found",
  http_status: 400,
  message: `${model} is not a valid model ID`,
  availability: {
    code: "model_not_found",
    retryable: false,
    requested_models: [model],
    fallback_models: [],
    docs_url: "https://openrouter.ai/docs/api_reference/errors-and-debugging",
  },
});

export const refusalFaults = { ...failures, ...moneyFaults, ...gateFaults, ...quotaFaults };
