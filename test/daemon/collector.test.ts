import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { ProbeRecord } from "../../src/core/probe.ts";
import { createCollector } from "../../src/daemon/collector.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { aTarget } from "../support/targets.ts";

setFlagsFromString("--expose-gc");
const v8 = runInNewContext("gc") as NodeJS.GCFunction;
setFlagsFromString("--no-expose-gc");

const record: ProbeRecord = { target: aTarget(), outcome: { verdict: "skipped", cause: "stopping" }, startedAt: 0, durationSeconds: 0 };

/** What it is asked and what it freed, each time. */
function world(running: { count: number }) {
  const asked: { readonly how: unknown; readonly freedBytes: number }[] = [];
  const collect = ((how?: NodeJS.GCOptions) => {
    const before = getHeapStatistics().used_heap_size;
    v8(how as never);
    asked.push({ how, freedBytes: before - getHeapStatistics().used_heap_size });
  }) as NodeJS.GCFunction;
  const clock = createFakeClock();
  v8({ type: "minor" } as never);
  return { clock, asked, sink: createCollector({ clock, busy: () => running.count > 0, collect }) };
}

/** Well below a nursery, or V8 would collect it by itself. */
const litter = (bytes: number): void => void Array.from({ length: bytes / 80 }, (_, at) => ({ at, next: [at] }));

test("what runs left is collected once nothing runs, and only when it is worth it", async () => {
  const running = { count: 0 };
  const { clock, asked, sink } = world(running);
  sink.take(record);
  await clock.advance(100);
  expect(asked).toEqual([]);
  litter(700_000);
  sink.take(record);
  sink.take(record);
  expect(asked).toEqual([]);
  await clock.advance(100);
  expect(asked).toMatchObject([{ how: { type: "minor" } }]);
  expect(asked[0]?.freedBytes).toBeGreaterThan(300_000);
  sink.take(record);
  await clock.advance(100);
  expect(asked).toHaveLength(1);
});

test("nothing is collected while something is measured: not when a run ends beside others, nor when one began meanwhile", async () => {
  const running = { count: 1 };
  const { clock, asked, sink } = world(running);
  litter(700_000);
  sink.take(record);
  await clock.advance(100);
  running.count = 0;
  sink.take(record);
  running.count = 1;
  await clock.advance(100);
  expect(asked).toEqual([]);
  running.count = 0;
  sink.take(record);
  await clock.advance(100);
  expect(asked).toHaveLength(1);
});

test("V8 does it without being started for it, and its flags are as before", async () => {
  const clock = createFakeClock();
  const sink = createCollector({ clock, busy: () => false });
  litter(700_000);
  const before = getHeapStatistics().used_heap_size;
  sink.take(record);
  await clock.advance(100);
  expect(before - getHeapStatistics().used_heap_size).toBeGreaterThan(300_000);
  expect(runInNewContext("typeof gc")).toBe("undefined");
});
