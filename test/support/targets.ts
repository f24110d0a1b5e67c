import type { Target } from "../../src/core/probe.ts";

/** A target with everything that a test does not care about filled in. */
export const aTarget = (over: Partial<Target> = {}): Target => ({
  kind: "app",
  name: "frontend",
  every: { seconds: 60 },
  timeoutSeconds: 10,
  needs: [],
  ...over,
});
