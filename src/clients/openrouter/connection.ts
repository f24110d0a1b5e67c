/** How an OpenAI-compatible API is reached, and what one answer of it says: the effective status and the error, wherever they stand. */
import { isUtf8 } from "node:buffer";
import { oneLine } from "../../base/printable.ts";
import type { Redactor } from "../../base/redact.ts";
import type { Evidence, Via } from "../../core/outcome.ts";
import type { Flavor } from "../../core/probe.ts";
import type { Reason } from "../../core/reason.ts";
import { type ChunkTaker, exchange, type HttpExchange } from "../http/exchange.ts";
import type { Route } from "../http/route.ts";
import { type ApiError, bareErrorIn, errorIn, errorMessage, errorStatus, parseJson } from "./wire.ts";

export interface Connection {
  readonly flavor: Flavor;
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly redactor: Redactor;
  readonly route?: Route;
}

export interface Call {
  readonly method: "GET" | "POST";
  /** Below the base URL, with its leading slash. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
  /** What of the request may stand in the log. */
  readonly context?: Readonly<Record<string, unknown>>;
}

/** One answer, read as far as it can be. */
export interface Answer {
  readonly exchange: HttpExchange;
  readonly call: Call;
  /** The body as it came. */
  readonly bytes: Buffer;
  /** Parsed JSON; undefined when it is none. */
  readonly body: unknown;
  readonly error?: ApiError;
  readonly statusCode: number;
  readonly via: Via;
}

/** What a client function brings home: `ok` with a value, or the reason why not; evidence either way. */
export interface Finding<T> {
  readonly reason: Reason;
  readonly evidence: Evidence;
  readonly value?: T;
}

/** The one call that a provider answers. */
export const COMPLETIONS = "/chat/completions";

const ERROR_BODY_CHARS = 16 * 1024;
// Redacted before it is cut, or half a secret at the cut would not be known for one; and of a huge body not all of it.
const REDACTED_CHARS = 16 * ERROR_BODY_CHARS;
// An error inside a 2xx that brings no numeric code of its own.
const UNNUMBERED_ERROR = 500;

export const isSuccess = (status: number): boolean => status >= 200 && status < 300;

export function send(connection: Connection, call: Call, signal: AbortSignal, take?: ChunkTaker): Promise<HttpExchange> {
  return exchange(
    {
      method: call.method,
      url: connection.baseUrl + call.path,
      headers: {
        ...(connection.apiKey === "" ? {} : { authorization: `Bearer ${connection.apiKey}` }),
        accept: "application/json",
        ...(call.body === undefined ? {} : { "content-type": "application/json" }),
        ...call.headers,
        ...connection.headers,
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      route: connection.route,
    },
    signal,
    take,
  );
}

/** The effective status of interface.md §4: an error inside a 2xx counts as that error's code. */
export function effectiveStatus(status: number, error: ApiError | undefined, inside: "body" | "stream"): { statusCode: number; via: Via } {
  if (status === 0) return { statusCode: 0, via: "none" };
  if (!isSuccess(status) || error === undefined) return { statusCode: status, via: "header" };
  return { statusCode: errorStatus(error) ?? UNNUMBERED_ERROR, via: inside };
}

/** Reads a whole body as JSON, which is UTF-8 (RFC 8259 §8.1); an error is read as far as it can be. */
export function readAnswer(exchanged: HttpExchange, call: Call, bytes = exchanged.body): Answer {
  const body = isSuccess(exchanged.status) && !isUtf8(bytes) ? undefined : parseJson(bytes.toString("utf8"));
  const error = errorIn(body) ?? (isSuccess(exchanged.status) ? undefined : bareErrorIn(body));
  return {
    exchange: exchanged,
    call,
    bytes,
    body,
    ...(error === undefined ? {} : { error }),
    ...effectiveStatus(exchanged.status, error, "body"),
  };
}

export async function ask(connection: Connection, call: Call, signal: AbortSignal): Promise<Answer> {
  return readAnswer(await send(connection, call, signal), call);
}

const one = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header);

const errorBody = (redactor: Redactor, bytes: Buffer): string =>
  redactor.text(bytes.toString("utf8").slice(0, REDACTED_CHARS)).slice(0, ERROR_BODY_CHARS);

/** A redirect is not followed: with it would go the key. */
function whereTo({ status, headers }: HttpExchange): string | undefined {
  return status >= 300 && status < 400 && headers.location !== undefined ? `a redirect (${status}) to ${headers.location}` : undefined;
}

/** Evidence of an answer; the body is kept only where something is wrong with it. */
export function evidenceOf(connection: Connection, answer: Answer, reason: Reason, detail?: string): Evidence {
  const { exchange: exchanged, error, call } = answer;
  const { redactor } = connection;
  const requestId = one(exchanged.headers["x-generation-id"]) ?? one(exchanged.headers["x-request-id"]);
  const message = detail ?? (error === undefined ? undefined : errorMessage(error)) ?? exchanged.fault?.message ?? whereTo(exchanged);
  const failed = reason !== "ok";
  return {
    statusCode: answer.statusCode,
    via: answer.via,
    durationSeconds: exchanged.durationSeconds,
    phases: exchanged.phases,
    ...(exchanged.certificateExpiresAt === undefined ? {} : { certificateExpiresAt: exchanged.certificateExpiresAt }),
    ...(exchanged.clockSkewSeconds === undefined ? {} : { clockSkewSeconds: exchanged.clockSkewSeconds }),
    ...(requestId === undefined ? {} : { requestId: oneLine(redactor.text(requestId)) }),
    ...(failed && message !== undefined ? { message: oneLine(redactor.text(message.slice(0, REDACTED_CHARS))) } : {}),
    ...(failed && answer.bytes.length > 0 ? { errorBody: errorBody(redactor, answer.bytes) } : {}),
    request: { method: call.method, url: redactor.text(connection.baseUrl + call.path), ...call.context },
  };
}
