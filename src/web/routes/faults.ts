import { faultJson } from "../fault-json.ts";
import { json, type RouteMaker } from "../route.ts";

/** What is really broken, with all that it explains. */
export const faults: RouteMaker = (options) => ({
  method: "GET",
  path: "/api/v1/faults",
  answer: () =>
    json(
      options.faults().map((fault) => faultJson(fault, options.alertOf)),
      options.redact,
    ),
});
