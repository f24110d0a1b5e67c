/** Markdown for a terminal: wrapped, indented, with a little colour where there is any. */
import { stripVTControlCharacters } from "node:util";
import { linkedAlert } from "../runbooks/library.ts";
import type { Block, Inline } from "../runbooks/markdown.ts";
import { type Io, paint } from "./io.ts";

type Screen = Pick<Io, "colour" | "columns">;

/** Longer lines are hard to read, however wide the window is. */
const WIDEST = 92;
const USUAL = 80;
const NARROWEST = 40;
const HELD = "\u00a0";

const width = (text: string): number => stripVTControlCharacters(text).length;

/** Words are kept whole, and so is code, for people copy it. `hang`: what stands before the first line; the others are indented as far. */
function wrap(text: string, { columns }: Screen, hang = ""): string {
  const most = Math.max(NARROWEST, Math.min(columns || USUAL, WIDEST)) - width(hang);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && width(line) + 1 + width(word) > most) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line]
    .map((one, at) => (at === 0 ? hang : " ".repeat(width(hang))) + one)
    .join("\n")
    .replaceAll(HELD, " ");
}

function inlineText(inline: readonly Inline[], screen: Screen): string {
  const print = (one: Inline): string => {
    if (one.is === "text") return one.text;
    if (one.is === "strong") return paint(screen, "bold", inlineText(one.inner, screen));
    // Without colour the ticks stay: they say where the command ends.
    if (one.is === "code") return paint(screen, "cyan", (screen.colour ? one.text : `\`${one.text}\``).replaceAll(" ", HELD));
    if (linkedAlert(one.href) !== undefined) return paint(screen, "bold", one.text);
    return one.href.endsWith(one.text) ? one.href : `${one.text} (${one.href})`;
  };
  return inline.map(print).join("");
}

function blockText(block: Block, screen: Screen): string {
  switch (block.is) {
    case "heading": {
      const title = inlineText(block.inline, screen);
      return paint(screen, "bold", block.level === 1 ? title : title.toUpperCase());
    }
    case "paragraph":
      return wrap(inlineText(block.inline, screen), screen);
    case "list": {
      const { start, items } = block;
      return items
        .map((item, at) => wrap(inlineText(item, screen), screen, start === undefined ? "  • " : `${String(start + at).padStart(3)}. `))
        .join("\n");
    }
    case "code":
      // A comment in PromQL too, so it may be copied along.
      return (block.language === "promql" ? `# PromQL\n${block.text}` : block.text)
        .split("\n")
        .map((line) => (line === "" ? "" : `    ${paint(screen, "cyan", line)}`))
        .join("\n");
  }
}

/** A blank line between blocks; a heading stands close to what it is the heading of. */
export const markdownText = (blocks: readonly Block[], screen: Screen): string =>
  blocks
    .map((block) => `${blockText(block, screen)}\n${block.is === "heading" ? "" : "\n"}`)
    .join("")
    .replace(/\n+$/, "\n");
