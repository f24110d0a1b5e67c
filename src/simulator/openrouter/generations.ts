/** What `/generation` remembers of the completions that were made (openrouter-api §10). */
import type { JsonObject } from "../exchange.ts";
import type { Usage } from "./compose.ts";
import type { Attempt } from "./metadata.ts";

export interface Generation {
  readonly id: string;
  readonly createdMs: number;
  readonly model: string;
  readonly provider: string;
  readonly streamed: boolean;
  readonly finishReason: string;
  readonly latencyMs: number;
  readonly generationMs: number;
  readonly usage: Usage;
  readonly attempts: readonly Attempt[];
  readonly userAgent: string | null;
  readonly referer: string | null;
}

export interface Generations {
  note(generation: Generation): void;
  /** Undefined: no such id, or too fresh to be found. */
  find(id: string): JsonObject | undefined;
}

// Half a second and more of 404 was seen after a completion; clients retry at one second (openrouter-api §10).
const HIDDEN_MS = 1_500;
const REMEMBERED = 10_000;

function usageFields({ usage }: Generation): JsonObject {
  return {
    tokens_prompt: usage.prompt_tokens,
    tokens_completion: usage.completion_tokens,
    native_tokens_prompt: usage.prompt_tokens,
    native_tokens_completion: usage.completion_tokens,
    native_tokens_reasoning: usage.completion_tokens_details.reasoning_tokens,
    native_tokens_cached: usage.prompt_tokens_details.cached_tokens,
    native_tokens_completion_images: 0,
    total_cost: usage.cost,
    usage: usage.cost,
    upstream_inference_cost: null,
    cache_discount: null,
  };
}

// Fields of features the simulator does not have.
const ABSENT = [
  "app_id",
  "external_user",
  "moderation_latency",
  "num_fetches",
  "num_input_audio_prompt",
  "num_media_completion",
  "num_media_prompt",
  "num_search_results",
  "preset_id",
  "request_id",
  "response_cache_source_id",
  "router",
  "service_tier",
  "session_id",
  "web_search_engine",
  "workspace_id",
] as const;

function generationBody(made: Generation): JsonObject {
  return {
    id: made.id,
    upstream_id: `chatcmpl-${made.id.slice(-12)}`,
    api_type: "completions",
    created_at: new Date(made.createdMs).toISOString(),
    model: made.model,
    provider_name: made.provider,
    streamed: made.streamed,
    cancelled: false,
    finish_reason: made.finishReason,
    native_finish_reason: made.finishReason,
    latency: made.latencyMs,
    generation_time: made.generationMs,
    is_byok: false,
    data_region: "global",
    origin: made.referer ?? "",
    http_referer: made.referer,
    user_agent: made.userAgent,
    ...usageFields(made),
    ...Object.fromEntries(ABSENT.map((name) => [name, null])),
    // Every provider that was asked, failed fallbacks too.
    provider_responses: made.attempts.map(({ provider, status }) => ({
      provider_name: provider,
      model_permaslug: made.model,
      status,
      is_byok: false,
    })),
  };
}

export function createGenerations(now: () => number): Generations {
  const known = new Map<string, Generation>();
  return {
    note(generation) {
      known.set(generation.id, generation);
      const [oldest] = known.keys();
      if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
    },
    find(id) {
      const made = known.get(id);
      return made === undefined || now() - made.createdMs < HIDDEN_MS ? undefined : generationBody(made);
    },
  };
}
