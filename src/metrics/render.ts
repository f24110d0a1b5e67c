/** The exposition page, in the text format 0.0.4. */
import { setImmediate as turn } from "node:timers/promises";
import type { Registry } from "prom-client";
import { pause, systemClock } from "../base/clock.ts";
import type { Family } from "./family.ts";

/** Prometheus 3 refuses a page without it. */
export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

// A blocked loop is a wrong latency: no longer at a stretch than this, looked at after so many characters.
const STRETCH_MS = 0.1;
const PIECE = 8192;
// And work beside a probe, however short, is time in its latency: a page waits while one runs, so long in all.
const PATIENCE_MS = 50;
const LOOK_MS = 1;

/** Called between two pieces of work: gives the event loop a turn when a stretch is over, and probes the time to end. */
function breather(measuring: () => boolean): () => Promise<void> {
  const now = systemClock.monotonic;
  let since = now();
  let patienceMs = PATIENCE_MS;
  return async () => {
    if (now() - since < STRETCH_MS) return;
    await turn();
    since = now();
    while (patienceMs > 0 && measuring()) {
      await pause(systemClock, LOOK_MS);
      patienceMs -= now() - since;
      since = now();
    }
  };
}

export interface Rendered {
  /** Each sets what is asked at every scrape. */
  readonly readings: Iterable<() => void>;
  /** prom-client's own metrics of the process. */
  readonly registry: Registry;
  readonly families: Iterable<Family>;
  /** Some probe runs. */
  measuring(): boolean;
  onFault(): void;
}

/** Piece by piece, so that it need not be held as a whole. A metric that cannot be rendered is left out, for the rest of the page is true. */
export async function* renderPage({ readings, registry, families, measuring, onFault }: Rendered): AsyncGenerator<string> {
  const breathe = breather(measuring);
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
