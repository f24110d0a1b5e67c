import { runbooks } from "../../runbooks/library.ts";
import { pageAnswer } from "../page.ts";
import { type Answer, plain, type RouteMaker } from "../route.ts";
import { runbookIndex, runbookPage } from "../runbook-page.ts";

const NO_SUCH = plain(404, "No such runbook; /runbooks lists them.");

export const runbookList: RouteMaker = () => ({
  method: "GET",
  path: "/runbooks",
  answer: () => pageAnswer(runbookIndex(runbooks().values())),
});

/** To the same path without its last slash; relative, for a proxy may serve us below a path of its own. */
const withoutSlash = (location: string): Answer => ({ ...plain(308, "Without the slash."), headers: { location } });

export const runbookListSlash: RouteMaker = () => ({
  method: "GET",
  path: "/runbooks/",
  answer: () => withoutSlash("../runbooks"),
});

export const runbookSlash: RouteMaker = () => ({
  method: "GET",
  path: "/runbooks/:alert/",
  answer: ({ params: { alert = "" } }) => (runbooks().has(alert) ? withoutSlash(`../${alert}`) : NO_SUCH),
});

export const runbook: RouteMaker = () => ({
  method: "GET",
  path: "/runbooks/:alert",
  answer({ params: { alert = "" } }) {
    // Looked up among those that were read, never made into a path.
    const found = runbooks().get(alert);
    return found === undefined ? NO_SUCH : pageAnswer(runbookPage(found));
  },
});
