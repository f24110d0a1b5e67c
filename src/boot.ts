#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=32768 node --max-semi-space-size=2 --v8-pool-size=1 --
/**
 * How the program starts, from its sources or built (dist/main.js). Started as `node -- main.js`: without the dashes Node takes --env-file for
 * itself, wherever it stands. The first line saves memory: a small nursery, which also makes pauses shorter, and one heap of malloc's for all
 * threads, with what is large outside of it, so that it goes back to the system when it is free.
 * One helper thread of V8's, for up to four would take every core of a small machine at once (docs/decisions/0027).
 */
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { checksum } from "./base/checksum.ts";
import { cacheFolder, runCompiled } from "./base/compiled.ts";
import { tooOld } from "./base/node-version.ts";

/** NODE_COMPILE_CACHE names another folder, NODE_DISABLE_COMPILE_CACHE=1 none. */
function keepingFolder(): string | undefined {
  const { NODE_DISABLE_COMPILE_CACHE, NODE_COMPILE_CACHE, XDG_CACHE_HOME } = process.env;
  // Set to nothing is not set, as for Node itself.
  return NODE_DISABLE_COMPILE_CACHE === "1" ? undefined : NODE_COMPILE_CACHE || cacheFolder(XDG_CACHE_HOME);
}

const KEEP_AFTER_MS = 10_000;

function startBuilt(program: string, folder: string | undefined): void {
  // Commands run different functions of the same files.
  const command = /^[a-z]{1,20}$/.exec(process.argv[2] ?? "")?.[0] ?? "other";
  const kept = folder === undefined ? undefined : join(folder, `${process.version}-${process.arch}-${checksum(program)}-${command}`);
  const keep = runCompiled(program, kept);
  // One file of the program in a turn: a late loop measures wrong latencies.
  setTimeout(() => {
    const steps = keep();
    const step = (): void => void (steps.next().done === true || setImmediate(step).unref());
    step();
  }, KEEP_AFTER_MS).unref();
  process.once("exit", () => [...keep()]);
}

async function startSources(folder: string | undefined): Promise<void> {
  if (folder !== undefined) enableCompileCache(folder);
  await import("./main.ts");
}

const old = tooOld(process.versions.node);
if (old !== undefined) {
  process.stderr.write(`${old}\n`);
  process.exit(2);
}
if (import.meta.filename.endsWith(".ts")) void startSources(keepingFolder());
else startBuilt(join(import.meta.dirname, "program.js"), keepingFolder());
