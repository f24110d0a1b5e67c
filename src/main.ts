/** Arguments in, exit code out. The only place that ends the program and listens to its signals; boot.ts starts the built one. */
import process from "node:process";
import { createRedactor } from "./base/redact.ts";
import { runCli } from "./cli/index.ts";
import { EXIT, type Io } from "./cli/io.ts";
import { secretsIn } from "./config/variables.ts";

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

runCli(process.argv.slice(2), io).then(
  (code) => {
    process.exitCode = outputLost ? EXIT.usage : code;
  },
  (error: unknown) => {
    tellBug(error);
    process.exitCode = EXIT.bug;
  },
);
