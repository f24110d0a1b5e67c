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

/** What the process tells of itself; a metric that cannot be rendered is left out, for the rest of the page is true. */
async function processText(registry: Registry, onFault: () => void): Promise<string[]> {
  const parts: string[] = [];
  for (const { name } of registry.getMetricsAsArray()) {
    try {
      parts.push(`${await registry.getSingleMetricAsString(name)}\n`);
    } catch {
      onFault();
    }
  }
  return parts;
}

export interface Rendered {
  /** prom-client's own metrics of the process. */
  readonly registry: Registry;
  readonly families: Iterable<Family>;
  readonly clock: Clock;
  onFault(): void;
}

/** Series by series, encoded piece by piece, with a turn of the event loop whenever a stretch is over. */
export async function renderPage({ registry, families, clock, onFault }: Rendered): Promise<Buffer> {
  const pieces = [Buffer.from((await processText(registry, onFault)).join("\n"))];
  await turn();
  let piece = "";
  let since = clock.monotonic();
  for (const family of families) {
    // A blank line between metrics.
    piece += "\n";
    for (const text of family.text()) {
      piece += `${text}\n`;
      if (piece.length < PIECE) continue;
      pieces.push(Buffer.from(piece));
      piece = "";
      if (clock.monotonic() - since < STRETCH_MS) continue;
      await turn();
      since = clock.monotonic();
    }
  }
  pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}
