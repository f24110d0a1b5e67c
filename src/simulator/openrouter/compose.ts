/** What the simulated model thinks and says to an order, within its token budget. */
import { exampleOf } from "./example-of.ts";
import type { Model } from "./model.ts";
import { type Order, promptTokensOf } from "./order.ts";
import { colourOf } from "./png.ts";
import { answerTokens, crumbs, thoughtTokens, tokenise } from "./words.ts";

export interface Composition {
  readonly thought: readonly string[];
  readonly answer: readonly string[];
  /** The tool called in place of an answer, which then holds the arguments' JSON. */
  readonly tool: string | undefined;
  readonly finishReason: "stop" | "length" | "tool_calls";
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

// "Reply with exactly: The sky is blue": all of the line, or of the quotation.
const EXACT = /\bexactly\b[^:"'`\n]*:\s*(?:(["'`])(?<quoted>.+?)\1|(?<line>[^\n]+))/iu;
// "Answer with the word 'pong'": a probe that asks for a word gets it.
const DICTATED = /\b(?:reply|answer|respond|say|write)\b[^:"'`]*[:"'`]\s*["'`]?([\p{L}\p{N}_-]{1,40})/iu;

function dictated(prompt: string): string | undefined {
  const { quoted, line } = EXACT.exec(prompt)?.groups ?? {};
  return quoted ?? line?.trim() ?? DICTATED.exec(prompt)?.[1];
}

const keepsToSchemas = ({ supported_parameters: known }: Model): boolean => known.includes("structured_outputs");

function answerTo(model: Model, order: Order): string[] {
  const [tool] = order.tools;
  if (tool !== undefined) return crumbs(JSON.stringify(exampleOf(tool.parameters ?? { type: "object" })));
  // Without require_parameters an unknown parameter is dropped in silence: prose, although JSON was asked for (openrouter-api §6).
  if (order.schema !== undefined && keepsToSchemas(model)) return crumbs(JSON.stringify(exampleOf(order.schema)));
  const said = order.images.map(colourOf).find((name) => name !== undefined) ?? dictated(order.prompt);
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

/** `heard` is what the model makes of the order; what it is charged for is the order. */
export function compose(model: Model, order: Order, heard: Order): Composition {
  const thoughts = thinks(model, heard) ? thoughtTokens(THOUGHT_TOKENS[heard.reasoning.effort] ?? 40) : [];
  const words = answerTo(model, heard);
  // Thinking is paid from the same budget and comes first: a small budget ends with nothing said (openrouter-api §6).
  const thought = thoughts.slice(0, order.maxTokens);
  const answer = words.slice(0, Math.max(0, order.maxTokens - thought.length));
  const total = thought.length + answer.length;
  const tool = heard.tools[0]?.name;
  const isCut = total < thoughts.length + words.length;
  return {
    thought: order.reasoning.hidden ? [] : thought,
    answer,
    tool,
    finishReason: isCut ? "length" : tool === undefined ? "stop" : "tool_calls",
    usage: usageOf(model, promptTokensOf(order), total, thought.length),
  };
}
