import type { Sql } from "./database.ts";

/** One thing that is kept, in memory until it is written. The writing may fail and come again: it must do the same twice. */
export interface Part {
  /** A file was opened; see store.ts. */
  opened(sql: Sql): void;
  pending(): boolean;
  /** Writes what is pending, or some of it. */
  write(sql: Sql): void;
  /** What was written last is safe. */
  written(): void;
}
