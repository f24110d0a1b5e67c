import type { RouteMaker } from "../route.ts";
import { statusPage } from "../status-page.ts";

export const status: RouteMaker = (options) => ({
  method: "GET",
  path: "/",
  answer: () => ({ type: "text/html; charset=utf-8", body: statusPage(options) }),
});
