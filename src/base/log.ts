import { EventEmitter } from "node:events";
import { openSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { type DestinationStream, destination, type Level, type Logger, multistream, pino, type StreamEntry } from "pino";
import type PinoPretty from "pino-pretty";
import { systemClock } from "./clock.ts";
import { makeFolder } from "./folder.ts";
import type { Redactor } from "./redact.ts";

export type Log = Logger;
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal"] as const satisfies readonly Level[];
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: "json" | "pretty";
  readonly colour: boolean;
  /** Also append JSON lines here; its folder is made. */
  readonly file?: string;
  readonly redactor: Redactor;
  /** Instead of stderr. */
  readonly stream?: DestinationStream;
}

/** A log that cannot be written must not stop what it tells of: a full disk or a closed pipe costs lines, and is told once where it can be. */
function guarded(stream: DestinationStream, lost: (error: Error) => void): DestinationStream {
  let told = false;
  const onError = (error: Error): void => {
    if (!told) lost(error);
    told = true;
  };
  if (stream instanceof EventEmitter) stream.on("error", onError);
  return {
    write(line) {
      try {
        stream.write(line);
      } catch (error) {
        onError(error as Error);
      }
    },
  };
}

function mainStream({ format, colour, stream }: LogOptions): DestinationStream {
  if (stream !== undefined) return stream;
  if (format === "json") return destination({ fd: 2, sync: true });
  // Loaded only where a person reads along: a daemon's start need not wait for it.
  const pretty = createRequire(import.meta.url)("pino-pretty") as typeof PinoPretty;
  return pretty({ colorize: colour, destination: 2, sync: true, ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss" });
}

/**
 * JSON lines (or a readable form) on stderr, and in a file when asked. Every line passes the redactor last, so no field can forget it.
 * Throws when the file cannot be opened; what goes wrong later costs lines, not the process.
 */
export function createLog(options: LogOptions): Log {
  const { level, file, redactor } = options;
  const main = guarded(mainStream(options), () => undefined);
  const streams: StreamEntry[] = [{ level, stream: main }];
  if (file !== undefined) {
    makeFolder(dirname(file));
    const lost = (error: Error): void =>
      main.write(
        `${JSON.stringify({ time: new Date(systemClock.wall()).toISOString(), level: "error", msg: `lines are missing in ${file}: ${error.message}` })}\n`,
      );
    // Opened here, so that a place that cannot be written is known before anything starts.
    streams.push({ level, stream: guarded(destination({ fd: openSync(file, "a"), sync: true }), lost) });
  }
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: (line) => redactor.text(line) },
    },
    multistream(streams),
  );
}
