import type { Clock } from "../base/clock.ts";

/** Lets `burst` pass at once, and one more after each `intervalSeconds`. */
export function createTokenBucket(clock: Clock, { intervalSeconds, burst }: { intervalSeconds: number; burst: number }): () => boolean {
  let tokens = burst;
  let at = clock.monotonic();
  return () => {
    const now = clock.monotonic();
    tokens = Math.min(burst, tokens + (now - at) / 1000 / intervalSeconds);
    at = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
