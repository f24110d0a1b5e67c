/**
 * Which reason an answer amounts to: one table, the sharpest discriminator first. Section numbers are of the OpenRouter notes in
 * docs/reference/openrouter-api.md. `limit_source` and the routing step stand before `error_type`: they tell apart what the type lumps together.
 */
import type { Reason } from "../../core/reason.ts";
import { type Answer, COMPLETIONS } from "./connection.ts";
import { errorMessage } from "./wire.ts";

/** What the table looks at. */
interface Signs {
  readonly status: number;
  readonly availability: string;
  readonly limitSource: string;
  readonly step: string;
  readonly type: string;
  /** OpenAI's machine-readable word, such as `model_not_found`. */
  readonly code: string;
  /** With the provider's own words, where there are some. */
  readonly message: string;
  /** The API's alone. */
  readonly ownMessage: string;
  readonly fromProvider: boolean;
  /** No JSON: it came from the edge or a proxy, not from the API. */
  readonly fromEdge: boolean;
}

type Row = readonly [
  field: "availability" | "limitSource" | "step" | "type" | "code" | "message" | "ownMessage",
  pattern: RegExp,
  reason: Reason,
];

const TABLE: readonly Row[] = [
  // error.availability.code, announced 2026-08-19 (§8)
  ["availability", /^(?:model_not_found|model_deprecated)$/, "model_missing"],
  ["availability", /^free_variant_ended$/, "model_no_longer_free"],
  ["availability", /^(?:no_endpoints|model_unavailable_upstream)$/, "model_unavailable"],
  ["availability", /^capacity_exhausted$/, "rate_limited"],
  ["availability", /^temporarily_unavailable$/, "provider_overloaded"],
  ["availability", /^(?:region_restricted|privacy_restricted)$/, "forbidden"],
  ["availability", /^(?:wrong_endpoint|constraint_filtered)$/, "bad_request"],
  // metadata.limit_source (§8, §9)
  ["limitSource", /^openrouter_free_tier_daily$/, "quota_exhausted"],
  ["limitSource", /^(?:openrouter_free_tier_per_minute|upstream_provider_shared_pool)$/, "rate_limited"],
  ["limitSource", /^(?:openrouter_key_limit|openrouter_workspace_budget|openrouter_guardrail_budget)$/, "key_limit"],
  // In flight: the account has money, only not for one more at once; it passes by itself.
  ["limitSource", /^openrouter_in_flight_budget$/, "rate_limited"],
  ["limitSource", /^openrouter_credits$/, "payment_required"],
  // metadata.failed_routing_step (§8)
  ["step", /Image Support/, "vision_unsupported"],
  ["step", /Max Price/, "model_no_longer_free"],
  ["step", /Data Policy|Guardrails|Gate /, "forbidden"],
  ["step", /Tool Compatibility|Parameters|Allowed Providers/, "bad_request"],
  // messages that are sharper than their status; texts as observed (§8, §9)
  ["message", /not a valid model ID|model .*(?:does not exist|not found)/i, "model_missing"],
  ["code", /^model_not_found$/, "model_missing"],
  ["message", /unavailable for free|satisfy the max price/i, "model_no_longer_free"],
  ["message", /support image input|not support images?/i, "vision_unsupported"],
  ["message", /^No endpoints found for /, "model_unavailable"],
  ["message", /free-models-per-day/, "quota_exhausted"],
  ["message", /key limit exceeded/i, "key_limit"],
  // What other APIs say with a 400: Google, xAI; Anthropic; LiteLLM.
  ["ownMessage", /^API key not valid|^Incorrect API key provided/, "unauthorized"],
  ["ownMessage", /^Your credit balance is too low/, "payment_required"],
  ["ownMessage", /Budget has been exceeded/, "key_limit"],
  ["code", /^insufficient_quota$/, "payment_required"],
  ["code", /^invalid_api_key$/, "unauthorized"],
  // metadata.error_type (§8)
  ["type", /^authentication$/, "unauthorized"],
  ["type", /^payment_required$/, "payment_required"],
  ["type", /^rate_limit_exceeded$/, "rate_limited"],
  ["type", /^provider_overloaded$/, "provider_overloaded"],
  ["type", /^(?:provider_unavailable|timeout)$/, "provider_error"],
  ["type", /^(?:permission_denied|content_policy_violation|refusal)$/, "forbidden"],
  ["type", /^not_found$/, "not_found"],
  ["type", /_exceeded$|_too_(?:long|large|small)$|^invalid_|^unsupported_|^image_|^unprocessable$|^precondition/, "bad_request"],
];

const BY_STATUS: Readonly<Record<number, Reason>> = {
  400: "bad_request",
  401: "unauthorized",
  402: "payment_required",
  403: "forbidden",
  404: "not_found",
  408: "provider_error",
  429: "rate_limited",
  502: "provider_error",
  503: "provider_overloaded",
  504: "provider_error",
  524: "provider_error",
  529: "provider_overloaded",
};

/** No provider stands behind a key or a catalogue: there it is the API itself. */
const OF_A_PROVIDER: ReadonlySet<Reason> = new Set<Reason>(["provider_error", "provider_overloaded"]);

function signsOf(answer: Answer): Signs {
  const { error, statusCode, body } = answer;
  const metadata = error?.metadata ?? {};
  const word = (value: unknown): string => (typeof value === "string" ? value : "");
  return {
    status: statusCode,
    availability: word(error?.availability?.code),
    limitSource: word(metadata.limit_source),
    step: word(metadata.failed_routing_step),
    type: word(metadata.error_type ?? error?.error_type),
    code: word(error?.code),
    ownMessage: error?.message ?? "",
    message: error === undefined ? "" : (errorMessage(error) ?? ""),
    fromProvider: metadata.provider_name !== undefined && metadata.provider_name !== null,
    fromEdge: body === undefined,
  };
}

function byStatus({ status, fromProvider, fromEdge }: Signs): Reason {
  // HTML with a 403 or 5xx is Cloudflare's own page (§8, last row): the API never saw the request.
  if (fromEdge && (status === 403 || status >= 500)) return "gateway_error";
  const reason = BY_STATUS[status];
  if (reason !== undefined) return reason;
  if (status >= 500) return fromProvider ? "provider_error" : "gateway_error";
  // A redirect or an informational answer is nothing the API ever sends.
  return status >= 400 ? "bad_request" : "body_malformed";
}

/** The reason of an answer that is an error by its effective status; undefined when it is none. */
export function classify(answer: Answer): Reason | undefined {
  if (answer.statusCode === 0) return answer.exchange.fault?.reason;
  const isError = answer.error !== undefined || answer.statusCode < 200 || answer.statusCode >= 300;
  if (!isError) return undefined;
  const signs = signsOf(answer);
  const reason = TABLE.find(([field, pattern]) => pattern.test(signs[field]))?.[2] ?? byStatus(signs);
  return OF_A_PROVIDER.has(reason) && answer.call.path !== COMPLETIONS ? "gateway_error" : reason;
}
