/** Requests turned down by OpenRouter or a provider for reasons of their own: one row a canned answer, bodies from openrouter-api §8 and §13. */
import { type Incoming, type JsonObject, json, type Reply } from "../exchange.ts";
import { providerRefused, refuse, refuseStranger, userNotFound } from "../openrouter/errors.ts";
import { seededRandom } from "../random.ts";
import type { Applied, Fault, Serving } from "./fault.ts";

const chat = { service: "openrouter", endpoints: ["chat"] } as const;
/** Wherever a key is needed. */
const locked = { service: "openrouter", endpoints: ["chat", "key", "generation", "credits", "models_user", "keys"] } as const;

const refusing = (description: string, refuses: (serving: Serving, scope: Applied) => Reply | undefined): Fault => ({
  ...chat,
  description,
  refuses,
});

const canned = (description: string, code: number, message: string, metadata?: JsonObject): Fault =>
  refusing(description, () => refuse(code, message, metadata));

const inFlight = (): Reply =>
  refuse(
    402,
    "This request would exceed your available credits given your current in-flight requests. Please retry shortly.",
    { reason: "in_flight_budget_exhausted", limit_source: "openrouter_in_flight_budget", headers: { "Retry-After": "120" } },
    { "retry-after": "120" },
  );

const PROVIDER_ERRORS: Readonly<Record<number, readonly [string, string]>> = {
  502: ["provider_unavailable", "upstream connect error or disconnect/reset before headers"],
  503: ["provider_overloaded", "No instances available"],
  504: ["timeout", "Upstream idle timeout exceeded"],
  524: ["timeout", "error code: 524"],
  529: ["provider_overloaded", "Overloaded"],
};

function providerFailed({ provider }: Serving, { status = 502 }: Applied, headers: Readonly<Record<string, string>> = {}): Reply {
  const [errorType, raw] = PROVIDER_ERRORS[status] ?? ["unmapped", "unexpected answer"];
  return providerRefused(status, provider, raw, { error_type: errorType }, headers);
}

function sharedPool({ model, provider }: Serving, retryAfterSeconds?: number): Reply {
  const raw = `${model} is temporarily rate-limited upstream. Please retry shortly, or add your own key to accumulate your rate limits`;
  const metadata = { provider_error_code: "rate_limit_exceeded", limit_source: "upstream_provider_shared_pool" };
  if (retryAfterSeconds === undefined) return providerRefused(429, provider, raw, metadata);
  const headers = { "Retry-After": String(retryAfterSeconds) };
  return providerRefused(429, provider, raw, { ...metadata, retry_after_seconds: retryAfterSeconds, headers }, headers);
}

const moneyFaults = {
  unaffordable: canned(
    "402: the balance does not cover max_tokens",
    402,
    "This request requires more credits, or fewer max_tokens. You requested up to 4096 tokens, but can only afford 212. To increase, visit https://openrouter.ai/settings/credits and add more credits",
    { limit_source: "openrouter_credits" },
  ),
  over_weight: canned("402: this one request is larger than the whole budget", 402, "This request exceeds your available credits.", {
    reason: "weight_exceeds_budget",
    limit_source: "openrouter_credits",
  }),
  in_flight: refusing("402 for the moment: too much in flight, with Retry-After", inFlight),
} as const satisfies Readonly<Record<string, Fault>>;

const gateFaults = {
  harness: refusing("403: the free model is for agentic harnesses only", ({ model }) =>
    refuse(403, `${model} is only available on agentic harnesses. Learn more at https://openrouter.ai/docs`, {
      failed_routing_step: "Gate Free Endpoints by Agentic Harness",
    }),
  ),
  attestation: canned(
    "403: an age confirmation is missing",
    403,
    "This model requires you to complete the following before use: 18+ age confirmation. Complete it at https://openrouter.ai/settings",
    { missing_attestation_types: ["age_18plus"], failed_routing_step: "Gate Endpoints with Attestations" },
  ),
  region: refusing("403: the model is not offered in this region", ({ model }) =>
    refuse(403, `${model} is not available in your region: XX`, { error_type: "permission_denied" }),
  ),
  moderation: refusing("403: the input was flagged", ({ model, provider }) =>
    refuse(403, "Your input was flagged by moderation", {
      reasons: ["violence"],
      flagged_input: "some of the prompt",
      provider_name: provider,
      model_slug: model,
    }),
  ),
  guardrail: canned("403: a guardrail blocked the request", 403, "Request blocked: prompt matches a restricted pattern", {
    patterns: ["secret"],
  }),
} as const satisfies Readonly<Record<string, Fault>>;

const providerFaults = {
  provider: refusing("The provider failed: 502, or 503, 504, 524, 529 as scoped by status", (serving, scope) =>
    providerFailed(serving, scope),
  ),
  provider_busy: refusing("503 of the provider with a Retry-After of 30 s", (serving, scope) =>
    providerFailed(serving, { status: 503, ...scope }, { "retry-after": "30" }),
  ),
  provider_rejects: refusing("400: the provider refuses a parameter", ({ provider }) =>
    providerRefused(400, provider, "User location is not supported for the API use.", { error_type: "invalid_request" }),
  ),
  shared_pool: refusing("429: the provider's shared pool is used up, for one model when scoped; try again in 17 s", (serving) =>
    sharedPool(serving, 17),
  ),
  shared_pool_silent: refusing("429 as shared_pool, without a word on when to try again", (serving) => sharedPool(serving)),
} as const satisfies Readonly<Record<string, Fault>>;

const OUTAGE_FIRST_PHASE_MS = 5 * 60_000;

/** The outages of February 2026: a fifth of the calls fail, then nobody's key is known (openrouter-api §11). */
function duringOutage({ receivedAtMs }: Incoming, { ms = OUTAGE_FIRST_PHASE_MS, sinceMs, nth }: Applied): Reply | undefined {
  if (receivedAtMs - sinceMs >= ms) return userNotFound();
  return seededRandom(nth)() < 0.2 ? refuseStranger(500, "Internal Server Error") : undefined;
}

const failures = {
  key: { ...locked, description: "The key was revoked: 401 wherever a key is needed", answer: userNotFound },
  auth_outage: {
    ...locked,
    description: "OpenRouter's key store is failing: 500 wherever a key is needed",
    answer: () => refuseStranger(500, "Internal Server Error"),
  },
  outage: {
    ...locked,
    description: "As in February 2026: a fifth of calls is 500, after 5 min, or as scoped by ms, every valid key is 401",
    answer: duringOutage,
  },
  internal: refusing("500 with nothing to go by", () => refuse(500, "Internal Server Error")),
  operation_timeout: canned("408: the operation timed out", 408, "Operation timed out. Please try again later."),
  free_ended: refusing("404: the free variant was withdrawn, the paid one is left", ({ model }) =>
    model.endsWith(":free") ? freeEnded(model) : undefined,
  ),
  new_error_form: {
    ...chat,
    description: "An unknown model is refused in the form announced in August 2026: error.availability, no code",
    alter: (reply, _, __, { model }) =>
      reply.status === 400 && reply.body.toString().includes("is not a valid model ID")
        ? json(400, { error: unavailable(model ?? "") }, reply.headers)
        : undefined,
  },
} as const satisfies Readonly<Record<string, Fault>>;

// There is nothing left to route to, so the funnel ends where it begins.
const freeEnded = (model: string): Reply =>
  refuse(
    404,
    `This model is unavailable for free. The paid version is available now - use this slug instead: ${model.replace(/:free$/, "")}`,
    { routing_funnel: [{ step: "Initial Endpoints", endpoint_count: 0 }], failed_routing_step: "Initial Endpoints" },
  );

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

export const refusalFaults = { ...failures, ...moneyFaults, ...gateFaults, ...providerFaults };
