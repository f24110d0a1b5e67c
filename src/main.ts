#!/usr/bin/env -S node --
/**
 * Arguments in, exit code out. The only place that ends the process and listens to its signals.
 * Started as `node -- main.js`: without the dashes Node takes --env-file for itself, wherever it stands.
 */
import process from "node:process";
import { runCli } from "./cli/index.ts";
import { EXIT, type Io } from "./cli/io.ts";

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

const io: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  terminal: process.stdout.isTTY === true,
  live: process.stderr.isTTY === true,
  colour: process.stdout.isTTY === true && (process.env.NO_COLOR ?? "") === "" && process.env.TERM !== "dumb",
  columns: process.stdout.columns,
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
  io.err(`This is a bug in llm-healthd; please report it:\n${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = EXIT.bug;
}
