import type { Clock } from "../../src/base/clock.ts";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /**
   * Moves on, firing what falls due, in order, each at its own time; promises settle in between.
   * With `settled`, time stands still until it holds: real requests take no time of this clock.
   */
  advance(ms: number, settled?: () => boolean): Promise<void>;
  /** The wall clock jumps (NTP, an operator); the monotonic one does not. */
  jump(ms: number): void;
  /** Time passes while the process does not run: nothing fires until the next `advance`. */
  freeze(ms: number): void;
  readonly pending: number;
}

export function createFakeClock(wallStart = Date.UTC(2026, 10, 23, 12)): FakeClock {
  let now = 1000;
  let offset = wallStart - now;
  const timers = new Set<Timer>();
  const next = (until: number): Timer | undefined =>
    [...timers]
      .filter(({ at }) => at <= until)
      .reduce<Timer | undefined>((first, one) => (first === undefined || one.at < first.at ? one : first), undefined);
  return {
    monotonic: () => now,
    wall: () => now + offset,
    after(ms, callback) {
      const timer = { at: now + Math.max(0, ms), callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms, settled = () => true) {
      const until = now + ms;
      for (let timer = next(until); timer !== undefined; timer = next(until)) {
        now = Math.max(now, timer.at);
        timers.delete(timer);
        timer.callback();
        do await new Promise(setImmediate);
        while (!settled());
      }
      now = Math.max(now, until);
    },
    jump(ms) {
      offset += ms;
    },
    freeze(ms) {
      now += ms;
    },
    get pending() {
      return timers.size;
    },
  };
}
