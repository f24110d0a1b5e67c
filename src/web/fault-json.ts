/** A fault as the JSON API shows it, open or over. */
import { wordsOf } from "../core/root-cause.ts";
import type { FaultState, WebOptions } from "./options.ts";
import { runbookPath } from "./runbook-page.ts";
import { isoTime } from "./target-json.ts";

export function faultJson(fault: FaultState, alertOf: WebOptions["alertOf"]) {
  const { owner, reason, subject, explains, message, since, down } = fault;
  const { says, remedy } = wordsOf(fault);
  const alert = alertOf(fault);
  return {
    owner,
    reason,
    subject,
    down,
    since: isoTime(since),
    says,
    remedy,
    message: message ?? null,
    alert: alert ?? null,
    runbook: alert === undefined ? null : runbookPath(alert),
    explains,
  };
}
