/** Faults that opened and closed, over restarts. */
import { isDeepStrictEqual } from "node:util";
import { reasonNames } from "../core/reason.ts";
import type { RootCause } from "../core/root-cause.ts";
import type { Sql } from "./database.ts";
import type { Part } from "./part.ts";

export interface Fault extends RootCause {
  /** Milliseconds since 1970. */
  readonly since: number;
}

export interface Incident extends Fault {
  /** Absent while it is open. */
  readonly closedAt?: number;
}

interface Row {
  readonly id: number;
  readonly opened_at: number;
  readonly closed_at: number | null;
  readonly fault: string;
}

// A daemon that was away for longer cannot say that it was one fault all the time.
const SAME_WITHIN_MS = 3_600_000;

const keyOf = ({ owner, reason, subject }: RootCause): string => `${owner} ${reason} ${subject}`;

/** Undefined for what another version wrote and this one has no word for. */
function incidentOf({ opened_at, closed_at, fault }: Row): Incident | undefined {
  const cause = JSON.parse(fault) as RootCause;
  if (!reasonNames.includes(cause.reason)) return undefined;
  return { ...cause, since: opened_at, ...(closed_at === null ? {} : { closedAt: closed_at }) };
}

/** Open ones and those that closed since; by their opening, the newest last. */
export function incidentsIn(sql: Sql, since: number, limit: number): readonly Incident[] {
  const rows = sql(
    `select * from (select id, opened_at, closed_at, fault from incident where closed_at is null or closed_at >= ? order by id desc limit ?) order by id`,
  ).all(since, limit);
  return (rows as unknown as Row[]).flatMap((row) => incidentOf(row) ?? []);
}

interface Kept {
  readonly id: number;
  incident: Incident;
}

export interface Incidents extends Part {
  /** Those that were open when the daemon ended, if it was not away for long. */
  before(): readonly Fault[];
  /** The faults that are open now. */
  follow(open: readonly Fault[], now: number): void;
}

const UPSERT = `insert into incident (id, opened_at, closed_at, fault) values (?, ?, ?, ?)
  on conflict (id) do update set opened_at = excluded.opened_at, closed_at = excluded.closed_at, fault = excluded.fault`;

/** When the daemon that wrote the file last saw anything. */
function lastSeen(sql: Sql): number {
  const latest = (table: string): string => `coalesce((select at from ${table} order by id desc limit 1), 0)`;
  return (sql(`select max(${latest("run")}, ${latest("failure")}) as at`).get() as { at: number }).at;
}

/**
 * @param redact for what was seen of them
 * @param now milliseconds since 1970
 */
export function createIncidents(redact: (text: string) => string, now: () => number): Incidents {
  const open = new Map<string, Kept>();
  const dirty = new Set<Kept>();
  let before: readonly Fault[] = [];
  let lastId = 0;
  let first = true;

  const end = (kept: Kept, at: number): void => {
    kept.incident = { ...kept.incident, closedAt: Math.max(at, kept.incident.since) };
    dirty.add(kept);
  };
  /** What the first file calls open goes on; of a later one, what memory does not know ended while nobody could write it. */
  const resume = (row: Row, seen: number): void => {
    const incident = incidentOf(row);
    const kept = { id: row.id, incident: incident ?? { ...(JSON.parse(row.fault) as RootCause), since: row.opened_at } };
    const away = now() - seen > SAME_WITHIN_MS;
    if (first && !away && incident !== undefined) open.set(keyOf(incident), kept);
    else end(kept, away ? seen : now());
  };
  const load = (sql: Sql): void => {
    const seen = lastSeen(sql);
    const rows = sql("select id, opened_at, closed_at, fault from incident where closed_at is null").all() as unknown as Row[];
    const known = new Set([...open.values()].map(({ id }) => id));
    for (const row of rows) if (!known.has(row.id)) resume(row, seen);
    lastId = Math.max(lastId, (sql("select coalesce(max(id), 0) as id from incident").get() as { id: number }).id);
    if (first) before = [...open.values()].map(({ incident }) => incident);
    first = false;
  };
  return {
    before: () => before,
    opened(sql) {
      for (const kept of open.values()) dirty.add(kept);
      load(sql);
    },
    follow(faults, at) {
      const next = new Map(faults.map((fault) => [keyOf(fault), fault]));
      for (const [key, kept] of open) {
        if (next.has(key)) continue;
        end(kept, at);
        open.delete(key);
      }
      for (const [key, fault] of next) {
        const known = open.get(key);
        if (isDeepStrictEqual(known?.incident, fault)) continue;
        // As in the ledger, ids of one file and the next must not meet.
        if (known === undefined) lastId = Math.max(lastId + 1, Math.round(at));
        const kept = known ?? { id: lastId, incident: fault };
        kept.incident = fault;
        open.set(key, kept);
        dirty.add(kept);
      }
    },
    pending: () => dirty.size > 0,
    write(sql) {
      for (const { id, incident } of dirty) {
        const { since, closedAt, ...cause } = incident;
        const text = JSON.stringify(cause, (_, part: unknown) => (typeof part === "string" ? redact(part) : part));
        sql(UPSERT).run(id, Math.round(since), closedAt === undefined ? null : Math.round(closedAt), text);
      }
    },
    written: () => dirty.clear(),
  };
}
