/** Sees the main colour of a small PNG, so that a vision probe gets an answer which depends on its picture. */
import { inflateSync } from "node:zlib";

const SIGNATURE = "89504e470d0a1a0a";
// Header chunk: 8 signature, 4 length, 4 type, then width, height, depth, colour type.
const RGB = 2;
const RGBA = 6;

/** The bytes of the first scanline on, filter byte included, or undefined for another kind of picture. */
function scanlines(png: Buffer): Buffer | undefined {
  const colourType = png[25];
  if (png.subarray(0, 8).toString("hex") !== SIGNATURE || png[24] !== 8 || (colourType !== RGB && colourType !== RGBA)) return undefined;
  const compressed: Buffer[] = [];
  for (let at = 8; at + 12 <= png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") compressed.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  return inflateSync(Buffer.concat(compressed));
}

const PALETTE: readonly (readonly [string, number, number, number])[] = [
  ["red", 255, 0, 0],
  ["green", 0, 160, 0],
  ["blue", 0, 0, 255],
  ["yellow", 255, 255, 0],
  ["orange", 255, 140, 0],
  ["purple", 128, 0, 160],
  ["white", 255, 255, 255],
  ["black", 0, 0, 0],
  ["gray", 128, 128, 128],
];

/** The colour's name, from the first pixel (a probe's picture is of one colour); undefined when the URL holds no such PNG. */
export function colourOf(dataUrl: string): string | undefined {
  const [, base64] = /^data:image\/png;base64,(.+)$/s.exec(dataUrl) ?? [];
  if (base64 === undefined) return undefined;
  try {
    const lines = scanlines(Buffer.from(base64, "base64"));
    if (lines === undefined || lines.length < 4) return undefined;
    // Every PNG filter leaves the first pixel of the first line as it is, for its neighbours count as zero.
    const [red = 0, green = 0, blue = 0] = lines.subarray(1);
    const distance = ([, r, g, b]: (typeof PALETTE)[number]): number => (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
    return PALETTE.toSorted((one, other) => distance(one) - distance(other))[0]?.[0];
  } catch {
    return undefined;
  }
}
