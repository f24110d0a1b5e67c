/** What a model is asked to do: the least that shows it alive, or that shows one ability. Pure data and judgements. */
import type { ChatReply } from "../clients/openrouter/chat.ts";
import type { ModelSettings } from "./model.ts";
import { RED_SQUARE_PNG } from "./red-square.ts";

export interface Exercise {
  readonly name: "liveness" | "vision" | "tools" | "schema" | "answer";
  readonly content: string | readonly unknown[];
  /** Fields of the request's body. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** One that knows not all of them would drop them in silence, and must not be the one that answers. */
  readonly undroppable?: true;
  /** Of the answer; at least 16, because some providers refuse less with a 400 that would look like the user's fault (openrouter-api §6). */
  readonly maxTokens: number;
  /** Roughly, for the plan. */
  readonly inputTokens: number;
  /** What is wrong with the answer, as `expected …, got …`; undefined when it is right. */
  wrong(reply: ChatReply): string | undefined;
}

const MIN_TOKENS = 16;
// Long enough that the token limit, not the answer, ends it: so that the pace between tokens can be measured.
const PROMPT = "Count from one to twenty in English words, separated by spaces.";
const COLOUR_PROMPT = "What is the colour of this square? Answer with one word.";
const quote = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
const fine = (): undefined => undefined;
/** A model takes about four characters a token; an image of this size a few hundred tokens. */
const tokensOf = (prompt: string): number => 12 + Math.ceil(prompt.length / 4);
const IMAGE_TOKENS = 260;

const liveness = (prompt = PROMPT): Exercise => ({
  name: "liveness",
  content: prompt,
  parameters: {},
  maxTokens: MIN_TOKENS,
  inputTokens: tokensOf(prompt),
  wrong: fine,
});

/** With a prompt of the user's own, what the right answer is only they know. */
function vision(prompt: string | undefined): Exercise {
  // Text first, and a data URL: a third host that fails must not look like the model failing (§6).
  const content = [
    { type: "text", text: prompt ?? COLOUR_PROMPT },
    { type: "image_url", image_url: { url: RED_SQUARE_PNG } },
  ];
  const wrong = ({ text }: ChatReply): string | undefined =>
    /\bred\b|crimson|scarlet/i.test(text) ? undefined : `expected red, got ${quote(text)}`;
  const inputTokens = tokensOf(prompt ?? COLOUR_PROMPT) + IMAGE_TOKENS;
  return { name: "vision", content, parameters: {}, maxTokens: MIN_TOKENS, inputTokens, wrong: prompt === undefined ? wrong : fine };
}

const STATUS = {
  type: "object",
  properties: { status: { type: "string", enum: ["ok"] } },
  required: ["status"],
  additionalProperties: false,
};
const TOOL = "report_status";
const STRUCTURED_TOKENS = 64;

function statusIn(json: string): unknown {
  try {
    return (JSON.parse(json) as { status?: unknown } | null)?.status;
  } catch {
    return undefined;
  }
}

const tools: Exercise = {
  name: "tools",
  content: `Call ${TOOL} with the status ok.`,
  parameters: {
    tools: [{ type: "function", function: { name: TOOL, description: "Reports a status.", parameters: STATUS } }],
    tool_choice: { type: "function", function: { name: TOOL } },
  },
  undroppable: true,
  maxTokens: STRUCTURED_TOKENS,
  inputTokens: 90,
  wrong({ toolCalls, text }) {
    const call = toolCalls.find(({ name }) => name === TOOL);
    if (call === undefined) return `expected a call of ${TOOL}, got ${quote(text)}`;
    return statusIn(call.arguments) === "ok" ? undefined : `expected the arguments {"status":"ok"}, got ${quote(call.arguments)}`;
  },
};

const schema: Exercise = {
  name: "schema",
  content: "Give the status ok as JSON.",
  parameters: { response_format: { type: "json_schema", json_schema: { name: "status", strict: true, schema: STATUS } } },
  undroppable: true,
  maxTokens: STRUCTURED_TOKENS,
  inputTokens: 50,
  wrong: ({ text }) => (statusIn(text) === "ok" ? undefined : `expected {"status":"ok"}, got ${quote(text)}`),
};

function answer(expected: string, prompt: string | undefined): Exercise {
  const asked = prompt ?? `Reply with exactly: ${expected}`;
  return {
    name: "answer",
    content: asked,
    parameters: { temperature: 0 },
    maxTokens: MIN_TOKENS + expected.length,
    inputTokens: tokensOf(asked),
    wrong: ({ text }) => (text.trim() === expected.trim() ? undefined : `expected ${quote(expected)}, got ${quote(text)}`),
  };
}

/** What the entry wants shown; at least that the model is alive. The first belongs to the entry's own target, each other has one of its own. */
export function exercisesOf({ expect, prompt }: ModelSettings): readonly [Exercise, ...Exercise[]] {
  const shown = [
    ...(expect.vision ? [vision(expect.answer === undefined ? prompt : undefined)] : []),
    ...(expect.tools ? [tools] : []),
    ...(expect.schema ? [schema] : []),
    ...(expect.answer === undefined ? [] : [answer(expect.answer, prompt)]),
  ];
  const [first, ...others] = shown;
  return first === undefined ? [liveness(prompt)] : [first, ...others];
}
