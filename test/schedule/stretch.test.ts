import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Consumer, DAY_SECONDS, shortestInterval } from "../../src/schedule/stretch.ts";

const used = (consumers: readonly Consumer[], interval: number): number =>
  consumers.reduce(
    (sum, { everySeconds, perRun, fixed }) => sum + (perRun * DAY_SECONDS) / (fixed ? everySeconds : Math.max(everySeconds, interval)),
    0,
  );
const seven: readonly Consumer[] = Array.from({ length: 7 }, () => ({ everySeconds: 300, perRun: 1 }));

describe("the interval", () => {
  test("nobody is slowed where there is room", () => expect(shortestInterval(seven, 7 * 288)).toBe(0));
  test("seven models, ten requests a day", () => expect(shortestInterval(seven, 10)).toBe(60_480));
  test("seven models, two hundred a day", () => expect(shortestInterval(seven, 200)).toBe(3_024));
  test("no room at all", () => expect(shortestInterval(seven, 0)).toBe(Number.POSITIVE_INFINITY));

  test("whoever is rare keeps its pace, the others share the rest", () => {
    const rare = { everySeconds: DAY_SECONDS, perRun: 1 };
    const interval = shortestInterval([rare, { everySeconds: 60, perRun: 1 }], 10);
    expect(interval).toBe(DAY_SECONDS / 9);
  });

  test("a cron target is counted, not stretched", () => {
    const hourly = { everySeconds: 3600, perRun: 1, fixed: true };
    expect(shortestInterval([hourly, { everySeconds: 60, perRun: 1 }], 34)).toBe(DAY_SECONDS / 10);
    expect(shortestInterval([hourly, { everySeconds: 60, perRun: 1 }], 20)).toBe(Number.POSITIVE_INFINITY);
  });

  test("it always fits, and is never longer than it must be", () => {
    const consumer = fc.record({
      everySeconds: fc.integer({ min: 1, max: 1_000_000 }),
      perRun: fc.double({ min: 1e-6, max: 10, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(consumer, { minLength: 1, maxLength: 30 }),
        fc.double({ min: 0.001, max: 5_000, noNaN: true }),
        (consumers, allowed) => {
          const interval = shortestInterval(consumers, allowed);
          expect(used(consumers, interval)).toBeLessThanOrEqual(allowed * (1 + 1e-9));
          if (interval > 0) expect(used(consumers, interval * 0.999)).toBeGreaterThan(allowed * (1 - 1e-9));
        },
      ),
    );
  });
});
