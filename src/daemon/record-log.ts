/** Writes a log line for a record: every failure with all that is known of it, a success only where it is news. */
import type { Log } from "../base/log.ts";
import type { ProbeRecord, Sink } from "../core/probe.ts";
import { completionReport, reportOf, sentence } from "../core/report.ts";

type Level = "debug" | "info" | "warn" | "error";

function levelOf(record: ProbeRecord, wasUp: boolean): Level {
  switch (record.outcome.verdict) {
    case "down":
      return "error";
    case "degraded":
      return "warn";
    case "up":
      return wasUp ? "debug" : "info";
    case "skipped":
      return "debug";
  }
}

const known = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));

function fieldsOf(record: ProbeRecord): Record<string, unknown> {
  const { target, outcome } = record;
  if (outcome.verdict === "skipped") return known({ ...reportOf(record), cause: outcome.cause });
  const { evidence } = outcome;
  return known({
    ...reportOf(record),
    model_id: target.model,
    ...completionReport(evidence.completion),
    request_id: evidence.requestId,
    message: evidence.message,
    error_body: evidence.errorBody,
    request: outcome.verdict === "up" ? undefined : evidence.request,
  });
}

export function createRecordLog(log: Log): Sink {
  const up = new Map<string, boolean>();
  return {
    take(record) {
      const { name } = record.target;
      const level = levelOf(record, up.get(name) === true);
      if (record.outcome.verdict !== "skipped") up.set(name, record.outcome.verdict === "up");
      if (log.isLevelEnabled(level)) log[level](fieldsOf(record), sentence(record));
    },
    forget: (name) => void up.delete(name),
  };
}
