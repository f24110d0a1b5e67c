import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type DestinationStream, destination, type Level, type Logger, multistream, pino, type StreamEntry } from "pino";
import pretty from "pino-pretty";
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

function mainStream({ format, colour, stream }: LogOptions): DestinationStream {
  if (stream !== undefined) return stream;
  if (format === "json") return destination({ fd: 2, sync: true });
  return pretty({ colorize: colour, destination: 2, sync: true, ignore: "pid,hostname", translateTime: "SYS:HH:MM:ss" });
}

/** JSON lines (or a readable form) on stderr, and in a file when asked. Every line passes the redactor last, so no field can forget it. */
export function createLog(options: LogOptions): Log {
  const streams: StreamEntry[] = [{ level: options.level, stream: mainStream(options) }];
  if (options.file !== undefined) {
    mkdirSync(dirname(options.file), { recursive: true });
    streams.push({ level: options.level, stream: destination({ dest: options.file, sync: true, append: true }) });
  }
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: (line) => options.redactor.text(line) },
    },
    multistream(streams),
  );
}
