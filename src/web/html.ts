/** HTML in which whatever is filled in is escaped; only what this tag itself made goes in as it is. */
export interface Html {
  readonly html: string;
}
type Part = Html | readonly Html[] | string | number;

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escapeText = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");

function print(part: Part): string {
  if (typeof part === "string" || typeof part === "number") return escapeText(String(part));
  return "html" in part ? part.html : part.map(({ html }) => html).join("");
}

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: strings.map((text, index) => text + (index < parts.length ? print(parts[index] ?? "") : "")).join("") };
}
