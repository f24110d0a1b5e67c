/** What is forgotten, and when: by age, by number, and by the size of the file; a little at a time. */
import type { Sql } from "./database.ts";

export interface Keeping {
  /** Failures and incidents. */
  readonly seconds: number;
  /** Of what the rows take, in bytes; the oldest go first, runs that went well before failures. */
  readonly bytes: number;
  /** Runs that went well, and runs that were skipped. */
  readonly runSeconds: number;
  readonly runs: number;
  readonly failures: number;
}

/** A day of everything, or as much of it as a million rows hold (10,000 targets a minute: 100 minutes); uptime tells of the time before. */
export const KEEPING: Omit<Keeping, "seconds"> = { bytes: 512 * 1024 * 1024, runSeconds: 86_400, runs: 1_000_000, failures: 200_000 };

// As many rows as one go may forget: 500 failures with whole bodies take some milliseconds.
const AT_ONCE = 500;

const numberOf = (sql: Sql, text: string): number => Number(Object.values(sql(text).get() ?? {})[0] ?? 0);
const bytesOf = (sql: Sql): number =>
  (numberOf(sql, "pragma page_count") - numberOf(sql, "pragma freelist_count")) * numberOf(sql, "pragma page_size");

interface Cut {
  readonly before: number;
  readonly most: number;
  readonly tooLarge: boolean;
}

/** The id below which rows of the table go now. Ids have no gaps: rows go from the old end only. */
function oldEnd(sql: Sql, table: "run" | "failure", { before, most, tooLarge }: Cut): number {
  const first = numberOf(sql, `select min(id) from ${table}`);
  const last = numberOf(sql, `select max(id) from ${table}`);
  const window = first + AT_ONCE;
  if (tooLarge) return Math.min(window, last);
  const old = sql(`select coalesce(max(id), ?) as id from ${table} where id < ? and at < ?`).get(first - 1, window, before) as {
    id: number;
  };
  return Math.min(window, Math.max(old.id + 1, last - most + 1));
}

function forget(sql: Sql, table: "run" | "failure", cut: Cut): number {
  const end = oldEnd(sql, table, cut);
  if (table === "failure") sql("delete from evidence where failure < ?").run(end);
  return Number(sql(`delete from ${table} where id < ?`).run(end).changes);
}

/** One go; whether there is more to forget. `now`: milliseconds since 1970. */
export function forgetOld(sql: Sql, keeping: Keeping, now: number): boolean {
  const { seconds, runSeconds, runs, failures, bytes } = keeping;
  const before = now - seconds * 1000;
  const tooLarge = bytesOf(sql) > bytes;
  const goneRuns = forget(sql, "run", { before: Math.max(before, now - runSeconds * 1000), most: runs, tooLarge });
  const goneFailures = forget(sql, "failure", { before, most: failures, tooLarge: tooLarge && goneRuns < AT_ONCE });
  sql("delete from incident where closed_at < ?").run(before);
  return goneRuns >= AT_ONCE || goneFailures >= AT_ONCE;
}
