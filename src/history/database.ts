/** The one file of what happened. The only door to node:sqlite. */
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makeFolder } from "../base/folder.ts";

/** Each brings the file from the version of its place to the next; never change one that was released. */
const MIGRATIONS: readonly string[] = [
  `create table spend (id integer primary key, credential text not null, target text not null, at integer not null, free integer not null, usd real not null) strict;
   create index spend_at on spend (at);
   create table last_run (target text primary key, at integer not null) strict`,
];

export const IN_MEMORY = ":memory:";

/** Opens it, makes it where it is missing, and brings it up to date. Throws when the place cannot be written. */
export function openDatabase(path: string): DatabaseSync {
  if (path !== IN_MEMORY) makeFolder(dirname(path));
  const database = new DatabaseSync(path);
  // WAL without an fsync per write: a killed process loses nothing, and the probing path never waits for the disk.
  database.exec("pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 200");
  const { user_version: version } = database.prepare("pragma user_version").get() as { user_version: number };
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue;
    database.exec(`begin; ${migration}; pragma user_version = ${index + 1}; commit`);
  }
  return database;
}
