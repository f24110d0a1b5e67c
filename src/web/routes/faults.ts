import { faultJson } from "../fault-json.ts";
import { json, type RouteMaker } from "../route.ts";
import { targetEvidence } from "../target-json.ts";

/** What is really broken, with all that it explains and the evidence for each. */
export const faults: RouteMaker = (options) => ({
  method: "GET",
  path: "/api/v1/faults",
  answer() {
    const states = new Map(options.targets().map((state) => [state.target.name, state]));
    return json(
      options.faults().map((fault) => ({
        ...faultJson(fault, options.alertOf),
        kind: fault.kind ?? null,
        credential: fault.credential ?? null,
        sightings: fault.sightings,
        evidence: fault.explains.flatMap((name) => states.get(name) ?? []).map(targetEvidence),
      })),
      options.redact,
    );
  },
});
