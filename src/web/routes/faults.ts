import { reasons } from "../../core/reason.ts";
import { json, type RouteMaker } from "../route.ts";
import { isoTime } from "../target-json.ts";

/** What is really broken, with all that it explains. */
export const faults: RouteMaker = (options) => ({
  method: "GET",
  path: "/api/v1/faults",
  answer: () =>
    json(
      options.faults().map(({ owner, reason, subject, explains, message, since, down }) => ({
        owner,
        reason,
        subject,
        down,
        since: isoTime(since),
        says: reasons[reason].says,
        remedy: reasons[reason].remedy,
        message: message ?? null,
        explains,
      })),
      options.redact,
    ),
});
