import { runbooks } from "../../runbooks/library.ts";
import { type Answer, plain, type RouteMaker } from "../route.ts";
import { runbookIndex, runbookPage } from "../runbook-page.ts";

const page = (body: string): Answer => ({ type: "text/html; charset=utf-8", body });

export const runbookList: RouteMaker = () => ({
  method: "GET",
  path: "/runbooks",
  answer: () => page(runbookIndex(runbooks().values())),
});

export const runbook: RouteMaker = () => ({
  method: "GET",
  path: "/runbooks/:alert",
  answer({ params: { alert = "" } }) {
    // Looked up among those that were read, never made into a path.
    const found = runbooks().get(alert);
    return found === undefined ? plain(404, "No such runbook; /runbooks lists them.") : page(runbookPage(found));
  },
});
