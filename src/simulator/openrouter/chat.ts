import { randomBytes } from "node:crypto";
import { type Incoming, json, type Reply } from "../exchange.ts";
import type { Pace, Views } from "../faults/views.ts";
import type { Ledger } from "./account.ts";
import { type CatalogueEntry, resolve } from "./catalogue.ts";
import { type Composition, compose } from "./compose.ts";
import { edgeHeaders, invalidModel, providerRefused, refuse } from "./errors.ts";
import { isFree } from "./model.ts";
import { isMisorder, type Order, readOrder } from "./order.ts";
import { route } from "./routing.ts";
import { type CompletionHead, streamEvents } from "./sse.ts";

export interface ChatRoom {
  readonly catalogue: () => readonly CatalogueEntry[];
  readonly ledger: Ledger;
  readonly pace: Pace;
}

// OpenAI's floor; many monitors ask for one token and call the model dead (openrouter-api §6).
const OPENAI_TOKEN_FLOOR = 16;

const tooFewTokens = (got: number): Reply =>
  providerRefused(
    400,
    "OpenAI",
    JSON.stringify({
      error: {
        message: `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= ${OPENAI_TOKEN_FLOOR}, but got ${got} instead.`,
        type: "invalid_request_error",
        param: "max_output_tokens",
        code: "integer_below_min_value",
      },
    }),
  );

function whole(head: CompletionHead, made: Composition): unknown {
  const text = made.answer.join("");
  const thought = made.thought.join("");
  const message = {
    role: "assistant",
    content: made.answer.length > 0 ? text : null,
    refusal: null,
    reasoning: thought || null,
    ...(thought && { reasoning_details: [{ type: "reasoning.text", text: thought, index: 0, format: "unknown" }] }),
  };
  const choice = { logprobs: null, finish_reason: made.finishReason, native_finish_reason: made.finishReason, index: 0, message };
  const { id, provider, model, created } = head;
  return { id, provider, model, object: "chat.completion", created, choices: [choice], system_fingerprint: null, usage: made.usage };
}

function serve(entry: CatalogueEntry, provider: string, order: Order, pace: Pace, request: Incoming): Reply & { costUsd: number } {
  const made = compose(entry.model, order);
  const created = Math.floor(request.receivedAtMs / 1000);
  const id = `gen-${created}-${randomBytes(15).toString("base64url")}`;
  const head = { id, provider, model: entry.model.id, created };
  const headers = { ...edgeHeaders(), "x-generation-id": id };
  const costUsd = made.usage.cost;
  if (order.stream) {
    const streaming = { ...headers, "content-type": "text/event-stream", "cache-control": "no-cache" };
    return { status: 200, headers: streaming, body: streamEvents(head, made, pace, request.signal), costUsd };
  }
  const delayMs = pace.firstTokenMs + pace.tokenMs * (made.usage.completion_tokens - 1);
  return { ...json(200, whole(head, made), headers), ...(delayMs > 0 && { delayMs }), costUsd };
}

/** `POST /chat/completions` for a caller whose key is known. */
export function chat(room: ChatRoom, request: Incoming, views: Views): Reply {
  const order = readOrder(request.json);
  if (isMisorder(order)) return refuse(400, order.message);
  const entry = resolve(views.catalogue(room.catalogue()), order.model);
  if (entry === undefined) return invalidModel(order.model);
  // Counted before anything can fail: failed requests eat the free quota too (openrouter-api §9).
  if (isFree(entry.model)) room.ledger.countFreeRequest();
  const fit = route(entry, order);
  if ("status" in fit) return fit;
  if (entry.model.id.startsWith("openai/") && order.maxTokens < OPENAI_TOKEN_FLOOR) return tooFewTokens(order.maxTokens);
  const { costUsd, ...reply } = serve(entry, fit[0].provider_name, order, views.pace(room.pace), request);
  room.ledger.spend(costUsd);
  return reply;
}
