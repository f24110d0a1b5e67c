/** A completion in one piece, for callers who do not stream. */
import type { Composition } from "./compose.ts";
import { type CompletionHead, toolCallId } from "./sse.ts";

function messageOf({ thought, answer, tool }: Composition): unknown {
  const text = answer.join("");
  const reasoning = thought.join("");
  const call = { index: 0, id: toolCallId(), type: "function", function: { name: tool, arguments: text } };
  return {
    role: "assistant",
    content: tool === undefined && answer.length > 0 ? text : null,
    refusal: null,
    reasoning: reasoning || null,
    ...(reasoning && { reasoning_details: [{ type: "reasoning.text", text: reasoning, index: 0, format: "unknown" }] }),
    ...(tool !== undefined && { tool_calls: [call] }),
  };
}

export function wholeCompletion({ id, provider, model, created, metadata }: CompletionHead, made: Composition): unknown {
  const { finishReason: finish, usage } = made;
  const choice = { logprobs: null, finish_reason: finish, native_finish_reason: finish, index: 0, message: messageOf(made) };
  return {
    id,
    provider,
    model,
    object: "chat.completion",
    created,
    choices: [choice],
    system_fingerprint: null,
    usage,
    ...(metadata && { openrouter_metadata: metadata }),
  };
}
