/**
 * The garbage collector works between runs. V8 collects when its nursery is full, and it fills while something is measured: a millisecond or
 * three of somebody's latency. Asked once nothing runs it does the same for less, for hardly anything is alive then.
 */
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Clock } from "../base/clock.ts";
import type { Sink } from "../core/probe.ts";

export interface CollectorOptions {
  readonly clock: Clock;
  /** Something is being measured. */
  busy(): boolean;
}

// Less than V8 waits for: four fifths of a nursery that has a MiB at first.
const GARBAGE_BYTES = 512 * 1024;
// The latest run's connection closes a moment after its record; until then it counts as alive.
const CLOSES_MS = 2;

let gc: NodeJS.GCFunction | undefined;

/**
 * As `node --expose-gc` has it. With that flag from the beginning Node cannot use what it has compiled of itself, and a start takes 45 ms longer; and
 * left on, what we keep compiled (base/compiled.ts) would fit no start without it.
 */
function exposed(): NodeJS.GCFunction {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as NodeJS.GCFunction;
  setFlagsFromString("--no-expose-gc");
  return collect;
}

const usedBytes = (): number => getHeapStatistics().used_heap_size;

/** Hears of each run that ends, and collects what the latest ones left, if nothing runs by then. */
export function createCollector({ clock, busy }: CollectorOptions): Sink {
  let keptBytes = usedBytes();
  let waiting = false;
  const tidy = (): void => {
    waiting = false;
    if (busy()) return;
    gc ??= exposed();
    gc({ type: "minor" });
    keptBytes = usedBytes();
  };
  return {
    take() {
      if (waiting || busy()) return;
      const bytes = usedBytes();
      // V8 has collected itself meanwhile.
      keptBytes = Math.min(keptBytes, bytes);
      if (bytes - keptBytes < GARBAGE_BYTES) return;
      waiting = true;
      clock.after(CLOSES_MS, tidy);
    },
  };
}
