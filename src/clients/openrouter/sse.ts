/** Server-sent events, incrementally: any TCP split, CRLF or LF, a split UTF-8 character, a BOM; bounded memory. */
import { StringDecoder } from "node:string_decoder";

export type SseItem =
  | { readonly type: "comment" }
  | { readonly type: "data"; readonly text: string }
  | { readonly type: "other"; readonly line: string };

export interface SseReader {
  /** Items completed by this chunk; `undefined` when a line or event outgrew the limit: stop reading. */
  push(chunk: Uint8Array): readonly SseItem[] | undefined;
  /** Items completed by the end of the stream (a last line without its newline). */
  end(): readonly SseItem[];
}

// A chunk of a probe's answer is a few hundred bytes; a megabyte without a newline is no event stream.
const MAX_EVENT_CHARS = 1024 * 1024;
const FIELDS = new Set(["event", "id", "retry"]);

/** One line of the stream; `data` lines gather in `held` until a blank line. */
function readLine(line: string, held: string[]): SseItem | undefined {
  if (line === "") return flush(held);
  if (line.startsWith(":")) return { type: "comment" };
  const colon = line.indexOf(":");
  const field = colon < 0 ? line : line.slice(0, colon);
  if (field !== "data") return FIELDS.has(field) ? undefined : { type: "other", line };
  const value = colon < 0 ? "" : line.slice(colon + 1);
  held.push(value.startsWith(" ") ? value.slice(1) : value);
  return undefined;
}

function flush(held: string[]): SseItem | undefined {
  if (held.length === 0) return undefined;
  const text = held.join("\n");
  held.length = 0;
  return { type: "data", text };
}

export function createSseReader(): SseReader {
  const decoder = new StringDecoder("utf8");
  const held: string[] = [];
  let heldChars = 0;
  let rest = "";
  let first = true;

  const lines = (text: string): SseItem[] => {
    const items: SseItem[] = [];
    const whole = rest + text;
    // A lone CR ends a line too (WHATWG), but one at the very end may be half of a CRLF: it waits for its LF.
    const parts = whole.split(whole.includes("\r") ? /\r\n|\n|\r(?!$)/ : "\n");
    rest = parts.pop() ?? "";
    for (const line of parts) {
      const item = readLine(line, held);
      if (item !== undefined) items.push(item);
    }
    heldChars = rest.length + held.reduce((sum, one) => sum + one.length, 0);
    return items;
  };

  return {
    push(chunk) {
      let text = decoder.write(chunk);
      if (first && text !== "") {
        first = false;
        text = text.replace(/^\uFEFF/, "");
      }
      const items = lines(text);
      return heldChars > MAX_EVENT_CHARS ? undefined : items;
    },
    end() {
      const items = lines(`${decoder.end()}\n`);
      const last = flush(held);
      return last === undefined ? items : [...items, last];
    },
  };
}
