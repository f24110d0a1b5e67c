/** The exposition page, in the text format 0.0.4. */
import { setImmediate as turn } from "node:timers/promises";
import type { Registry } from "prom-client";
import type { Clock } from "../base/clock.ts";
import type { Family } from "./family.ts";

/** Prometheus 3 refuses a page without it. */
export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

// A blocked loop is a wrong latency: no longer at a stretch than this, looked at after so many characters.
const STRETCH_MS = 0.25;
const PIECE = 8192;

/** Called between two pieces of work: gives the event loop a turn when a stretch is over. */
function breather(clock: Clock): () => Promise<void> {
  let since = clock.monotonic();
  return async () => {
    if (clock.monotonic() - since < STRETCH_MS) return;
    await turn();
    since = clock.monotonic();
  };
}

export interface Rendered {
  /** Each sets what is asked at every scrape. */
  readonly readings: Iterable<() => void>;
  /** prom-client's own metrics of the process. */
  readonly registry: Registry;
  readonly families: Iterable<Family>;
  readonly clock: Clock;
  onFault(): void;
  /** How long the page may become; a longer one costs a copy. */
  readonly expectedBytes: number;
}

/** Bytes one after the other, in one buffer from the start: to join a large page in the end would be a stretch of its own. */
function createBytes(expected: number): { add(text: string): void; all(): Buffer } {
  let buffer = Buffer.allocUnsafe(expected);
  let end = 0;
  return {
    add(text) {
      const atMost = end + 3 * text.length;
      if (atMost > buffer.length) buffer = Buffer.concat([buffer], Math.max(atMost, 2 * buffer.length));
      end += buffer.write(text, end);
    },
    all: () => buffer.subarray(0, end),
  };
}

/** Piece by piece. A metric that cannot be rendered is left out, for the rest of the page is true. */
export async function renderPage({ readings, registry, families, clock, onFault, expectedBytes }: Rendered): Promise<Buffer> {
  const breathe = breather(clock);
  for (const reading of readings) {
    reading();
    await breathe();
  }
  const page = createBytes(expectedBytes);
  for (const { name } of registry.getMetricsAsArray()) {
    try {
      page.add(`${await registry.getSingleMetricAsString(name)}\n\n`);
    } catch {
      onFault();
    }
    await breathe();
  }
  let piece = "";
  for (const family of families) {
    for (const text of family.text()) {
      piece += `${text}\n`;
      if (piece.length < PIECE) continue;
      page.add(piece);
      piece = "";
      await breathe();
    }
    // A blank line between metrics.
    piece += "\n";
  }
  page.add(piece.slice(0, -1));
  return page.all();
}
