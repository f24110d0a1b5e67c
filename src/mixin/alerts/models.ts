/** Tickets on models that still answer, and the page for one that answers nowhere. */
import { alert, DAY, HOUR, STICKY_SECONDS } from "../alert.ts";
import { anyOf, count, labels, series } from "../promql.ts";
import { recorded } from "../recorded.ts";
import { aboutTarget, stillProbed } from "./about.ts";
import { pagingModelReasons } from "./faults.ts";

const LEAVING_DAYS = 14;
const FAILURES = "healthd_probe_failures_total";
const CONSECUTIVE = "healthd_probe_consecutive_failures";
const TARGET = labels("healthd_probes_total", "job", "instance", "kind", "target");
const ONE_MODEL = labels(CONSECUTIVE, "job", "target", "credential");

/** Counters of probes do not say through which credential; what Alertmanager groups by must. */
const withCredential = (expr: string): string =>
  `(${expr})
* on (${TARGET}) group_left (credential) (${series("healthd_probe_timeout_seconds", { kind: "model" })} > bool 0)`;

const failed = `sum by (${TARGET}) (increase(${series(FAILURES, { kind: "model", owner: "provider" })}[2h]))`;
const looked = `sum by (${TARGET}) (increase(${series("healthd_probes_total", { kind: "model", verdict: /up|degraded|down/ })}[2h]))`;

export const modelAlerts = [
  // Daemons in several regions that see the same model down: where no page names the cause, this one says that it is everywhere.
  alert({
    name: "ModelDownEverywhere",
    severity: "critical",
    scope: "model",
    owner: "provider",
    summary: "Most of three or more daemons find a model down, and no other page says why.",
    description:
      "{{ $labels.subject }}: {{ $value | humanizePercentage }} of the daemons failed at least twice in a row. Compare their /api/v1/faults, and move the application to another model.",
    expr: aboutTarget(`(
  count by (${ONE_MODEL}) (${series(CONSECUTIVE, { kind: "model" })} >= 2)
  / count by (${ONE_MODEL}) (${series(CONSECUTIVE, { kind: "model" })}) > 0.5
  and count by (${ONE_MODEL}) (${series(CONSECUTIVE, { kind: "model" })}) >= 3
  unless on (job, credential) ${series("healthd_fault_sightings", { reason: anyOf(pagingModelReasons) })}
)`),
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-model",
    servedBy: "any",
  }),
  alert({
    name: "ModelLeaving",
    severity: "warning",
    scope: "model",
    owner: "request",
    summary: `A model leaves the catalogue within ${LEAVING_DAYS} days.`,
    description:
      "{{ $labels.subject }} ({{ $labels.model }}) leaves in {{ $value | humanizeDuration }}. Choose another model in time; `llm-healthd models --search` proposes some.",
    expr: aboutTarget(`${series("healthd_model_expiration_timestamp_seconds")} - time() < ${LEAVING_DAYS * DAY} > 0`),
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-model",
  }),
  alert({
    name: "ModelFallingBack",
    severity: "warning",
    scope: "model",
    owner: "provider",
    summary: "A model answers only after other providers have failed.",
    description:
      '{{ $labels.subject }} ({{ $labels.model }}): {{ $value | printf "%.0f" }} answers of the last two hours came from a fallback, later and perhaps at another price. See which provider fails; prefer or exclude providers in the application\'s requests.',
    expr: aboutTarget(stillProbed(`increase(${series("healthd_model_fallbacks_total")}[2h]) >= 3`)),
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-model",
  }),
  alert({
    name: "ProviderErrors",
    severity: "warning",
    scope: "model",
    owner: "provider",
    summary: "A model's provider fails again and again, with good answers in between.",
    description:
      "{{ $labels.subject }}: {{ $value | humanizePercentage }} of the probes of the last two hours failed at the provider. Retry in the application, or choose another provider or model.",
    expr: aboutTarget(withCredential(`${failed} / ${looked} > 0.2 and ${failed} >= 2`)),
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-model",
  }),
  alert({
    name: "FirstTokenSlow",
    severity: "warning",
    scope: "model",
    owner: "provider",
    summary: "A model's first token takes twice as long as it did in the last week.",
    description:
      "{{ $labels.subject }}: nine of ten first tokens came within {{ $value | humanizeDuration }} in the last hour, twice as late as usual. The provider is loaded or has changed; choose another provider if it lasts.",
    expr: aboutTarget(
      stillProbed(`(
  ${recorded("target:healthd_model_time_to_first_token_seconds:p90_rate1h")} > 2 * avg_over_time(${recorded("target:healthd_model_time_to_first_token_seconds:p90_rate1h")}[7d] offset 1h)
  and ${recorded("target:healthd_model_time_to_first_token_seconds:p90_rate1h")} > 1.5
  and on (${TARGET}) sum by (${TARGET}) (increase(${count("healthd_model_time_to_first_token_seconds", { token: "answer" })}[1h])) >= 6
)`),
    ),
    forSeconds: HOUR / 2,
    keepFiringSeconds: STICKY_SECONDS,
    dashboard: "healthd-model",
  }),
] as const;
