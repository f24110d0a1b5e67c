/** The three questions an orchestrator asks: does the process answer, has it looked at everything once, is it still looking. */
import type { Standing } from "../options.ts";
import { type Answer, plain, type RouteMaker } from "../route.ts";

const told = (standing: Standing, good: string, bad: string): Answer =>
  standing.ok ? plain(200, good) : plain(503, standing.why === undefined ? bad : `${bad}: ${standing.why}`);

export const healthy: RouteMaker = () => ({ method: "GET", path: "/-/healthy", answer: () => plain(200, "Healthy") });

export const ready: RouteMaker = (options) => ({
  method: "GET",
  path: "/-/ready",
  answer: () => told(options.ready(), "Ready", "Not ready"),
});

export const livez: RouteMaker = (options) => ({
  method: "GET",
  path: "/livez",
  answer: () => told(options.alive(), "Alive", "Probing has stopped"),
});
