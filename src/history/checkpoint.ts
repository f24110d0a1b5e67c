/**
 * Carries what the write-ahead log holds into the database, on a thread that lives only for that. Here SQLite waits for the disk: on the main
 * thread a slow disk would be a late event loop, and a late loop measures wrong latencies.
 */

import { DatabaseSync } from "node:sqlite";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";

/** Passive: it neither waits for readers nor makes the writer wait. */
function checkpoint(path: string): void {
  // Never makes a file: the one that it was asked for may be gone by now.
  const place = pathToFileURL(path);
  place.searchParams.set("mode", "rw");
  const database = new DatabaseSync(place);
  try {
    database.exec("pragma busy_timeout = 0; pragma synchronous = normal; pragma wal_autocheckpoint = 0; pragma wal_checkpoint(passive)");
    // Whoever writes first to an emptied log waits for its new header to reach the disk: better here than there. Changes nothing.
    const { user_version } = database.prepare("pragma user_version").get() as { user_version: number };
    database.exec(`pragma user_version = ${user_version}`);
  } finally {
    database.close();
  }
}

/** Calls back when it is over, with the error if it failed: then the log has only grown, and the next time does it. */
export function checkpointAside(path: string, over: (error?: unknown) => void): void {
  // Without resourceLimits: V8 would run a small heap on a second copy of its builtins, 2 MiB that stay resident.
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { checkpoint: path } });
  worker.unref();
  worker.once("error", over);
  worker.once("exit", (code) => code === 0 && over());
}

const asked = workerData as { readonly checkpoint?: string } | null;
if (!isMainThread && asked?.checkpoint !== undefined) checkpoint(asked.checkpoint);
