import { acceptsGzip, pack } from "../gzip.ts";
import type { RouteMaker } from "../route.ts";

export const metrics: RouteMaker = ({ metrics: { render, contentType } }) => ({
  method: "GET",
  path: "/metrics",
  async answer(ask) {
    const page = await render();
    const vary = { vary: "Accept-Encoding" };
    return acceptsGzip(ask.header("accept-encoding"))
      ? { type: contentType, body: await pack(page), headers: { ...vary, "content-encoding": "gzip" } }
      : { type: contentType, body: page, headers: vary };
  },
});
