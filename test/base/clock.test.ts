import { expect, test } from "vitest";
import { deadline } from "../../src/base/clock.ts";
import { createFakeClock } from "../support/fake-clock.ts";

function begin(ms: number) {
  const clock = createFakeClock();
  let over = 0;
  const cancel = deadline(clock, ms, () => {
    over += 1;
  });
  return { clock, cancel, over: () => over };
}

test("a deadline that comes in time is one", async () => {
  const { clock, over } = begin(1000);
  await clock.advance(999);
  expect(over()).toBe(0);
  await clock.advance(1);
  expect(over()).toBe(1);
  expect(clock.pending).toBe(0);
});

test("one that comes late, for the process stood still, leaves a second to read what came meanwhile, and no more", async () => {
  const { clock, over } = begin(1000);
  clock.freeze(5000);
  await clock.advance(999);
  expect(over()).toBe(0);
  await clock.advance(1);
  expect(over()).toBe(1);
});

test.each([0, 5000])("once cancelled it never comes, after a standstill of %d ms", async (ms) => {
  const { clock, cancel, over } = begin(1000);
  clock.freeze(ms);
  await clock.advance(500);
  cancel();
  expect(clock.pending).toBe(0);
  await clock.advance(10_000);
  expect(over()).toBe(0);
});
