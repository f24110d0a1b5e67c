#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=32768 node --max-semi-space-size=2 --
/**
 * Arguments in, exit code out. The only place that ends the process and listens to its signals.
 * Started as `node -- main.js`: without the dashes Node takes --env-file for itself, wherever it stands. The first line saves
 * memory: a small nursery, which also makes pauses shorter, and one heap of malloc's for all threads, with what is large outside of it,
 * so that it goes back to the system when it is free.
 */
import process from "node:process";
import { keepCompiled } from "./base/compiled.ts";
import { tooOld } from "./base/node-version.ts";
import type { Io } from "./cli/io.ts";

const old = tooOld(process.versions.node);
if (old !== undefined) {
  process.stderr.write(`${old}\n`);
  process.exit(2);
}
// Before all else is read. NODE_COMPILE_CACHE names another folder, NODE_DISABLE_COMPILE_CACHE=1 none.
if (process.env.NODE_COMPILE_CACHE === undefined) keepCompiled(process.env.XDG_CACHE_HOME);
const { createRedactor } = await import("./base/redact.ts");
const { runCli } = await import("./cli/index.ts");
const { EXIT } = await import("./cli/io.ts");
const { secretsIn } = await import("./config/variables.ts");

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    // Asked twice: the user does not want to wait for a graceful end.
    if (stop.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
    stop.abort(signal);
  });
}
let outputLost = false;
// A reader that closes the pipe early (`llm-healthd check | head`) is no failure; a full disk behind `>` is.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return;
  process.stderr.write(`The output cannot be written: ${error.message}\n`);
  outputLost = true;
  process.exitCode = EXIT.usage;
});
// Nobody is left to be told.
process.stderr.on("error", () => undefined);

// npm does not hand SIGTERM on to what its shell started: the daemon would live on as an orphan and hold its port.
if (process.env.npm_lifecycle_event !== undefined) {
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || stop.abort("SIGTERM"), 500).unref();
}

// What a crash before the config was read could tell; the rest is learnt as it is read.
const redactor = createRedactor(secretsIn(process.env));

/** Node's own report of an error prints it whole, with the source line and whatever values hang on it. */
function tellBug(error: unknown): void {
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(redactor.text(`This is a bug in llm-healthd; please report it:\n${told}\n`));
}
// A rejection that nobody took ends here as well. Nothing is certain after it: whoever supervises the process starts it anew.
process.on("uncaughtException", (error) => {
  tellBug(error);
  process.exit(EXIT.bug);
});

const io: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  terminal: process.stdout.isTTY === true,
  live: process.stderr.isTTY === true,
  colour: process.stdout.isTTY === true && (process.env.NO_COLOR ?? "") === "" && process.env.TERM !== "dumb",
  columns: process.stdout.columns,
  redactor,
  env: process.env,
  stop: stop.signal,
  onHangUp(callback) {
    process.on("SIGHUP", callback);
    return () => void process.off("SIGHUP", callback);
  },
};

try {
  const code = await runCli(process.argv.slice(2), io);
  process.exitCode = outputLost ? EXIT.usage : code;
} catch (error) {
  tellBug(error);
  process.exitCode = EXIT.bug;
}
