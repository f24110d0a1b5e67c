import { whole } from "../blocks.ts";
import { acceptsGzip, pack } from "../gzip.ts";
import type { RouteMaker } from "../route.ts";

/** While one is being made, whoever asks gets the same: fifty scrapes at once cost what one costs, in time and in memory. */
function shared<T>(make: () => Promise<T>): () => Promise<T> {
  let making: Promise<T> | undefined;
  return () => {
    making ??= make().finally(() => {
      making = undefined;
    });
    return making;
  };
}

export const metrics: RouteMaker = ({ metrics: { render, contentType } }) => {
  const page = shared(() => whole(render()));
  const packed = shared(() => pack(render()));
  return {
    method: "GET",
    path: "/metrics",
    async answer(ask) {
      const vary = { vary: "Accept-Encoding" };
      return acceptsGzip(ask.header("accept-encoding"))
        ? { type: contentType, body: await packed(), headers: { ...vary, "content-encoding": "gzip" } }
        : { type: contentType, body: await page(), headers: vary };
    },
  };
};
