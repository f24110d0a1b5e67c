/**
 * What is read of OpenRouter's (and any OpenAI-compatible API's) JSON: permissive, because the wire changes weekly.
 * A field of the wrong type counts as absent; only what makes an answer an answer is demanded by the readers.
 */
import { z } from "zod";

/**
 * A field of the wrong type is none. Each token of a stream goes through these: a type of one word is looked at without zod's own string or number,
 * which would make a payload and a list of issues for each, and what is absent is not looked at (the outer `optional`).
 */
const only = <T>(is: (value: unknown) => value is T) => z.transform((value: unknown) => (is(value) ? value : undefined)).optional();
const lenient = <S extends z.ZodType>(schema: S) => schema.optional().catch(undefined).optional();

const isText = (value: unknown): value is string => typeof value === "string";
// JSON has no infinity, and 1e999.
const isNumber = (value: unknown): value is number => Number.isFinite(value);
const text = only(isText);
const number = only(isNumber);
const flag = only((value) => typeof value === "boolean");
const nullableText = only((value) => value === null || isText(value));
const nullableNumber = only((value) => value === null || isNumber(value));
const loose = lenient(z.record(z.string(), z.unknown()));
/** What was used is never below nothing, or it would fill a budget instead of emptying it. */
const money = only((value): value is number => isNumber(value) && value >= 0);
const count = only((value): value is number => Number.isSafeInteger(value) && (value as number) >= 0);
/** Prices are decimal strings, USD per token (openrouter-api §4). Nothing else is a price: `null` and "" are not 0. */
const price = lenient(
  z.union([
    z.number(),
    z
      .string()
      .regex(/^-?\d+(?:\.\d+)?(?:e-?\d+)?$/i)
      .transform(Number),
  ]),
);

/** Three generations of error bodies coexist; `code` is a number, a string of digits or a word (§7, §8). */
export const apiErrorSchema = z.object({
  message: text,
  code: only((value) => isText(value) || isNumber(value)),
  type: text,
  error_type: text,
  http_status: number,
  availability: lenient(z.object({ code: text, retryable: flag })),
  metadata: loose,
});
export type ApiError = z.output<typeof apiErrorSchema>;

/** `{error:{…}}`; some OpenAI-compatible servers answer `{"error":"text"}`. */
const errorSchema = z.union([
  z
    .array(apiErrorSchema)
    .min(1)
    .transform(([first = {}]) => first),
  apiErrorSchema,
  z.string().transform((message): ApiError => ({ message })),
]);

const usageSchema = z.object({
  prompt_tokens: count,
  completion_tokens: count,
  cost: money,
  prompt_tokens_details: lenient(z.object({ cached_tokens: count }).nullable()),
  completion_tokens_details: lenient(z.object({ reasoning_tokens: count }).nullable()),
});
export type Usage = z.output<typeof usageSchema>;

/** Who was tried before the answer came (§6); only when asked for. */
const metadataSchema = z.object({ attempt: number, attempts: lenient(z.array(z.object({ status: number }))) });

/**
 * A `chat.completion.chunk`, or a whole `chat.completion`: the same envelope. Each token of a stream comes in one, so what every one has is read
 * field by field; zod reads what few have (decision 0028).
 */
export type Fields = Readonly<Record<string, unknown>>;
export const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
const isFieldsList = (value: unknown): value is readonly Fields[] => Array.isArray(value) && value.every(isFields);

const read = <S extends z.ZodType>(schema: S, value: unknown): z.output<S> | undefined =>
  value === undefined || value === null ? undefined : schema.safeParse(value).data;

export const textIn = (value: unknown): string | undefined => (isText(value) ? value : undefined);
/** Undefined where they are no list of objects; a null among them is nothing. */
export function choicesIn({ choices }: Fields): readonly Fields[] | undefined {
  const some = Array.isArray(choices) && choices.includes(null) ? choices.filter((one) => one !== null) : choices;
  return isFieldsList(some) ? some : undefined;
}
/** A streamed delta or a whole message. */
export const pieceIn = ({ delta, message }: Fields): Fields | undefined => [delta, message].find(isFields);
export const toolCallsIn = ({ tool_calls: calls }: Fields): readonly Fields[] => (isFieldsList(calls) ? calls : []);
export const usageIn = ({ usage }: Fields): Usage | undefined => read(usageSchema, usage);
export function attemptsIn({ openrouter_metadata: metadata }: Fields): number | undefined {
  const { attempt, attempts } = read(metadataSchema, metadata) ?? {};
  return attempt ?? attempts?.length;
}

const freeRequests = lenient(z.object({ limit: number, used: number, remaining: number }));
/** Body of `GET /key` (§2); the newer fields are optional. */
export const keySchema = z.object({
  data: z.object({
    limit: nullableNumber,
    limit_remaining: nullableNumber,
    usage: number,
    usage_daily: number,
    usage_weekly: number,
    usage_monthly: number,
    is_free_tier: flag,
    expires_at: nullableText,
    free_model_daily_requests: freeRequests,
  }),
});
export const creditsSchema = z.object({ data: z.object({ total_credits: z.number(), total_usage: z.number() }) });

const strings = lenient(z.array(z.string()));
/** One model of the catalogue (§4). OpenAI's own list has only `id`. */
export const modelSchema = z.object({
  id: z.string(),
  canonical_slug: text,
  name: text,
  context_length: nullableNumber,
  architecture: lenient(z.object({ input_modalities: strings, output_modalities: strings })),
  pricing: lenient(z.object({ prompt: price, completion: price, request: price })),
  supported_parameters: strings,
  expiration_date: nullableText,
  reasoning: lenient(z.object({ mandatory: flag }).nullable()),
  alias_target: lenient(z.object({ slug: text }).nullable()),
});
export type WireModel = z.output<typeof modelSchema>;
/** One entry that is no model must not cost us the other four hundred. */
export const modelsSchema = z.object({ data: z.array(modelSchema.nullable().catch(null)) });
export const oneModelSchema = z.object({ data: modelSchema });

/** `GET /models/{id}/endpoints` (§5); uptimes are percents, null where there was too little traffic. */
export const endpointsSchema = z.object({
  data: z.object({
    endpoints: z.array(z.object({ uptime_last_5m: nullableNumber, uptime_last_30m: nullableNumber, uptime_last_1d: nullableNumber })),
  }),
});

/** `{}` and "" beside a good answer are no error. */
const says = (error: ApiError | undefined): error is ApiError =>
  error !== undefined && Object.values(error).some((value) => value !== undefined && value !== "");

/** FastAPI's: what is wrong with each field. */
const complaint = z.object({ loc: lenient(z.array(z.union([z.string(), z.number()]))), msg: z.string() });
const inWords = ({ loc = [], msg }: z.output<typeof complaint>): string => [...(loc.length === 0 ? [] : [loc.join(".")]), msg].join(": ");

/** Other servers' habits: `{"errors":[{…}]}`, `{"detail":…}`, vLLM's `{"object":"error",…}`; only where there is no answer beside it. */
const foreignError = z.union([
  z.object({ errors: z.array(apiErrorSchema).min(1) }).transform(({ errors }) => errors[0]),
  apiErrorSchema.extend({ object: z.literal("error") }),
  z.object({ detail: z.string() }).transform(({ detail }): ApiError => ({ message: detail })),
  z.object({ detail: z.array(complaint).min(1) }).transform(({ detail }): ApiError => ({ message: detail.map(inWords).join("; ") })),
]);

/** What gateways before an API say (`{"message":"…"}`): an error by its status alone. */
export const bareErrorIn = (body: unknown): ApiError | undefined =>
  isFields(body) && isText(body.message) && body.message !== "" ? { message: body.message } : undefined;

/** The error object in a parsed body, wherever it stands: top level, or in a choice (§7 b). */
export function errorIn(told: unknown): ApiError | undefined {
  // Google's OpenAI-compatible API puts its errors into a list of one.
  const body = Array.isArray(told) && told.length === 1 ? told[0] : told;
  if (!isFields(body)) return undefined;
  const own = read(errorSchema, body.error);
  if (says(own)) return own;
  const choices = choicesIn(body);
  if (choices === undefined) return foreignError.safeParse(body).data;
  for (const { error } of choices) {
    const its = read(errorSchema, error);
    if (says(its)) return its;
  }
  return undefined;
}

/** JSON, or undefined. OpenRouter pads bodies with newlines and spaces while it waits; whitespace alone is no JSON (§7). */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body.startsWith("\uFEFF") ? body.slice(1) : body);
  } catch {
    return undefined;
  }
}

/**
 * What an error's word would have been as a status line: OpenRouter's types (§8), and the codes and types of OpenAI and Anthropic, which many servers
 * copy. A map: the word is the upstream's, and may be `toString`.
 */
const STATUS_OF_WORD: ReadonlyMap<unknown, number> = new Map([
  ["invalid_request", 400],
  ["invalid_request_error", 400],
  ["authentication", 401],
  ["authentication_error", 401],
  ["invalid_api_key", 401],
  ["payment_required", 402],
  ["permission_denied", 403],
  ["permission_error", 403],
  ["not_found", 404],
  ["not_found_error", 404],
  ["model_not_found", 404],
  ["rate_limit_exceeded", 429],
  ["rate_limit_error", 429],
  ["insufficient_quota", 429],
  ["server", 500],
  ["provider_unavailable", 502],
  ["provider_overloaded", 503],
  ["overloaded_error", 529],
  ["timeout", 504],
]);

/** `code` as an HTTP status; where it is a word or there is none, the words tell, the sharpest first (§7). */
export function errorStatus(error: ApiError): number | undefined {
  const code = Number(error.code ?? error.http_status);
  if (Number.isInteger(code) && code >= 100 && code < 600) return code;
  const words = [error.metadata?.error_type ?? error.error_type, error.code, error.type];
  return words.map((word) => STATUS_OF_WORD.get(word)).find((status) => status !== undefined);
}

/** The upstream's own words: its message and, where it only says "Provider returned error", the provider's. */
export function errorMessage(error: ApiError): string | undefined {
  const words = [error.message ?? "", spelled(error.metadata?.raw)].filter((part) => part !== "").join(": ");
  return words === "" ? undefined : words;
}

/** Text as it is, anything else as JSON; nested thousands deep it cannot be spelled, and says nothing to anyone. */
export function spelled(raw: unknown): string {
  if (typeof raw === "string") return raw;
  try {
    return raw === undefined || raw === null ? "" : JSON.stringify(raw);
  } catch {
    return "";
  }
}
