/** The history as another process reads it: beside the daemon that writes it, or without one. */
import type { DatabaseSync } from "node:sqlite";
import { openToRead, type Sql, statements } from "./database.ts";
import { type EventQuery, eventsIn, type PastEvent } from "./events.ts";
import { identity } from "./lock.ts";

export interface Archive {
  events(query: EventQuery): readonly PastEvent[];
  /** Whether the file at the path is another one by now: it was begun anew. */
  replaced(): boolean;
  close(): void;
}

/** Throws when there is none, and when it cannot be read. */
export function openArchive(path: string): Archive {
  const opened = identity(path);
  const database: DatabaseSync = openToRead(path);
  const sql: Sql = statements(database);
  return {
    events: (query) => eventsIn(sql, query),
    replaced: () => identity(path) !== opened,
    close: () => database.close(),
  };
}
