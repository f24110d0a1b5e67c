import fc from "fast-check";
import { expect, test } from "vitest";
import { createSseReader, type SseItem } from "../../src/clients/openrouter/sse.ts";

const STREAM = ': OPENROUTER PROCESSING\n\ndata: {"a":"héllo 🌍"}\n\nevent: x\nid: 1\ndata:one\ndata: two\n\ndata: [DONE]\n\n';
const ITEMS: readonly SseItem[] = [
  { type: "comment" },
  { type: "data", text: '{"a":"héllo 🌍"}' },
  { type: "data", text: "one\ntwo" },
  { type: "data", text: "[DONE]" },
];

function read(chunks: readonly Uint8Array[]): SseItem[] {
  const reader = createSseReader();
  return [...chunks.flatMap((chunk) => [...(reader.push(chunk) ?? [])]), ...reader.end()];
}

/** Cuts the bytes at every given place. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...[...new Set(places.map((place) => place % bytes.length))].sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index] ?? 0, end));
}

test.each([
  ["LF", STREAM],
  ["CRLF", STREAM.replaceAll("\n", "\r\n")],
  ["CR", STREAM.replaceAll("\n", "\r")],
  ["a byte order mark", `\uFEFF${STREAM}`],
  ["no last newline", STREAM.trimEnd()],
])("%s, cut anywhere, gives the same items", (_, text) => {
  const bytes = Buffer.from(text);
  expect(read([bytes])).toEqual(ITEMS);
  expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(ITEMS);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (places) => {
      expect(read(cut(bytes, places))).toEqual(ITEMS);
    }),
  );
});

test("a line that is no field is told apart", () => {
  expect(read([Buffer.from("<html>\n<body>\n")])).toEqual([
    { type: "other", line: "<html>" },
    { type: "other", line: "<body>" },
  ]);
});

test("memory is bounded: an endless line, and an endless event, end the reading", () => {
  const line = createSseReader();
  const event = createSseReader();
  const ended = (reader: ReturnType<typeof createSseReader>, chunk: Buffer): boolean =>
    Array.from({ length: 40 }, () => reader.push(chunk)).includes(undefined);
  expect(ended(line, Buffer.alloc(64 * 1024, 0x61))).toBe(true);
  expect(ended(event, Buffer.from(`data: ${"a".repeat(64 * 1024)}\n`))).toBe(true);
});

test("any bytes at all are read without a throw", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (chunks) => read(chunks).length >= 0),
    { numRuns: 500 },
  );
});
