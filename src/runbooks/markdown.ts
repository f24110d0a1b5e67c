/**
 * The Markdown that runbooks are written in, read once for two renderers, the terminal and the page: headings, paragraphs, flat lists,
 * fenced code; `code`, **strong**, [links](https://…). Whatever else stands there is text, HTML too.
 */
export type Inline =
  | { readonly is: "text"; readonly text: string }
  | { readonly is: "code"; readonly text: string }
  | { readonly is: "strong"; readonly inner: readonly Inline[] }
  | { readonly is: "link"; readonly text: string; readonly href: string };

export type Block =
  | { readonly is: "heading"; readonly level: number; readonly inline: readonly Inline[] }
  | { readonly is: "paragraph"; readonly inline: readonly Inline[] }
  /** `start`: the first item's number, for a list goes on after the code that stands between two steps. */
  | { readonly is: "list"; readonly start: number | undefined; readonly items: readonly (readonly Inline[])[] }
  | { readonly is: "code"; readonly language: string; readonly text: string };

const FENCE = /^```(\w*)\n([\s\S]*?)\n```$/gm;
const BETWEEN_CHUNKS = /\n(?:[ \t]*\n)+|(?<=^#{1,3} [^\n]*)\n/m;
const MARKER = /^(?:-|(\d+)\.) +/;
const BETWEEN_ITEMS = /\n(?=(?:-|\d+\.) )/;
const INLINE = /`([^`]+)`|\*\*(.+?)\*\*|\[([^\]]+)\]\(([^()\s]+)\)/g;

const joined = (text: string): string => text.replaceAll(/\s*\n\s*/g, " ").trim();

function inlineOf(text: string): readonly Inline[] {
  const found: Inline[] = [];
  const plain = (from: number, to: number): void => {
    if (to > from) found.push({ is: "text", text: text.slice(from, to) });
  };
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, strong, label = "", href = ""] = match;
    plain(at, match.index);
    if (code !== undefined) found.push({ is: "code", text: code });
    else if (strong !== undefined) found.push({ is: "strong", inner: inlineOf(strong) });
    else found.push({ is: "link", text: label, href });
    at = match.index + whole.length;
  }
  plain(at, text.length);
  return found;
}

function proseBlock(chunk: string): Block {
  const [, hashes = "", title = ""] = /^(#{1,3}) ([^\n]+)$/.exec(chunk) ?? [];
  if (title !== "") return { is: "heading", level: hashes.length, inline: inlineOf(title) };
  const marker = MARKER.exec(chunk);
  if (marker === null) return { is: "paragraph", inline: inlineOf(joined(chunk)) };
  const items = chunk.split(BETWEEN_ITEMS).map((item) => inlineOf(joined(item.replace(MARKER, ""))));
  return { is: "list", start: marker[1] === undefined ? undefined : Number(marker[1]), items };
}

const prose = (text: string): Block[] =>
  text
    .split(BETWEEN_CHUNKS)
    .map((chunk) => chunk.trim())
    .filter((chunk) => chunk !== "")
    .map(proseBlock);

export function parseMarkdown(markdown: string): readonly Block[] {
  // Splitting at a pattern with two groups: prose, language, code, prose, …
  const pieces = markdown.replaceAll("\r\n", "\n").split(FENCE);
  const blocks: Block[] = [];
  for (let at = 0; at < pieces.length; at += 3) {
    blocks.push(...prose(pieces[at] ?? ""));
    const [language, text] = pieces.slice(at + 1);
    if (text !== undefined) blocks.push({ is: "code", language: language ?? "", text });
  }
  return blocks;
}

/** What remains when nothing is styled. */
export const plainText = (inline: readonly Inline[]): string =>
  inline.map((one) => (one.is === "strong" ? plainText(one.inner) : one.text)).join("");
