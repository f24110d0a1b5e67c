import { between, pick, type Random, seededRandom, seedOf } from "../random.ts";
import { type Endpoint, endpointsOf } from "./endpoints.ts";
import { inventModels } from "./invented.ts";
import { type KnownModel, knownModels } from "./known.ts";
import type { Model } from "./model.ts";
import { describe } from "./words.ts";

export interface CatalogueEntry {
  readonly model: Model;
  readonly endpoints: readonly Endpoint[];
  /** What of the account's settings rules it out: absent from /models/user, 404 in chat. */
  readonly blockedBy?: Block;
  /** Tags of endpoints that answer 503 whenever they are asked. */
  readonly failing: readonly string[];
}

export type Block = "training" | "publication" | "guardrail";

const DAY_MS = 86_400_000;
// 430 models was the size of the real list in autumn 2026 (openrouter-api §4).
export const REAL_CATALOGUE_SIZE = 430;

const BASE_PARAMETERS = [
  "max_tokens",
  "max_completion_tokens",
  "temperature",
  "top_p",
  "stop",
  "frequency_penalty",
  "presence_penalty",
  "seed",
];

function parametersOf(known: KnownModel): string[] {
  return [
    ...BASE_PARAMETERS,
    ...(known.tools === false ? [] : ["tools", "tool_choice", "response_format", "structured_outputs"]),
    ...(known.reasons === undefined ? [] : ["reasoning", "include_reasoning"]),
  ];
}

function pricingOf(known: KnownModel): Model["pricing"] {
  return { prompt: known.prompt, completion: known.completion, request: "0", image: "0", web_search: "0", internal_reasoning: "0" };
}

export const isoDay = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

function modelOf(known: KnownModel, random: Random, nowMs: number): Model {
  const inputs = known.sees ? ["text", "image"] : ["text"];
  const created = Math.floor(nowMs / 1000) - between(random, 20, 700) * 86_400;
  const slug = known.id.replace(/^~/, "").replace(/:.*$/, "");
  const target = knownModels.find((other) => other.id === known.aliasOf);
  return {
    id: known.id,
    canonical_slug: `${slug}-${isoDay(created * 1000).replaceAll("-", "")}`,
    hugging_face_id: random() < 0.6 ? slug : null,
    name: known.name,
    created,
    description: describe(known.name, random),
    context_length: known.context,
    architecture: {
      modality: `${inputs.join("+")}->text`,
      input_modalities: inputs,
      output_modalities: ["text"],
      tokenizer: pick(random, ["Other", "Qwen3", "Llama3", "Mistral", "GPT", "Gemini", "DeepSeek"]),
      instruct_type: null,
    },
    pricing: pricingOf(known),
    top_provider: { context_length: known.context, max_completion_tokens: random() < 0.5 ? null : 16_384, is_moderated: false },
    per_request_limits: null,
    supported_parameters: parametersOf(known),
    default_parameters: random() < 0.3 ? { temperature: 0.7, top_p: 0.8, frequency_penalty: null } : null,
    supported_voices: null,
    knowledge_cutoff: null,
    expiration_date: known.expiresInDays === undefined ? null : isoDay(nowMs + known.expiresInDays * DAY_MS),
    ...(known.reasons && {
      reasoning: {
        mandatory: known.reasons === "mandatory",
        default_enabled: known.reasons !== "on request",
        supported_efforts: ["high", "medium", "low"],
      },
    }),
    ...(target && { alias_target: { slug: target.id, name: target.name } }),
    links: { details: `/api/v1/models/${known.id}/endpoints` },
  };
}

/** Deterministic for a seed, size and day. */
export function buildCatalogue(seed: number, size: number, nowMs: number): readonly CatalogueEntry[] {
  const invented = inventModels(seed, Math.max(0, size - knownModels.length), new Set(knownModels.map(({ id }) => id)));
  return [...knownModels, ...invented].map((known) => {
    const random = seededRandom(seed ^ seedOf(known.id));
    const model = modelOf(known, random, nowMs);
    return { model, endpoints: known.orphan ? [] : endpointsOf(model, random), failing: [] };
  });
}

// Dynamic variants work on any model and only change the routing (openrouter-api §11).
const DYNAMIC_VARIANT = /:(?:nitro|floor|exacto|online)$/;

/** The entry an id stands for: itself, its dated slug, or what its alias floats to. Undefined: OpenRouter knows no such model. */
export function resolve(entries: readonly CatalogueEntry[], requested: string): CatalogueEntry | undefined {
  const id = requested.replace(DYNAMIC_VARIANT, "");
  const named = entries.find(({ model }) => model.id === id) ?? entries.find(({ model }) => model.canonical_slug === id);
  const alias = named?.model.alias_target?.slug;
  return alias === undefined ? named : entries.find(({ model }) => model.id === alias);
}
