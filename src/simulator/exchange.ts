/** What goes in and out of every simulated service. A service and a fault both only make replies; `deliver.ts` alone touches the socket. */
export const serviceNames = ["openrouter", "s3", "app"] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface Incoming {
  readonly method: string;
  /** As it stood on the wire, still percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The body when it is JSON, else undefined. */
  readonly json: unknown;
  /** Aborts when the caller has gone or the simulator stops. */
  readonly signal: AbortSignal;
  readonly receivedAtMs: number;
}

/** What a request is after; faults are matched against it. */
export interface Aim {
  readonly service: ServiceName;
  readonly endpoint: string;
  readonly model?: string | undefined;
  /** Already turned away (no or unknown key): a fault behind the door cannot be seen from here. */
  readonly refused?: boolean;
}

export type Body = string | Buffer | AsyncIterable<string | Buffer>;

export interface Reply {
  /** 0: not even headers are sent, only `ending` happens. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
  /** Wait before the headers. */
  readonly delayMs?: number;
  /** How the body ends: properly, by a TCP reset, or never. */
  readonly ending?: "end" | "reset" | "hang";
}

export const isStream = (body: Body): body is AsyncIterable<string | Buffer> => typeof body !== "string" && !Buffer.isBuffer(body);

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(value) };
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function asObject(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
export const asText = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
export const asNumber = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);
