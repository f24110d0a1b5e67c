import { json } from "../exchange.ts";
import type { Fault } from "./fault.ts";

export const appFaults = {
  app: {
    service: "app",
    description: "The application itself is broken: 500 although all it needs is there",
    answer: () => json(500, { status: "error", detail: "Internal Server Error" }),
  },
  app_body: {
    service: "app",
    description: "The application answers 200 with a body that does not say ok",
    answer: () => json(200, { status: "starting" }),
  },
} as const satisfies Readonly<Record<string, Fault>>;
