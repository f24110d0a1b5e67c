import { createLog, type Log, type LogLevel } from "../base/log.ts";
import { createRedactor, type Redactor } from "../base/redact.ts";
import type { Config } from "../config/config.ts";
import { type Invocation, text } from "./command.ts";

/** The log that the flags ask for, or else the config. */
export function logFor(invocation: Invocation, config: Config): { log: Log; redactor: Redactor } {
  const { io } = invocation;
  const redactor = createRedactor(config.secrets);
  const format = text(invocation, "logFormat") ?? (io.live ? "pretty" : "json");
  const log = createLog({
    level: (text(invocation, "logLevel") as LogLevel | undefined) ?? config.log.level,
    format: format === "pretty" ? "pretty" : "json",
    colour: io.colour,
    ...(config.log.file === undefined ? {} : { file: config.log.file }),
    redactor,
  });
  return { log, redactor };
}
