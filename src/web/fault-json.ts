/** A fault as the JSON API shows it, open or over. */
import { reasons } from "../core/reason.ts";
import type { FaultState } from "./options.ts";
import { isoTime } from "./target-json.ts";

export const faultJson = ({ owner, reason, subject, explains, message, since, down }: FaultState) => ({
  owner,
  reason,
  subject,
  down,
  since: isoTime(since),
  says: reasons[reason].says,
  remedy: reasons[reason].remedy,
  message: message ?? null,
  explains,
});
