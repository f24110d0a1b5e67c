import { microseconds } from "../../core/report.ts";
import { answerFrom, limit, readQuery, since } from "../ask-history.ts";
import { faultJson } from "../fault-json.ts";
import type { RouteMaker } from "../route.ts";
import { isoTime } from "../target-json.ts";

const MOST = 1000;
const USUAL = 100;

/** Faults that are open, and those that are over; the newest last. */
export const incidents: RouteMaker = ({ incidents: incidentsOf, alertOf, clock, redact }) => ({
  method: "GET",
  path: "/api/v1/incidents",
  answer({ query }) {
    const asked = readQuery(query, { since: since(clock.wall()), limit: limit(MOST) });
    if ("refused" in asked) return asked.refused;
    const found = () =>
      incidentsOf(asked.values.since ?? 0, asked.values.limit ?? USUAL).map((incident) => {
        const { since: openedAt, closedAt } = incident;
        const { since: opened_at, ...fault } = faultJson(incident, alertOf);
        const seconds = (Math.max(closedAt ?? clock.wall(), openedAt) - openedAt) / 1000;
        return { ...fault, open: closedAt === undefined, opened_at, closed_at: isoTime(closedAt), duration_seconds: microseconds(seconds) };
      });
    return answerFrom(found, redact);
  },
});
