/** Content negotiation and packing of a large page. */
import { once } from "node:events";
import { inBlocks, newBlock } from "./blocks.ts";

// Level 1 packs a megabyte of exposition to a twentieth in 5 ms; more effort gains little.
const LEVEL = 1;

/**
 * Packs off the event loop while the next pieces are made. The page never stands in memory as a whole: a megabyte at each scrape, free only
 * when the garbage collector comes by, was a tenth of a small daemon's memory.
 */
export async function pack(pieces: AsyncIterable<string>): Promise<Buffer> {
  // Loaded by the first who asks for it packed.
  const gzip = process.getBuiltinModule("node:zlib").createGzip({ level: LEVEL });
  const packed: Buffer[] = [];
  gzip.on("data", (part: Buffer) => packed.push(part));
  const ended = once(gzip, "end");
  // One is filled while the other is packed.
  const blocks = [newBlock(), newBlock()] as const;
  let filled = 0;
  let ready: Promise<unknown> | undefined;
  for await (const block of inBlocks(pieces, () => (filled++ % 2 === 0 ? blocks[0] : blocks[1]))) {
    await ready;
    ready = new Promise((done) => gzip.write(block, done));
  }
  gzip.end();
  await ended;
  return Buffer.concat(packed);
}

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
