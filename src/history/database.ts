/** One connection to the one file of what happened: opened, recognised, and brought up to date. */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { makeFolder } from "../base/folder.ts";
import { MIGRATIONS } from "./migrations.ts";

export const IN_MEMORY = ":memory:";

/** Gives the prepared statement of a text; each text is prepared once a connection. */
export type Sql = (text: string) => StatementSync;

/** "llmh", at the place in the file's header that SQLite leaves for this: whose file it is. */
const APPLICATION_ID = 0x6c6c6d68;
// Read through at the start at some hundred MiB a second; what is broken in a larger file shows as it is used.
const INSPECTED_BYTES = 64 * 1024 * 1024;
/** A log that an unusual load has blown up gives the room back. */
const WAL_BYTES = 16 * 1024 * 1024;

/** The file is whole, and not one that may be written: somebody else's, or a newer program's. */
export class UnfitFile extends Error {}
/** The file is broken. */
export class BrokenFile extends Error {}

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const CODE = { busy: 5, corrupt: 11, full: 13, ioError: 10, notADatabase: 26 } as const;

function primaryCode(error: unknown): number | undefined {
  const { errcode } = error as { readonly errcode?: number };
  return errcode === undefined ? undefined : errcode & 0xff;
}

export const isBroken = (error: unknown): boolean =>
  error instanceof BrokenFile || primaryCode(error) === CODE.corrupt || primaryCode(error) === CODE.notADatabase;
export const isBusy = (error: unknown): boolean => primaryCode(error) === CODE.busy;
export const isFull = (error: unknown): boolean => primaryCode(error) === CODE.full || (error as NodeJS.ErrnoException).code === "ENOSPC";
/** The place is right, and the disk does not do its part now: it may heal by itself. */
export const mayHeal = (error: unknown): boolean => isFull(error) || primaryCode(error) === CODE.ioError;

export function statements(database: DatabaseSync): Sql {
  const prepared = new Map<string, StatementSync>();
  return (text) => {
    const found = prepared.get(text) ?? database.prepare(text);
    prepared.set(text, found);
    return found;
  };
}

const numberOf = (database: DatabaseSync, pragma: string): number =>
  Number(Object.values(database.prepare(`pragma ${pragma}`).get() ?? {})[0]);

/** Throws for a database that another program made, or a later version of this one. */
function recognise(database: DatabaseSync): number {
  const version = numberOf(database, "user_version");
  const owner = numberOf(database, "application_id");
  const tables = database.prepare("select name from sqlite_schema where type = 'table'").all() as { name: string }[];
  // The first version did not sign its file.
  const firstVersion = owner === 0 && version === 1 && tables.some(({ name }) => name === "spend");
  if (owner !== APPLICATION_ID && !firstVersion && tables.length > 0) throw new UnfitFile("it is the database of another program");
  if (version > MIGRATIONS.length)
    throw new UnfitFile(`a newer llm-healthd made it (format ${version}, and this one knows ${MIGRATIONS.length})`);
  return version;
}

function inspect(database: DatabaseSync, path: string): void {
  if (path === IN_MEMORY || statSync(path).size > INSPECTED_BYTES) return;
  const [found] = Object.values(database.prepare("pragma quick_check(1)").get() ?? {});
  if (found !== "ok") throw new BrokenFile(String(found));
}

function refuseFolder(path: string): void {
  if (path !== IN_MEMORY && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) throw new UnfitFile("it is a folder");
}

/** Opens it, makes it where it is missing, and brings it up to date. Throws UnfitFile, BrokenFile, and what SQLite and the disk say. */
export function openDatabase(path: string): DatabaseSync {
  if (path !== IN_MEMORY) makeFolder(dirname(path));
  refuseFolder(path);
  const database = new DatabaseSync(path);
  try {
    database.exec("pragma busy_timeout = 50");
    const version = recognise(database);
    // What is written is seldom read, and then through the system's cache: 512 KiB of its own are enough.
    database.exec("pragma cache_size = -512");
    // WAL without an fsync per write: a killed process loses nothing, and the probing path never waits for the disk. See checkpoint.ts.
    database.exec(
      `pragma journal_mode = wal; pragma synchronous = normal; pragma wal_autocheckpoint = 0; pragma journal_size_limit = ${WAL_BYTES}`,
    );
    inspect(database, path);
    for (const [index, migration] of MIGRATIONS.entries()) {
      if (index < version) continue;
      database.exec(`begin immediate; ${migration}; pragma application_id = ${APPLICATION_ID}; pragma user_version = ${index + 1}; commit`);
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Reads on a disk that has no room for what a connection lays beside the file; while nobody else has it open. Throws what SQLite says. */
export function peek(path: string, read: (sql: Sql) => void): void {
  if (path === IN_MEMORY || statSync(path, { throwIfNoEntry: false }) === undefined) return;
  const database = new DatabaseSync(path);
  try {
    // Then the index of the log is kept in memory (sqlite.org/wal.html, "Use of WAL Without Shared-Memory").
    database.exec("pragma locking_mode = exclusive");
    read(statements(database));
  } finally {
    database.close();
  }
}

/** Opens what is there to read, beside a daemon that writes it or without one. Throws as `openDatabase` does, and when there is none. */
export function openToRead(path: string): DatabaseSync {
  statSync(path);
  refuseFolder(path);
  // Readers of a WAL make two files beside it; where they may not, and nobody writes, the file is read as it lies.
  const asItLies = pathToFileURL(path);
  asItLies.searchParams.set("immutable", "1");
  for (const place of [path, asItLies]) {
    const database = new DatabaseSync(place, { readOnly: true });
    try {
      database.exec("pragma busy_timeout = 1000");
      const version = recognise(database);
      if (version < MIGRATIONS.length) throw new UnfitFile("an older llm-healthd made it; `llm-healthd run` brings it up to date");
      return database;
    } catch (error) {
      database.close();
      if (place === asItLies || error instanceof UnfitFile || isBroken(error)) throw error;
    }
  }
  throw new Error("unreachable: the second way either opens or throws");
}
