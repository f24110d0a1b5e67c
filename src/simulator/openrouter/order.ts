/** A chat request as read off the wire: what the caller ordered. Unknown fields are ignored, as the real API does. */
import { asList, asObject, asText, type JsonObject } from "../exchange.ts";

export interface Tool {
  readonly name: string;
  /** JSON Schema of its arguments. */
  readonly parameters: unknown;
}

export interface Order {
  readonly model: string;
  readonly stream: boolean;
  readonly maxTokens: number;
  readonly messages: readonly unknown[];
  /** The last user text, where an instruction stands. */
  readonly prompt: string;
  readonly images: readonly string[];
  readonly toolsWanted: boolean;
  /** The tools the model may call now: none when the caller forbids it, or has just answered a call. */
  readonly tools: readonly Tool[];
  /** What the answer must fit; undefined: prose will do. */
  readonly schema: unknown;
  readonly parameters: readonly string[];
  readonly requireParameters: boolean;
  readonly onlyProviders: readonly string[] | undefined;
  readonly allowFallbacks: boolean;
  /** USD per million tokens. */
  readonly maxPrice: { readonly prompt: number; readonly completion: number };
  readonly reasoning: { readonly off: boolean; readonly on: boolean; readonly hidden: boolean; readonly effort: string };
}

/** What is wrong with the request, in OpenRouter's words. */
export interface Misorder {
  readonly message: string;
}

const isImage = (part: unknown): boolean => asObject(part).type === "image_url";

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return asList(content)
    .map((part) => asText(asObject(part).text) ?? "")
    .join("");
}

function readTokenLimit(body: JsonObject): number | Misorder {
  const limit = body.max_completion_tokens ?? body.max_tokens ?? Number.POSITIVE_INFINITY;
  if (typeof limit !== "number") return { message: "max_tokens: Invalid input: expected number, received string" };
  return limit >= 1 ? limit : { message: "max_tokens: Too small: expected number to be >=1" };
}

function readReasoning(body: JsonObject): Order["reasoning"] {
  const wish = asObject(body.reasoning);
  const effort = asText(wish.effort);
  const off = wish.enabled === false || effort === "none";
  return { off, on: !off && Object.keys(wish).length > 0, hidden: wish.exclude === true, effort: effort ?? "medium" };
}

// Every endpoint takes these; only the others decide about `require_parameters`.
const ALWAYS = new Set([
  "model",
  "models",
  "messages",
  "stream",
  "stream_options",
  "provider",
  "usage",
  "user",
  "route",
  "plugins",
  "transforms",
]);

type Routing = Pick<Order, "requireParameters" | "onlyProviders" | "allowFallbacks" | "maxPrice" | "parameters" | "toolsWanted">;

function readRouting(body: JsonObject): Routing {
  const provider = asObject(body.provider);
  const only = provider.only;
  const cap = asObject(provider.max_price);
  return {
    requireParameters: provider.require_parameters === true,
    onlyProviders: Array.isArray(only) ? only.map(String) : undefined,
    allowFallbacks: provider.allow_fallbacks !== false,
    maxPrice: {
      prompt: Number(cap.prompt ?? Number.POSITIVE_INFINITY),
      completion: Number(cap.completion ?? Number.POSITIVE_INFINITY),
    },
    parameters: Object.keys(body).filter((name) => !ALWAYS.has(name)),
    toolsWanted: asList(body.tools).length > 0,
  };
}

function readTools(body: JsonObject): Tool[] {
  const isAnswered = asObject(asList(body.messages).at(-1)).role === "tool";
  if (body.tool_choice === "none" || isAnswered) return [];
  const tools = asList(body.tools).flatMap((tool) => {
    const { name, parameters } = asObject(asObject(tool).function);
    return typeof name === "string" ? [{ name, parameters }] : [];
  });
  const chosen = asObject(asObject(body.tool_choice).function).name;
  return chosen === undefined ? tools : tools.filter(({ name }) => name === chosen);
}

function readSchema(body: JsonObject): unknown {
  const format = asObject(body.response_format);
  if (format.type === "json_object") return { type: "object", properties: { answer: { type: "string" } } };
  return format.type === "json_schema" ? asObject(format.json_schema).schema : undefined;
}

export function readOrder(value: unknown): Order | Misorder {
  if (value === undefined) return { message: "Invalid JSON in request body" };
  const body = asObject(value);
  const model = asText(body.model) ?? asText(asList(body.models)[0]);
  if (model === undefined || model === "") return { message: "No models provided" };
  const messages = asList(body.messages);
  if (messages.length === 0) return { message: 'Input required: specify "prompt" or "messages"' };
  const maxTokens = readTokenLimit(body);
  if (typeof maxTokens !== "number") return maxTokens;
  const parts = messages.flatMap((message) => asList(asObject(message).content));
  const said = messages.filter((message) => asObject(message).role === "user").at(-1);
  return {
    model,
    stream: body.stream === true,
    maxTokens,
    messages,
    prompt: textOf(asObject(said).content),
    images: parts.filter(isImage).map((part) => asText(asObject(asObject(part).image_url).url) ?? ""),
    reasoning: readReasoning(body),
    tools: readTools(body),
    schema: readSchema(body),
    ...readRouting(body),
  };
}

export const promptTokensOf = ({ messages, images }: Order): number =>
  // Four characters a token; the flat price of an image is Gemini's.
  Math.ceil(messages.map((message) => textOf(asObject(message).content)).join("\n").length / 4) + 4 * messages.length + 258 * images.length;

export const isMisorder = (read: Order | Misorder): read is Misorder => !("model" in read);
