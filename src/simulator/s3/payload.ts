/** The bytes a PUT really carries: unwraps aws-chunked bodies and holds them against every checksum the caller sent. */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Incoming } from "../exchange.ts";
import { sha256 } from "./sigv4.ts";
import type { S3ErrorCode } from "./xml.ts";

export interface Payload {
  readonly bytes: Buffer;
  /** Header name and value of the checksum that held, to be handed back on GET. */
  readonly checksum: readonly [string, string] | undefined;
}

interface Unwrapped {
  readonly bytes: Buffer;
  readonly trailers: Readonly<Record<string, string>>;
}

/** `size-hex[;chunk-signature=…]\r\n bytes \r\n … 0\r\n trailers`; undefined when the framing is broken. */
export function unwrapAwsChunked(body: Buffer): Unwrapped | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.toString("latin1", at, Math.max(at, lineEnd)), 16);
    if (lineEnd < 0 || Number.isNaN(size)) return undefined;
    const start = lineEnd + 2;
    if (size === 0) return { bytes: Buffer.concat(parts), trailers: readTrailers(body.toString("latin1", start)) };
    if (start + size > body.length) return undefined;
    parts.push(body.subarray(start, start + size));
    at = start + size + 2;
  }
}

function readTrailers(text: string): Readonly<Record<string, string>> {
  const lines = text.split("\r\n").filter((line) => line.includes(":"));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
}

function crc32Base64(bytes: Buffer): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString("base64");
}

const digest = (algorithm: string) => (bytes: Buffer) => createHash(algorithm).update(bytes).digest("base64");

/** Checksums that can be verified with what Node has; CRC32 is the SDK's default. */
const CHECKSUMS: Readonly<Record<string, (bytes: Buffer) => string>> = {
  "content-md5": digest("md5"),
  "x-amz-checksum-crc32": crc32Base64,
  "x-amz-checksum-sha1": digest("sha1"),
  "x-amz-checksum-sha256": digest("sha256"),
};

export function readPayload({ headers, body }: Incoming): Payload | S3ErrorCode {
  const declared = headers["x-amz-content-sha256"] ?? "UNSIGNED-PAYLOAD";
  // Chunks that are signed one by one: the SDK for JavaScript never sends them.
  if (declared.startsWith("STREAMING-AWS4")) return "NotImplemented";
  const isChunked = declared === "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
  const unwrapped = isChunked ? unwrapAwsChunked(body) : { bytes: body, trailers: {} };
  if (unwrapped === undefined) return "IncompleteBody";
  if (!isChunked && declared !== "UNSIGNED-PAYLOAD" && declared !== sha256(body)) return "XAmzContentSHA256Mismatch";
  const sent = Object.entries({ ...headers, ...unwrapped.trailers }).filter(([name]) => name in CHECKSUMS);
  if (sent.some(([name, value]) => CHECKSUMS[name]?.(unwrapped.bytes) !== value)) return "BadDigest";
  return { bytes: unwrapped.bytes, checksum: sent.find(([name]) => name.startsWith("x-amz-checksum-")) };
}
