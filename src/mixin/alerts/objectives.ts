/** Tickets for error budgets that burn too fast. Tickets only: what wakes somebody names a cause. */
import { kinds, ownerOf } from "../../core/reason.ts";
import { alert, duration, STICKY_SECONDS } from "../alert.ts";
import { count, labels, type Match } from "../promql.ts";
import { badProbes, errorShare, SLOW_SECONDS, slowShare } from "../recorded.ts";
import { burns, threshold } from "../slo.ts";

const KIND = labels("healthd_probes_total", "job", "instance", "kind");
/** Of a month. Free models fail more often than what one pays or runs oneself. */
const OBJECTIVES: readonly { readonly kind: Match; readonly objective: number }[] = [
  { kind: "model", objective: 0.95 },
  { kind: { not: "model" }, objective: 0.99 },
];
const QUICK_OBJECTIVE = 0.95;
// Probes are few: two bad ones in an hour would be a share above every threshold.
const LEAST_BAD = 3;

const pair = (share: (window: string) => string, objective: number, enough: (window: string) => string): string =>
  burns
    .map(({ factor, longSeconds, shortSeconds }) => {
      const limit = threshold(objective, factor);
      const long = duration(longSeconds);
      return `${share(long)} > ${limit} and ${share(duration(shortSeconds))} > ${limit} and ${enough(long)}`;
    })
    .join("\nor ");

const errorBurn = OBJECTIVES.map(({ kind, objective }) =>
  pair(
    (window) => errorShare(window, { kind }),
    objective,
    (window) => `sum by (${KIND}) (increase(${badProbes({ kind })}[${window}])) >= ${LEAST_BAD}`,
  ),
).join("\nor ");

const answered = count("healthd_probe_duration_seconds", { kind: "model", verdict: "up" });
const latencyBurn = pair(
  (window) => slowShare(window),
  QUICK_OBJECTIVE,
  // Share times number: how many were slow.
  (window) => `${slowShare(window)} * sum by (${KIND}) (increase(${answered}[${window}])) >= ${LEAST_BAD}`,
);

/** Whoever serves what is looked at: of a model it is a provider, of a bucket the storage. */
const ownedByKind = (expr: string): string =>
  kinds.reduce((inner, kind) => `label_replace(${inner}, "owner", "${ownerOf("timeout_total", kind)}", "kind", "${kind}")`, expr);

export const objectiveAlerts = [
  alert({
    name: "ErrorBudgetBurn",
    severity: "warning",
    scope: "slo",
    summary: "Probes fail so often that the month's error budget ends early.",
    description:
      "Of kind {{ $labels.kind }}, {{ $value | humanizePercentage }} of the probes failed for reasons that are not ours; the objective is 5 % for models and 1 % for the rest. See which target fails most, and replace it or talk to who runs it.",
    expr: ownedByKind(errorBurn),
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-overview",
  }),
  alert({
    name: "LatencyBudgetBurn",
    severity: "warning",
    scope: "slo",
    owner: "provider",
    summary: "Answers are slow so often that the month's latency budget ends early.",
    description: `{{ $value | humanizePercentage }} of the models' answers took longer than ${SLOW_SECONDS} seconds; the objective is 5 %. See which model is slow, and choose a faster model or provider.`,
    expr: latencyBurn,
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-model",
  }),
] as const;
