import { pageAnswer } from "../page.ts";
import type { RouteMaker } from "../route.ts";
import { statusPage } from "../status-page.ts";

export const status: RouteMaker = (options) => ({
  method: "GET",
  path: "/",
  answer: () => pageAnswer(statusPage(options)),
});
