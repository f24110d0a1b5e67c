/** What runs cost by their answers' own word: a price that is not true, or 0, must not empty an account. */
import type { Evidence } from "../core/outcome.ts";
import type { Planned, Spend } from "../core/probe.ts";

export interface Costs {
  /** As estimated, or as its latest answer cost where that was more. */
  of(planned: Planned | undefined): Spend | undefined;
  /** What this run cost, in USD; undefined when its answer told neither that nor its tokens, and the estimate stands. What was refused cost nothing. */
  learn(planned: Planned | undefined, seen: Pick<Evidence, "statusCode" | "via" | "completion">): number | undefined;
  forget(target: string): void;
}

export function createCosts(): Costs {
  const latest = new Map<string, number>();
  return {
    of(planned) {
      const estimate = planned?.spend?.();
      if (planned === undefined || estimate === undefined) return undefined;
      const usd = Math.max(estimate.usd, latest.get(planned.target.name) ?? 0);
      return usd === estimate.usd ? estimate : { ...estimate, usd };
    },
    learn(planned, { statusCode, via, completion = {} }) {
      if (via === "header" && statusCode >= 400 && statusCode < 500) return 0;
      const { costUsd, inputTokens, outputTokens } = completion;
      const spend = planned?.spend?.();
      const byTokens =
        spend === undefined || inputTokens === undefined
          ? undefined
          : inputTokens * spend.usdPerToken.input + (outputTokens ?? 0) * spend.usdPerToken.output;
      const usd = costUsd ?? byTokens;
      if (planned !== undefined && usd !== undefined) latest.set(planned.target.name, usd);
      return usd;
    },
    forget: (target) => void latest.delete(target),
  };
}
