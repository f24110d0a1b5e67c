import { json, type RouteMaker, refusal } from "../route.ts";
import { targetDetails, targetSummary } from "../target-json.ts";

export const targets: RouteMaker = (options) => ({
  method: "GET",
  path: "/api/v1/targets",
  answer: () => json(options.targets().map(targetSummary), options.redact),
});

export const target: RouteMaker = (options) => ({
  method: "GET",
  path: "/api/v1/targets/:name",
  answer(ask) {
    const state = options.targets().find(({ target: { name } }) => name === ask.params.name);
    return state === undefined ? refusal("/api/", 404, "No such target.") : json(targetDetails(state), options.redact);
  },
});
