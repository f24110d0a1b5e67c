import type { Gate } from "../../core/probe.ts";

/** A target never overlaps itself: while a run of it goes on, the next one is refused. */
export const overlapGate = (running: { has(name: string): boolean }): Gate => ({
  refuse: (target) => (running.has(target.name) ? { cause: "overlap" } : undefined),
});
