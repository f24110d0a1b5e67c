/** What failed, as it is asked for; in the field names of the log and the API. */
import type { Sql } from "./database.ts";

export interface EventQuery {
  readonly target?: string | undefined;
  /** Effective status code. */
  readonly code?: number | undefined;
  readonly reason?: string | undefined;
  /** Milliseconds since 1970. */
  readonly since?: number | undefined;
  /** Only what was written after the event of this id. */
  readonly after?: number | undefined;
  /** The newest so many. */
  readonly limit: number;
}

export interface PastEvent {
  readonly id: number;
  /** ISO 8601: when the probe began. */
  readonly at: string;
  readonly target: string;
  readonly kind: string;
  readonly verdict: string;
  readonly reason: string;
  readonly owner: string | null;
  readonly status_code: number | null;
  readonly via: string | null;
  readonly duration_seconds: number | null;
  readonly first_token_seconds: number | null;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly cost_usd: number | null;
  readonly served_model: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly message: string | null;
  readonly request_id: string | null;
  /** To 16 KiB, secrets hidden. */
  readonly error_body: string | null;
  readonly request: unknown;
}

type Row = Omit<PastEvent, "at" | "request"> & { readonly at: number; readonly request: string | null };

const CONDITIONS = {
  target: "target = ?",
  code: "code = ?",
  reason: "reason = ?",
  since: "at >= ?",
  after: "id > ?",
} as const satisfies Partial<Record<keyof EventQuery, string>>;

/** By the order in which they were written, the newest last. */
export function eventsIn(sql: Sql, query: EventQuery): readonly PastEvent[] {
  const asked = Object.entries(CONDITIONS).flatMap(([name, condition]) => {
    const value = query[name as keyof typeof CONDITIONS];
    return value === undefined ? [] : [{ condition, value }];
  });
  const where = asked.length === 0 ? "" : `where ${asked.map(({ condition }) => condition).join(" and ")}`;
  const rows = sql(
    `select f.id, at, target, kind, verdict, reason, owner, code as status_code, via, duration as duration_seconds, first_token as first_token_seconds,
       input_tokens, output_tokens, cost_usd, served_model, provider, model, message, request_id, error_body, request
     from (select * from failure ${where} order by id desc limit ?) f left join evidence e on e.failure = f.id order by f.id`,
  ).all(...asked.map(({ value }) => value), query.limit);
  return (rows as unknown as Row[]).map((row) => ({
    ...row,
    at: new Date(row.at).toISOString(),
    request: row.request === null ? null : (JSON.parse(row.request) as unknown),
  }));
}
