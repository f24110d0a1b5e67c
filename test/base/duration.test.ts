import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "../../src/base/duration.ts";

test.each([
  ["90s", 90],
  ["5m", 300],
  ["1h30m", 5400],
  ["30d", 2_592_000],
  ["1.5h", 5400],
  ["250ms", 0.25],
])("%s is %d seconds", (text, seconds) => expect(parseDuration(text)).toBe(seconds));

test.each(["", "5", "5 m", "m", "-5m", "5x", "five minutes", "*/5 * * * *"])("%j is no duration", (text) =>
  expect(parseDuration(text)).toBeUndefined(),
);

test("what is formatted parses back to the same number of seconds", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 10_000_000 }), (seconds) => parseDuration(formatDuration(seconds)) === seconds));
});
