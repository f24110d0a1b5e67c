/** What a completion has said so far, and when: gathers stream frames (or one whole message) into text, tokens, times and errors. */
import type { Completion } from "../../core/outcome.ts";
import type { SseItem } from "./sse.ts";
import {
  type ApiError,
  attemptsIn,
  choicesIn,
  errorIn,
  type Fields,
  isFields,
  parseJson,
  pieceIn,
  spelled,
  textIn,
  toolCallsIn,
  type Usage,
  usageIn,
} from "./wire.ts";

// Below 16 tokens the gaps between them are noise (AIPerf and vLLM agree; interface.md §5).
const MIN_TOKENS_FOR_PACE = 16;

export const LAST_WORD = "[DONE]";

/** Text of a content field: a string, or parts with text in them. */
function spoken(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => (typeof part?.text === "string" ? part.text : "")).join("");
}

/** `reasoning` is OpenRouter's name, the other one DeepSeek's and vLLM's. */
const thought = ({ reasoning, reasoning_content }: Fields): string => spoken(reasoning) || spoken(reasoning_content);

/** Only what was told: undefined fields are left out. */
function told<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  const some: Partial<T> = {};
  for (const name in fields) if (fields[name] !== undefined) some[name] = fields[name];
  return some as T;
}

export interface ToolCall {
  readonly name: string;
  /** JSON, as the model wrote it. */
  readonly arguments: string;
}

export class Transcript {
  text = "";
  readonly toolCalls: ToolCall[] = [];
  error: ApiError | undefined;
  finishReason: string | undefined;
  lastTokenSeconds: number | undefined;
  /** At least one event-stream frame or comment was seen. */
  isStream = false;
  /** What came that is none of this API's. */
  malformed: string | undefined;
  /** A frame outgrew the reader's limit. */
  overflowed = false;
  /** `[DONE]` was seen. */
  done = false;
  /** Some choice came. */
  #answered = false;
  #usage: Usage | undefined;
  #model: string | undefined;
  #provider: string | undefined;
  #attempts: number | undefined;
  #firstReasoning: number | undefined;
  #firstAnswer: number | undefined;

  /** Nothing further is worth waiting for. */
  get over(): boolean {
    return this.done || this.malformed !== undefined || this.overflowed || this.error !== undefined;
  }

  /** Some token came; or was counted where the limit cut off what was not to be seen yet (hidden reasoning). */
  get alive(): boolean {
    // Tokens that are counted but belong to no choice are no answer (openrouter-api §7 c).
    const hidden = this.#answered && this.finishReason === "length" && (this.#usage?.completion_tokens ?? 0) > 0;
    return this.lastTokenSeconds !== undefined || hidden;
  }

  add(item: SseItem, atSeconds: number): void {
    // A JSON body read as lines is all "other"; only comments and data make a stream. Its last word is its last, whatever comes in one packet with it.
    if (item.type === "other" || this.done) return;
    this.isStream = true;
    if (item.type === "comment") return;
    if (item.text.trim() === LAST_WORD) {
      this.done = true;
      return;
    }
    const body = parseJson(item.text);
    if (typeof body === "object" && body !== null) this.addMessage(body, atSeconds);
    else this.malformed ??= `an event that is no JSON object: ${item.text}`;
  }

  /** A frame's JSON, or a whole `chat.completion` body. */
  addMessage(body: unknown, atSeconds: number): void {
    if (!isFields(body)) {
      this.malformed ??= "a body that is no JSON object";
      return;
    }
    this.error ??= errorIn(body);
    this.#model ??= textIn(body.model);
    this.#provider ??= textIn(body.provider);
    this.#usage = usageIn(body) ?? this.#usage;
    this.#attempts = attemptsIn(body) ?? this.#attempts;
    const choices = choicesIn(body);
    // `choices` of another type is no answer of this API; without it, it is one that says nothing.
    if (choices === undefined && body.choices != null) {
      this.malformed ??= `choices that are no list of objects: ${spelled(body.choices)}`;
    }
    for (const choice of choices ?? []) {
      this.#answered = true;
      const piece = pieceIn(choice);
      if (piece !== undefined) this.#hear(piece, atSeconds);
      if (choice.finish_reason === "error") this.finishReason = "error";
      this.finishReason ??= textIn(choice.finish_reason);
    }
  }

  completion(): Completion {
    const usage = this.#usage;
    const first = { reasoning: this.#firstReasoning, answer: this.#firstAnswer };
    return told<Completion>({
      // One whole body tells nothing about its first token.
      firstTokenSeconds: this.isStream && this.lastTokenSeconds !== undefined ? told(first) : undefined,
      perOutputTokenSeconds: this.isStream ? this.#pace() : undefined,
      inputTokens: usage?.prompt_tokens,
      inputCachedTokens: usage?.prompt_tokens_details?.cached_tokens,
      outputTokens: usage?.completion_tokens,
      outputReasoningTokens: usage?.completion_tokens_details?.reasoning_tokens,
      costUsd: usage?.cost,
      finishReason: this.finishReason,
      servedModel: this.#model,
      provider: this.#provider,
      attempts: this.#attempts,
    });
  }

  #hear(piece: Fields, atSeconds: number): void {
    const reasons = thought(piece) !== "";
    const answer = spoken(piece.content);
    const calls = toolCallsIn(piece);
    const speaks = answer !== "" || calls.length > 0;
    if (reasons) this.#firstReasoning ??= atSeconds;
    if (speaks) this.#firstAnswer ??= atSeconds;
    if (reasons || speaks) this.lastTokenSeconds = atSeconds;
    this.text += answer;
    for (const [at, call] of calls.entries()) this.#call(typeof call.index === "number" ? call.index : at, call.function);
  }

  /** A stream brings the name first, then the arguments piece by piece. */
  #call(index: number, told: unknown): void {
    // A hostile index must not make a sparse array of millions.
    if (!Number.isInteger(index) || index < 0 || index > this.toolCalls.length) return;
    const before = this.toolCalls[index] ?? { name: "", arguments: "" };
    const { name, arguments: more } = isFields(told) ? told : {};
    this.toolCalls[index] = { name: before.name + (textIn(name) ?? ""), arguments: before.arguments + (textIn(more) ?? "") };
  }

  /** (last − first) / (tokens − 1), where there are tokens enough for it to mean something. */
  #pace(): number | undefined {
    const tokens = this.#usage?.completion_tokens ?? 0;
    const first = Math.min(...[this.#firstReasoning, this.#firstAnswer].filter((at) => at !== undefined));
    const last = this.lastTokenSeconds;
    return tokens >= MIN_TOKENS_FOR_PACE && last !== undefined && last > first ? (last - first) / (tokens - 1) : undefined;
  }
}
