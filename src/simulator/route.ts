import type { Aim, Incoming, Reply } from "./exchange.ts";
import type { Views } from "./faults/views.ts";

/** Where a request leads, known before anything is answered so that faults can be matched against it. */
export interface Route extends Aim {
  reply(views: Views): Reply | Promise<Reply>;
}

export type Router = (request: Incoming) => Route;
