import { EventEmitter } from "node:events";
import { openSync } from "node:fs";
import { dirname } from "node:path";
import { type DestinationStream, destination, type Level, type Logger, multistream, pino, type StreamEntry } from "pino";
import { systemClock } from "./clock.ts";
import { makeFolder } from "./folder.ts";
import type { Redactor } from "./redact.ts";

export type Log = Logger;
export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal"] as const satisfies readonly Level[];
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  readonly level: LogLevel;
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

/** A readable form, on stderr. Loaded only where a person reads along: a daemon's start need not wait for it. */
export async function prettyStream(colour: boolean): Promise<DestinationStream> {
  const { default: pretty } = await import("pino-pretty");
  return pretty({ colorize: colour, destination: 2, sync: true, ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss" });
}

/**
 * JSON lines on stderr (or what the stream makes of them), and in a file when asked. Every line passes the redactor last, so no field can forget it.
 * Throws when the file cannot be opened; what goes wrong later costs lines, not the process.
 */
export function createLog({ level, file, redactor, stream = destination({ fd: 2, sync: true }) }: LogOptions): Log {
  const main = guarded(stream, () => undefined);
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
