#!/usr/bin/env node
/** Arguments in, exit code out. The only place that ends the process and listens to its signals. */
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
// A reader that closes the pipe early (`llm-healthd check | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

const io: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  terminal: process.stdout.isTTY === true,
  live: process.stderr.isTTY === true,
  colour: process.stdout.isTTY === true && (process.env.NO_COLOR ?? "") === "" && process.env.TERM !== "dumb",
  env: process.env,
  stop: stop.signal,
  onHangUp(callback) {
    process.on("SIGHUP", callback);
    return () => void process.off("SIGHUP", callback);
  },
};

try {
  process.exitCode = await runCli(process.argv.slice(2), io);
} catch (error) {
  io.err(`This is a bug in llm-healthd; please report it:\n${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = EXIT.bug;
}
