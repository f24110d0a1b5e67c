/** What the simulated model thinks and says to an order, within its token budget. */
import type { Model } from "./model.ts";
import { type Order, promptTokensOf } from "./order.ts";
import { colourOf } from "./png.ts";
import { answerTokens, thoughtTokens, tokenise } from "./words.ts";

export interface Composition {
  readonly thought: readonly string[];
  readonly answer: readonly string[];
  readonly finishReason: "stop" | "length";
  readonly usage: Usage;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly cost: number;
  readonly is_byok: boolean;
  readonly prompt_tokens_details: { readonly cached_tokens: number; readonly audio_tokens: number };
  readonly cost_details: {
    readonly upstream_inference_cost: null;
    readonly upstream_inference_prompt_cost: number;
    readonly upstream_inference_completions_cost: number;
  };
  readonly completion_tokens_details: { readonly reasoning_tokens: number; readonly image_tokens: number };
}

const TALKATIVE_TOKENS = 24;
const THOUGHT_TOKENS: Readonly<Record<string, number>> = { minimal: 8, low: 16, medium: 40, high: 120, xhigh: 240 };

// "Reply with exactly: pong", "Answer with the word 'pong'": a probe that asks for a word gets it.
const DICTATED = /\b(?:reply|answer|respond|say|write)\b[^:"'`]*[:"'`]\s*["'`]?([\p{L}\p{N}_-]{1,40})/iu;

function answerTo(order: Order): string[] {
  const colour = order.images.map(colourOf).find((name) => name !== undefined);
  const said = colour ?? DICTATED.exec(order.prompt)?.[1];
  return said === undefined ? answerTokens(TALKATIVE_TOKENS) : tokenise(said);
}

function thinks({ reasoning: ability }: Model, { reasoning: wish }: Order): boolean {
  if (ability === undefined) return false;
  return ability.mandatory || wish.on || (ability.default_enabled && !wish.off);
}

/** Prices are USD per token; a router's sentinel price of -1 costs nothing. */
function usageOf(model: Model, promptTokens: number, completionTokens: number, reasoningTokens: number): Usage {
  const promptCost = promptTokens * Math.max(0, Number(model.pricing.prompt));
  const completionCost = completionTokens * Math.max(0, Number(model.pricing.completion));
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    cost: promptCost + completionCost,
    is_byok: false,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    cost_details: {
      upstream_inference_cost: null,
      upstream_inference_prompt_cost: promptCost,
      upstream_inference_completions_cost: completionCost,
    },
    completion_tokens_details: { reasoning_tokens: reasoningTokens, image_tokens: 0 },
  };
}

export function compose(model: Model, order: Order): Composition {
  const thoughts = thinks(model, order) ? thoughtTokens(THOUGHT_TOKENS[order.reasoning.effort] ?? 40) : [];
  const words = answerTo(order);
  // Thinking is paid from the same budget and comes first: a small budget ends with nothing said (openrouter-api §6).
  const thought = thoughts.slice(0, order.maxTokens);
  const answer = words.slice(0, Math.max(0, order.maxTokens - thought.length));
  const total = thought.length + answer.length;
  return {
    thought: order.reasoning.hidden ? [] : thought,
    answer,
    finishReason: total < thoughts.length + words.length ? "length" : "stop",
    usage: usageOf(model, promptTokensOf(order), total, thought.length),
  };
}
