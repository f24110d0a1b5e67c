import { expect, test } from "vitest";
import { oneLine, printable } from "../../src/base/printable.ts";

test.each([
  ["\u001b[31mred\u001b[0m", "\\u001b[31mred\\u001b[0m"],
  ["\u001b]0;title\u0007", "\\u001b]0;title\\u0007"],
  ["c1 \u009b2J", "c1 \\u009b2J"],
  ["\u202egnp.exe", "\\u202egnp.exe"],
  ["over\rwrite\b", "over\\u000dwrite\\u0008"],
])("%j cannot steer a terminal", (text, shown) => expect(printable(text)).toBe(shown));

test("lines, tabs and every script stay", () => expect(printable("héllo\t世界\n🌍 Привет")).toBe("héllo\t世界\n🌍 Привет"));

test("one line, of five hundred characters at most, however long the text", () => {
  expect(oneLine("  a\n b\t\tc  ")).toBe("a b c");
  const long = oneLine("x".repeat(5_000_000));
  expect(long).toHaveLength(501);
  expect(long.endsWith("…")).toBe(true);
});
