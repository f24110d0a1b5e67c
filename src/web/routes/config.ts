import type { RouteMaker } from "../route.ts";

export const config: RouteMaker = (options) => ({
  method: "GET",
  path: "/config",
  answer: () => ({ type: "text/yaml; charset=utf-8", body: options.redact(options.configText()) }),
});
