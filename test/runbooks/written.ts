/** The runbooks as they are written, and what stands in them: for the tests that hold them to what is true. */
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Block, type Inline, parseMarkdown } from "../../src/runbooks/markdown.ts";

export const FOLDER = resolve(import.meta.dirname, "../../docs/runbooks");

export interface Written {
  readonly name: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

export const everything: readonly Written[] = readdirSync(FOLDER)
  .toSorted()
  .map((file) => {
    const text = readFileSync(resolve(FOLDER, file), "utf8");
    return { name: file.replace(/\.md$/, ""), text, blocks: parseMarkdown(text) };
  });
/** One for each alert. */
export const written = everything.filter(({ name }) => name !== "README");

const flat = (inline: readonly Inline[]): readonly Inline[] => inline.flatMap((one) => (one.is === "strong" ? flat(one.inner) : [one]));

export function inlines(blocks: readonly Block[]): readonly Inline[] {
  return blocks.flatMap((block) => {
    if (block.is === "code") return [];
    return block.is === "list" ? block.items.flatMap(flat) : flat(block.inline);
  });
}

export const codeBlocks = (blocks: readonly Block[], language: string): readonly string[] =>
  blocks.flatMap((block) => (block.is === "code" && block.language === language ? [block.text] : []));

/** Lines that a reader would run: whole blocks of shell, and code in a sentence. */
export function shellLines({ blocks }: Written): readonly string[] {
  const inSentences = inlines(blocks).flatMap((one) => (one.is === "code" ? [one.text] : []));
  return [...codeBlocks(blocks, "sh").flatMap((text) => text.split("\n")), ...inSentences];
}

/** Chapters by their title, in order. */
export function chapters({ blocks }: Written): ReadonlyMap<string, readonly Block[]> {
  const found = new Map<string, Block[]>();
  let current: Block[] = [];
  for (const block of blocks) {
    if (block.is === "heading" && block.level === 2) {
      current = [];
      found.set(block.inline.map((one) => (one.is === "text" ? one.text : "")).join(""), current);
    } else current.push(block);
  }
  return found;
}
