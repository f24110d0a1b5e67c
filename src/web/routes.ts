/** Every route, one line each. */
import type { RouteMaker } from "./route.ts";
import { config } from "./routes/config.ts";
import { events } from "./routes/events.ts";
import { faults } from "./routes/faults.ts";
import { incidents } from "./routes/incidents.ts";
import { metrics } from "./routes/metrics.ts";
import { probe } from "./routes/probe.ts";
import { reload } from "./routes/reload.ts";
import { runbook, runbookList, runbookListSlash, runbookSlash } from "./routes/runbooks.ts";
import { healthy, livez, ready } from "./routes/standing.ts";
import { status } from "./routes/status.ts";
import { target, targets } from "./routes/targets.ts";

export const routes: readonly RouteMaker[] = [
  status,
  metrics,
  probe,
  targets,
  target,
  faults,
  events,
  incidents,
  runbookList,
  runbookListSlash,
  runbook,
  runbookSlash,
  config,
  healthy,
  ready,
  livez,
  reload,
];
