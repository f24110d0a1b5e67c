/** Records on their way into the file: what every run saw in a short row, and of a failure all that is known of it. */
import type { ProbeRecord, Sink } from "../core/probe.ts";
import { completionReport, reportOf } from "../core/report.ts";
import type { Sql } from "./database.ts";
import type { Part } from "./part.ts";

// Of a disk that stays full the newest wait in memory: some 16 MiB of failures, 3 MiB of the rest.
const WAITING = { failures: 1000, runs: 10_000 };

const COLUMNS = `at, target, kind, verdict, reason, owner, code, via, duration, first_token, input_tokens, output_tokens, cost_usd, served_model,
  provider`;
const into = (table: "run" | "failure"): string => `insert into ${table} (${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const RUN = into("run");
const FAILURE = into("failure");
const EVIDENCE = "insert into evidence (failure, model, message, request_id, error_body, request) values (?, ?, ?, ?, ?, ?)";

type Value = string | number | null;
type Redact = (text: string) => string;

function rowOf(record: ProbeRecord, redact: Redact): Value[] {
  const { outcome, startedAt } = record;
  const { target, kind, verdict, reason, owner, status_code, via, duration_seconds } = reportOf(record);
  const completion = completionReport(outcome.verdict === "skipped" ? undefined : outcome.evidence.completion);
  const { first_token_seconds, input_tokens, output_tokens, cost_usd, served_model, provider } = completion;
  const why = outcome.verdict === "skipped" ? outcome.cause : reason;
  const values = [Math.round(startedAt), target, kind, verdict, why, owner, status_code, via, duration_seconds];
  const own = [first_token_seconds, input_tokens, output_tokens, cost_usd, served_model, provider];
  // Only these two are somebody else's words.
  return [...values, ...own.map((value) => (typeof value === "string" ? redact(value) : value))].map((value) => value ?? null);
}

function evidenceOf({ target, outcome }: ProbeRecord, redact: Redact): Value[] {
  if (outcome.verdict === "skipped") return [];
  const { message, requestId, errorBody, request } = outcome.evidence;
  const asked = JSON.stringify(request, (_, part: unknown) => (typeof part === "string" ? redact(part) : part));
  return [target.model, message, requestId, errorBody].map((text) => (text === undefined ? null : redact(text))).concat(asked ?? null);
}

const failed = ({ outcome }: ProbeRecord): boolean => outcome.verdict === "down" || outcome.verdict === "degraded";

/** @param lost told how many the memory could not hold */
export function createRecords(redact: Redact): Part & Sink & { lost(): number } {
  const failures: ProbeRecord[] = [];
  const runs: ProbeRecord[] = [];
  let writing = { failures: 0, runs: 0 };
  let lost = 0;
  const bounded = (queue: ProbeRecord[], most: number): void => {
    // By a tenth: to shift one by one would move the whole queue for each.
    if (queue.length > most * 1.1) lost += queue.splice(0, queue.length - most).length;
  };
  return {
    take(record) {
      if (failed(record)) failures.push(record);
      else runs.push(record);
      bounded(failures, WAITING.failures);
      bounded(runs, WAITING.runs);
    },
    opened: () => undefined,
    pending: () => failures.length + runs.length > 0,
    write(sql: Sql) {
      writing = { failures: failures.length, runs: runs.length };
      for (const record of runs) sql(RUN).run(...rowOf(record, redact));
      for (const record of failures) {
        const { lastInsertRowid } = sql(FAILURE).run(...rowOf(record, redact));
        sql(EVIDENCE).run(lastInsertRowid, ...evidenceOf(record, redact));
      }
    },
    written() {
      failures.splice(0, writing.failures);
      runs.splice(0, writing.runs);
    },
    lost() {
      const told = lost;
      lost = 0;
      return told;
    },
  };
}
