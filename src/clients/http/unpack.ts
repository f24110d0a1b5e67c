/** Bodies that were packed for the way. */
import type { IncomingMessage } from "node:http";
import { PassThrough, pipeline, type Readable } from "node:stream";

// "deflate" is zlib's format, and from many servers what is inside it: the first byte tells which (RFC 1950 §2.2: CM is 8).
const isBare = (first: Buffer): boolean => ((first[0] ?? 0) & 0x0f) !== 8;

/** Loaded by the first answer that is packed. */
const zlib = () => process.getBuiltinModule("node:zlib");

const UNPACKERS = {
  gzip: () => zlib().createUnzip(),
  deflate: (first: Buffer) => (isBare(first) ? zlib().createInflateRaw() : zlib().createUnzip()),
  br: () => zlib().createBrotliDecompress(),
  zstd: () => zlib().createZstdDecompress(),
} as const;

export const ACCEPT_ENCODING = Object.keys(UNPACKERS).join(", ");

const isKnown = (encoding: string): encoding is keyof typeof UNPACKERS => Object.hasOwn(UNPACKERS, encoding);

/** The body as it was before; the response itself where nothing is packed. No body at all is well packed in every way. */
export function unpacked(response: IncomingMessage): Readable {
  const encoding = (response.headers["content-encoding"] ?? "").toLowerCase();
  if (!isKnown(encoding)) return response;
  const whole = new PassThrough();
  const broken = (error: Error): void => void whole.destroy(error);
  response.once("error", broken);
  response.once("readable", () => {
    const first = response.read() as Buffer | null;
    if (first === null) {
      whole.end();
      return;
    }
    response.off("error", broken);
    response.unshift(first);
    // What breaks one breaks the last.
    pipeline(response, UNPACKERS[encoding](first), whole, () => undefined);
  });
  return whole;
}
