import fc from "fast-check";
import { expect, test } from "vitest";
import { Bytes } from "../../src/clients/http/bytes.ts";

test("what was pushed, in order and whole, whatever its sizes", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 9_000, size: "max" }), { maxLength: 12 }), (chunks) => {
      const bytes = new Bytes();
      for (const chunk of chunks) bytes.push(Buffer.from(chunk));
      expect(bytes.whole().equals(Buffer.concat(chunks))).toBe(true);
    }),
  );
});
