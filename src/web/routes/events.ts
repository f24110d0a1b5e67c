import { answerFrom, code, limit, readQuery, reason, since, target } from "../ask-history.ts";
import type { RouteMaker } from "../route.ts";

// Each may bring 16 KiB of error body along.
const MOST = 200;
const USUAL = 50;

/** What failed, the newest last, with all that is known of it. */
export const events: RouteMaker = ({ events: eventsOf, clock, redact }) => ({
  method: "GET",
  path: "/api/v1/events",
  answer({ query }) {
    const asked = readQuery(query, { target, code, reason, since: since(clock.wall()), limit: limit(MOST) });
    if ("refused" in asked) return asked.refused;
    return answerFrom(() => eventsOf({ limit: USUAL, ...asked.values }), redact);
  },
});
