/** One writer a file. The lock is the system's, on a file beside it, and ends with the process however that ends. */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { makeFolder } from "../base/folder.ts";
import { isBusy } from "./database.ts";

export class InUse extends Error {}

export interface Lock {
  /** Whether it still shuts others out: not when somebody deleted its file. */
  holds(): boolean;
  release(): void;
}

/** Tells whether it is still the file that it was: another, or one that somebody emptied, is not. */
export const identity = (path: string): string | undefined => {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? undefined : `${found.dev}:${found.ino}${found.size === 0 ? " empty" : ""}`;
};

/** On a database of its own: one on the file itself would shut out readers too. Throws InUse, and what SQLite says of the place. */
export function takeLock(file: string): Lock {
  const path = `${file}.lock`;
  makeFolder(dirname(path));
  const database = new DatabaseSync(path);
  try {
    database.exec("pragma busy_timeout = 0; pragma journal_mode = memory; begin exclusive");
  } catch (error) {
    database.close();
    if (isBusy(error)) throw new InUse("another llm-healthd writes it now");
    throw error;
  }
  const taken = identity(path);
  return { holds: () => identity(path) === taken, release: () => database.close() };
}
