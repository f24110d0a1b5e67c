import { createLog, type Log, type LogLevel, prettyStream } from "../base/log.ts";
import type { Redactor } from "../base/redact.ts";
import type { Config } from "../config/config.ts";
import { type Invocation, text } from "./command.ts";

/** The log that the flags ask for, or else the config; undefined after the complaint about a file that cannot be written. */
export async function logFor(invocation: Invocation, config: Config): Promise<{ log: Log; redactor: Redactor } | undefined> {
  const { io } = invocation;
  const { redactor } = io;
  for (const secret of config.secrets) redactor.learn(secret);
  const format = text(invocation, "logFormat") ?? (io.live ? "pretty" : "json");
  const readable = format === "pretty" ? { stream: await prettyStream(io.colour) } : {};
  const { file } = config.log;
  try {
    const log = createLog({
      level: (text(invocation, "logLevel") as LogLevel | undefined) ?? config.log.level,
      ...readable,
      ...(file === undefined ? {} : { file }),
      redactor,
    });
    return { log, redactor };
  } catch (error) {
    io.err(`log.file ${file} cannot be written: ${(error as Error).message}. Choose another, or remove the line.\n`);
    return undefined;
  }
}
