/** The exposition page, in the text format 0.0.4. */
import { setImmediate as turn } from "node:timers/promises";
import type { Registry } from "prom-client";
import { systemClock } from "../base/clock.ts";
import type { Family } from "./family.ts";

/** Prometheus 3 refuses a page without it. */
export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

// A blocked loop is a wrong latency: no longer at a stretch than this, looked at after so many characters.
const STRETCH_MS = 0.1;
const PIECE = 8192;
// And work beside a probe, however short, is time in its latency: a page waits while one runs, so long in all.
const PATIENCE_MS = 50;

/** Called between two pieces of work: gives the event loop a turn when a stretch is over, and probes the time to end. */
function breather(measured: Rendered["measured"], patienceMs = PATIENCE_MS): () => Promise<void> {
  const now = systemClock.monotonic;
  let since = now();
  let leftMs = patienceMs;
  return async () => {
    if (now() - since < STRETCH_MS) return;
    await turn();
    since = now();
    // Its end may begin the next one at once.
    for (let probe = measured(); probe !== undefined && leftMs > 0; probe = measured()) {
      await within(leftMs, probe);
      leftMs -= now() - since;
      since = now();
    }
  };
}

async function within(ms: number, event: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = systemClock.after(ms, resolve);
  await Promise.race([event, promise]);
  cancel();
}

export interface Rendered {
  /** Each sets what is asked at every scrape. */
  readonly readings: Iterable<() => void>;
  /** prom-client's own metrics of the process. */
  readonly registry: Registry;
  readonly families: Iterable<Family>;
  /** Resolves once no probe runs; undefined when none does. */
  measured(): Promise<void> | undefined;
  /** How long it waits for that, in all. */
  readonly patienceMs?: number;
  onFault(): void;
}

/** Piece by piece, so that it need not be held as a whole. A metric that cannot be rendered is left out, for the rest of the page is true. */
export async function* renderPage({ readings, registry, families, measured, patienceMs, onFault }: Rendered): AsyncGenerator<string> {
  const breathe = breather(measured, patienceMs);
  for (const reading of readings) {
    reading();
    await breathe();
  }
  let piece = "";
  for (const { name } of registry.getMetricsAsArray()) {
    try {
      piece += `${await registry.getSingleMetricAsString(name)}\n\n`;
    } catch {
      onFault();
    }
    await breathe();
  }
  for (const family of families) {
    for (const text of family.text()) {
      piece += `${text}\n`;
      if (piece.length < PIECE) continue;
      yield piece;
      piece = "";
      await breathe();
    }
    // A blank line between metrics.
    piece += "\n";
  }
  yield piece.slice(0, -1);
}
