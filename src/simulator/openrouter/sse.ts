import { randomBytes } from "node:crypto";
import { pause, systemClock } from "../../base/clock.ts";
import type { JsonObject } from "../exchange.ts";
import type { Pace } from "../faults/views.ts";
import type { Composition } from "./compose.ts";

/** The fields every chunk of one completion shares. */
export interface CompletionHead {
  readonly id: string;
  readonly provider: string;
  readonly model: string;
  readonly created: number;
  /** Only for callers who asked for it. */
  readonly metadata: JsonObject | undefined;
}

export const COMMENT = ": OPENROUTER PROCESSING\n\n";
export const DONE = "data: [DONE]\n\n";
// While the model is silent a comment keeps the connection alive; the real interval is not published.
const COMMENT_INTERVAL_MS = 500;

export const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

function chunk(head: CompletionHead, delta: unknown, finishReason: string | null = null): Readonly<Record<string, unknown>> {
  const choice = { index: 0, delta, finish_reason: finishReason, native_finish_reason: finishReason, logprobs: null };
  return {
    id: head.id,
    provider: head.provider,
    model: head.model,
    object: "chat.completion.chunk",
    created: head.created,
    choices: [choice],
  };
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return ms > 0 ? pause(systemClock, ms, signal) : Promise.resolve();
}

/** Comments until the first token is due. */
async function* silence(ms: number, signal: AbortSignal): AsyncGenerator<string> {
  yield COMMENT;
  for (let left = ms; left > 0 && !signal.aborted; left -= COMMENT_INTERVAL_MS) {
    await wait(Math.min(left, COMMENT_INTERVAL_MS), signal);
    yield COMMENT;
  }
}

const thoughtDelta = (text: string): unknown => ({
  role: "assistant",
  content: "",
  reasoning: text,
  reasoning_details: [{ type: "reasoning.text", text, index: 0, format: "unknown" }],
});

export const toolCallId = (): string => `call_${randomBytes(12).toString("base64url")}`;

/** The call's name comes first, its arguments piece by piece. */
function toolDeltas(name: string, pieces: readonly string[]): unknown[] {
  const call = (more: JsonObject): unknown => ({ role: "assistant", content: null, tool_calls: [{ index: 0, type: "function", ...more }] });
  return [call({ id: toolCallId(), function: { name, arguments: "" } }), ...pieces.map((text) => call({ function: { arguments: text } }))];
}

function answerDeltas({ tool, answer }: Composition): unknown[] {
  return tool === undefined ? answer.map((content) => ({ role: "assistant", content })) : toolDeltas(tool, answer);
}

/** A completion as a stream of whole events, one a yield, at the given pace. */
export async function* streamEvents(head: CompletionHead, made: Composition, pace: Pace, signal: AbortSignal): AsyncGenerator<string> {
  yield* silence(pace.firstTokenMs, signal);
  yield event(chunk(head, { role: "assistant", content: "" }));
  const deltas = [...made.thought.map(thoughtDelta), ...answerDeltas(made)];
  for (const [index, delta] of deltas.entries()) {
    if (signal.aborted) return;
    if (index > 0) await wait(pace.tokenMs, signal);
    yield event(chunk(head, delta));
  }
  yield event(chunk(head, { role: "assistant", content: "" }, made.finishReason));
  yield event({ ...chunk(head, {}), choices: [], usage: made.usage, ...(head.metadata && { openrouter_metadata: head.metadata }) });
  yield DONE;
}
