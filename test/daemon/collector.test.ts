import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { ProbeRecord } from "../../src/core/probe.ts";
import { createCollector } from "../../src/daemon/collector.ts";
import { createFakeClock } from "../support/fake-clock.ts";
import { aTarget } from "../support/targets.ts";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as NodeJS.GCFunction;
setFlagsFromString("--no-expose-gc");

const record: ProbeRecord = { target: aTarget(), outcome: { verdict: "skipped", cause: "stopping" }, startedAt: 0, durationSeconds: 0 };

/** Well below a nursery, or V8 would collect it by itself: which is why that is empty first. */
const LITTER_BYTES = 700_000;
const litter = (): void => void Array.from({ length: LITTER_BYTES / 80 }, (_, at) => ({ at, next: [at] }));

function world(running: { count: number }) {
  const clock = createFakeClock();
  gc({ type: "minor" });
  const sink = createCollector({ clock, busy: () => running.count > 0 });
  return {
    sink,
    clock,
    /** Whether what was left lying about is gone after it, and the time that it may take. */
    async collects(what: () => void): Promise<boolean> {
      const before = getHeapStatistics().used_heap_size;
      what();
      await clock.advance(100);
      return before - getHeapStatistics().used_heap_size > LITTER_BYTES / 2;
    },
  };
}

test("what runs left is collected once nothing runs, and only when it is worth it", async () => {
  const { sink, clock, collects } = world({ count: 0 });
  const end = (): void => sink.take(record);
  end();
  expect(clock.pending).toBe(0);
  litter();
  expect(await collects(() => undefined)).toBe(false);
  expect(await collects(end)).toBe(true);
  litter();
  expect(await collects(end)).toBe(true);
});

test("nothing is collected while something is measured: not when a run ends beside others, nor when one began meanwhile", async () => {
  const running = { count: 1 };
  const { sink, clock, collects } = world(running);
  litter();
  sink.take(record);
  expect(clock.pending).toBe(0);
  running.count = 0;
  const another = (): void => {
    sink.take(record);
    running.count = 1;
  };
  expect(await collects(another)).toBe(false);
  running.count = 0;
  expect(await collects(() => sink.take(record))).toBe(true);
});

test("V8's flags are as before: what is kept compiled fits the next start", async () => {
  const { sink, collects } = world({ count: 0 });
  litter();
  expect(await collects(() => sink.take(record))).toBe(true);
  expect(runInNewContext("typeof gc")).toBe("undefined");
});
