import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { whole } from "../../src/web/blocks.ts";
import { pack } from "../../src/web/gzip.ts";

async function* each(pieces: readonly string[]): AsyncGenerator<string> {
  yield* pieces;
}

const MANY = [...Array(500).keys()].map((at) => `${at} Größe 大 ${"x".repeat(at % 700)}\n`);
test.each([
  ["nothing", []],
  ["a word", ["word"]],
  ["many pieces of all lengths and letters", MANY],
  ["a piece longer than what is packed at once", ["a", "大".repeat(100_000), "b"]],
  ["letters of four bytes, wherever the block ends", ["a", "😀".repeat(50_000)]],
])("%s comes out as it went in", async (_, pieces) => {
  expect((await whole(each(pieces))).toString()).toBe(pieces.join(""));
  expect(gunzipSync(await pack(each(pieces))).toString()).toBe(pieces.join(""));
});

test("a page that cannot be made is an error, not half a page", async () => {
  async function* broken(): AsyncGenerator<string> {
    yield "x".repeat(100_000);
    throw new Error("no more");
  }
  await expect(pack(broken())).rejects.toThrow("no more");
});
