import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { alertNames } from "../../src/mixin/alerts.ts";
import { linkedAlert, readRunbooks } from "../../src/runbooks/library.ts";
import { type Block, plainText } from "../../src/runbooks/markdown.ts";
import { chapters, codeBlocks, everything, FOLDER, inlines, written } from "./written.ts";

const CHAPTERS = ["What it means", "See it", "Causes", "Mend", "Silence"];

const steps = (blocks: readonly Block[]): readonly string[] => {
  const lists = blocks.filter((block) => block.is === "list");
  expect(lists.map(({ start }) => start)).toEqual([1]);
  return lists.flatMap(({ items }) => items.map(plainText));
};
const sentences = (text: string): string[] => text.split(/(?<=[.:?])\s+/).filter((one) => one !== "");

test("every alert has a runbook, and every runbook an alert", () => {
  expect(written.map(({ name }) => name)).toEqual([...alertNames].toSorted());
});

describe.each(written)("$name", (book) => {
  const parts = chapters(book);
  const part = (title: string): readonly Block[] => parts.get(title) ?? [];

  test("has its name above, and the chapters of all", () => {
    const [title] = book.blocks;
    expect(title).toEqual({ is: "heading", level: 1, inline: [{ is: "text", text: book.name }] });
    expect([...parts.keys()]).toEqual(CHAPTERS);
  });

  test("says in two to four sentences what it means, and in a short one first", () => {
    const blocks = part("What it means");
    expect(blocks.map(({ is }) => is)).toEqual(["paragraph"]);
    const [paragraph] = blocks;
    const said = sentences(paragraph?.is === "paragraph" ? plainText(paragraph.inline) : "");
    expect(said.length).toBeGreaterThanOrEqual(2);
    expect(said.length).toBeLessThanOrEqual(7);
    expect((said[0] ?? "").length).toBeLessThanOrEqual(100);
  });

  test("shows how to see it, in the shell and in Prometheus", () => {
    expect(codeBlocks(part("See it"), "sh").join("\n")).toMatch(/^llm-healthd /m);
    expect(codeBlocks(part("See it"), "promql").length).toBeGreaterThan(0);
  });

  test("has causes, each with how to tell it", () => {
    const lists = part("Causes").filter((block) => block.is === "list");
    for (const { items } of lists) for (const [first] of items) expect(first?.is).toBe("strong");
    const causes = steps(part("Causes"));
    expect(causes.length).toBeGreaterThanOrEqual(2);
    // What is in bold is the cause; the rest is its sign.
    for (const item of lists.flatMap(({ items }) => items)) expect(plainText(item.slice(1)).length).toBeGreaterThan(25);
  });

  test("has steps that mend it", () => {
    expect(steps(part("Mend")).length).toBeGreaterThanOrEqual(3);
  });

  test("says when to silence it, and how", () => {
    expect(part("Silence").map(({ is }) => is)).toEqual(["paragraph", "code"]);
    const [command = ""] = codeBlocks(part("Silence"), "sh");
    if (book.name === "Watchdog") expect(command).not.toContain("silence add");
    else
      expect(command).toMatch(
        new RegExp(`^amtool silence add alertname=${book.name}(?: \\w+=[\\w.]+)* --duration=\\d+[mhd] --comment="[^"]+"$`),
      );
  });

  test("can be read in one go", () => {
    expect(book.text.split("\n").length).toBeLessThanOrEqual(80);
    expect(book.text).toMatch(/[^\n]\n$/);
  });
});

test("a package without its docs has no runbooks, and goes on", () => {
  expect(readRunbooks(pathToFileURL("/nowhere/at/all/"))).toEqual(new Map());
  expect([...readRunbooks(pathToFileURL(`${FOLDER}/`)).keys()]).toEqual(written.map(({ name }) => name));
});

test("only Markdown that both renderers know", () => {
  const strange = everything.flatMap(({ name, text }) => {
    const prose = text.replaceAll(/^```\w*\n[\s\S]*?\n```$/gm, "").replaceAll(/`[^`]*`/g, "");
    return [...prose.matchAll(/^\s*```.*|^\s*\|.*|^>.*|^#{4,}.*|<\/?[a-z].*|^ +(?:-|\d+\.) .*|!\[|&\w+;|__/gm)].map(
      ([found]) => `${name}: ${found}`,
    );
  });
  expect(strange).toEqual([]);
});

test("links lead to a runbook or to a page on the web", () => {
  const links = everything.flatMap(({ blocks }) => inlines(blocks).flatMap((one) => (one.is === "link" ? [one.href] : [])));
  expect(links.length).toBeGreaterThan(30);
  const names: readonly string[] = alertNames;
  const broken = links.filter((href) => !href.startsWith("https://") && !names.includes(linkedAlert(href) ?? ""));
  expect(broken).toEqual([]);
});

test("what is common stands in one place, not in each", () => {
  const places = new Map<string, string[]>();
  for (const { name, blocks } of everything) {
    const prose = blocks.flatMap((block) => {
      if (block.is === "paragraph") return [plainText(block.inline)];
      return block.is === "list" ? block.items.map(plainText) : [];
    });
    for (const sentence of prose.flatMap(sentences)) {
      if (sentence.length >= 50) places.set(sentence, [...(places.get(sentence) ?? []), name]);
    }
  }
  expect([...places].filter(([, names]) => names.length > 1)).toEqual([]);
});
