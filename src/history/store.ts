/**
 * The file, held open for writing through everything that befalls it: a full disk, a broken file, one that is deleted under it. What cannot be
 * written now stays with those who brought it, and is written when it can be.
 */
import { existsSync, renameSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../base/clock.ts";
import { checkpointAside } from "./checkpoint.ts";
import { IN_MEMORY, isBroken, isBusy, isFull, mayHeal, openDatabase, peek, type Sql, statements } from "./database.ts";
import { identity, type Lock, takeLock } from "./lock.ts";

export type Tell = (level: "info" | "warn" | "error", message: string, error?: unknown) => void;

export interface StoreOptions {
  readonly path: string;
  readonly clock: Pick<Clock, "wall">;
  readonly tell: Tell;
  /** A file was opened, perhaps an empty one: read what it has, and from now on write to it whatever it lacks. */
  opened(sql: Sql): void;
  /** An attempt to write failed. */
  failed(): void;
}

export interface Store {
  readonly path: string;
  /** All of the work in one transaction. Whether it is written; why not was told. */
  write(work: (sql: Sql) => void): boolean;
  /** Throws when the file cannot be read. */
  read<T>(work: (sql: Sql) => T): T;
  writable(): boolean;
  /** Lets the log of what was written go into the database, beside. */
  checkpoint(): void;
  close(): void;
}

// Somebody else holds the file now and then (a backup, the checkpoint): only what lasts is a failure.
const BUSY_TIMES = 20;

function setAside(path: string, at: number): string {
  const stamp = new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  let to = `${path}.corrupt-${stamp}`;
  for (let more = 2; existsSync(to); more++) to = `${path}.corrupt-${stamp}-${more}`;
  for (const part of ["", "-wal", "-shm"]) if (existsSync(path + part)) renameSync(path + part, to + part);
  return to;
}

interface Held {
  readonly database: DatabaseSync;
  readonly sql: Sql;
  /** Of the file at the path when it was opened. */
  readonly identity: string | undefined;
}

class FileStore implements Store {
  readonly path: string;
  readonly #options: StoreOptions;
  #lock: Lock | undefined;
  #held: Held | undefined;
  #why: unknown;
  #failing = false;
  #busy = 0;
  #checkpointing = false;
  #closed = false;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.path = options.path;
    try {
      this.#open();
    } catch (error) {
      // On a full disk the daemon starts all the same: to look on is what it is for.
      if (!mayHeal(error)) {
        this.#lock?.release();
        throw error;
      }
      this.#fail(error);
      this.#peek();
    }
  }

  write(work: (sql: Sql) => void): boolean {
    if (this.#closed) return false;
    try {
      this.#commit(work);
    } catch (error) {
      if (!isBroken(error)) return this.#refuse(error);
      try {
        this.#setAside(error);
        this.#commit(work);
      } catch (second) {
        return this.#refuse(second);
      }
    }
    this.#busy = 0;
    if (this.#failing) this.#options.tell("info", `the history ${this.path} is written again`);
    this.#failing = false;
    return true;
  }

  read<T>(work: (sql: Sql) => T): T {
    if (this.#held === undefined) throw this.#why ?? new Error("it is closed");
    return work(this.#held.sql);
  }

  writable = (): boolean => !this.#failing;

  checkpoint(): void {
    if (this.path === IN_MEMORY || this.#held === undefined || this.#checkpointing) return;
    this.#checkpointing = true;
    checkpointAside(this.path, () => {
      this.#checkpointing = false;
    });
  }

  close(): void {
    this.#closed = true;
    this.#letGo();
    this.#lock?.release();
    this.#lock = undefined;
  }

  #commit(work: (sql: Sql) => void): void {
    const { database, sql } = this.#follow();
    database.exec("begin immediate");
    try {
      work(sql);
      database.exec("commit");
    } catch (error) {
      // A full disk has rolled it back already.
      if (database.isTransaction) database.exec("rollback");
      throw error;
    }
  }

  /** What is held, if it still is the file at the path; otherwise that file, or a new one. */
  #follow(): Held {
    const held = this.#held;
    if (held !== undefined && this.path !== IN_MEMORY && identity(this.path) !== held.identity) {
      this.#options.tell(
        "warn",
        `the history ${this.path} was deleted, emptied or replaced while it was in use; it is begun anew from what is in memory`,
      );
      this.#letGo();
    }
    return this.#held ?? this.#open();
  }

  #open(): Held {
    if (this.path !== IN_MEMORY && this.#lock?.holds() !== true) {
      this.#lock?.release();
      this.#lock = undefined;
      this.#lock = takeLock(this.path);
    }
    try {
      return this.#take();
    } catch (error) {
      if (!isBroken(error)) throw error;
      this.#setAside(error);
      return this.#take();
    }
  }

  #take(): Held {
    const database = openDatabase(this.path);
    const held = { database, sql: statements(database), identity: this.path === IN_MEMORY ? undefined : identity(this.path) };
    try {
      this.#options.opened(held.sql);
    } catch (error) {
      database.close();
      throw error;
    }
    this.#held = held;
    return held;
  }

  /** What was spent today must be known also where nothing can be written. */
  #peek(): void {
    try {
      peek(this.path, this.#options.opened);
    } catch (error) {
      this.#options.tell("warn", `nor can the history ${this.path} be read: what was spent before the start is not known`, error);
    }
  }

  #setAside(error: unknown): void {
    this.#letGo();
    const to = setAside(this.path, this.#options.clock.wall());
    this.#options.tell("error", `the history ${this.path} is broken; it was moved to ${to}, and a new one is begun`, error);
  }

  #letGo(): void {
    try {
      this.#held?.database.close();
    } catch {
      // It is lost either way.
    }
    this.#held = undefined;
  }

  #refuse(error: unknown): false {
    if (isBusy(error) && ++this.#busy < BUSY_TIMES) return false;
    this.#fail(error);
    // What is wrong with the place shows anew, or is gone, when the file is opened again; a full disk needs no new file.
    if (!isFull(error)) this.#letGo();
    return false;
  }

  #fail(error: unknown): void {
    this.#why = error;
    this.#options.failed();
    if (!this.#failing)
      this.#options.tell("error", `the history ${this.path} cannot be written; probing goes on, and what is new waits in memory`, error);
    this.#failing = true;
  }
}

/** Throws when the place cannot hold a history, when another process writes it, and when the file is not one of ours. */
export const openStore = (options: StoreOptions): Store => new FileStore(options);
