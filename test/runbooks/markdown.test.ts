import { expect, test } from "vitest";
import { type Block, parseMarkdown, plainText } from "../../src/runbooks/markdown.ts";

const shape = (markdown: string): string[] => parseMarkdown(markdown).map(({ is }) => is);

test("headings, paragraphs, lists and code, with or without blank lines after a heading", () => {
  const markdown = "# One\n\n## Two\nText over\ntwo lines.\n\n- a\n- b\n  goes on\n\n```sh\nls -l\n\n# no heading\n```\n";
  expect(parseMarkdown(markdown)).toEqual([
    { is: "heading", level: 1, inline: [{ is: "text", text: "One" }] },
    { is: "heading", level: 2, inline: [{ is: "text", text: "Two" }] },
    { is: "paragraph", inline: [{ is: "text", text: "Text over two lines." }] },
    { is: "list", start: undefined, items: [[{ is: "text", text: "a" }], [{ is: "text", text: "b goes on" }]] },
    { is: "code", language: "sh", text: "ls -l\n\n# no heading" },
  ]);
});

test("a numbered list goes on after the code between two steps", () => {
  const blocks = parseMarkdown("1. first\n2. second\n\n```sh\nls\n```\n\n3. third\n");
  expect(blocks.map((block) => (block.is === "list" ? block.start : block.is))).toEqual([1, "code", 3]);
});

test("code, strong words and links inside of sentences", () => {
  const [paragraph] = parseMarkdown("Run `a **b** [c](d)`, **or `e`** see [f](https://g.example/h?i=1&j=2).");
  expect(paragraph).toEqual({
    is: "paragraph",
    inline: [
      { is: "text", text: "Run " },
      { is: "code", text: "a **b** [c](d)" },
      { is: "text", text: ", " },
      {
        is: "strong",
        inner: [
          { is: "text", text: "or " },
          { is: "code", text: "e" },
        ],
      },
      { is: "text", text: " see " },
      { is: "link", text: "f", href: "https://g.example/h?i=1&j=2" },
      { is: "text", text: "." },
    ],
  } satisfies Block);
  expect(paragraph?.is === "paragraph" && plainText(paragraph.inline)).toBe("Run a **b** [c](d), or e see f.");
});

test("what is not finished, and what is not known, is text", () => {
  expect(shape("```sh\nno end")).toEqual(["paragraph"]);
  expect(parseMarkdown("a * b ** c ` d [e](f g) <b>h</b>")).toEqual([
    { is: "paragraph", inline: [{ is: "text", text: "a * b ** c ` d [e](f g) <b>h</b>" }] },
  ]);
  expect(parseMarkdown("")).toEqual([]);
  expect(parseMarkdown(" \n\n\t\n")).toEqual([]);
  expect(shape("#no\n\n1.no\n\n-no")).toEqual(["paragraph", "paragraph", "paragraph"]);
});

test("line ends of Windows", () => {
  expect(parseMarkdown("# A\r\n\r\n```sh\r\nls\r\npwd\r\n```\r\n")).toEqual([
    { is: "heading", level: 1, inline: [{ is: "text", text: "A" }] },
    { is: "code", language: "sh", text: "ls\npwd" },
  ]);
});
