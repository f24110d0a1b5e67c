/** A route is a path and what it answers, as a value; only server.ts knows the server behind it. */
import type { WebOptions } from "./options.ts";

export interface Ask {
  readonly query: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, string>>;
  header(name: string): string | undefined;
  /** Aborts when the client goes away or the server closes. */
  signal(): AbortSignal;
}

export interface Answer {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: "GET" | "POST";
  readonly path: string;
  answer(ask: Ask): Answer | Promise<Answer>;
}

export type RouteMaker = (options: WebOptions) => Route;

export const TEXT = "text/plain; charset=utf-8";
export const JSON_TYPE = "application/json; charset=utf-8";

export const plain = (status: number, line: string): Answer => ({ status, type: TEXT, body: `${line}\n` });

/** Strings are redacted one by one: over the finished text, a pattern could eat a quotation mark. */
export function json(value: unknown, redact: (text: string) => string, status = 200): Answer {
  const body = JSON.stringify(value, (_, part: unknown) => (typeof part === "string" ? redact(part) : part), 2);
  return { status, type: JSON_TYPE, body: `${body}\n` };
}

/** The API refuses in JSON, the rest in text. Nothing the client sent is repeated. */
export const refusal = (path: string, status: number, why: string): Answer =>
  path.startsWith("/api/") ? { status, type: JSON_TYPE, body: `${JSON.stringify({ error: why })}\n` } : plain(status, why);
