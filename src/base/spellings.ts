/** The ways in which a text travels: what an upstream echoes may come back in any of them. */

/**
 * Of the base64 of anything that holds the bytes, the letters that depend on them alone. Three, for they may begin at any of three places in
 * a group; `Basic` credentials and tokens in a data URL are found so.
 */
function inBase64(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const letters = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    const core = letters.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
    return [core, core.replaceAll("+", "-").replaceAll("/", "_"), encodeURIComponent(core)];
  });
}

/** Texts to look for as they are: itself, in JSON, in JSON within JSON, in a form, base64 of any alignment and alphabet, hex in both cases, with and without spaces. */
export function plainForms(text: string): ReadonlySet<string> {
  const bytes = Buffer.from(text);
  const hex = bytes.toString("hex");
  const spaced = hex.replaceAll(/..(?=.)/g, "$& ");
  const json = JSON.stringify(text).slice(1, -1);
  const form = new URLSearchParams({ _: text }).toString().slice(2);
  return new Set([
    text,
    json,
    JSON.stringify(json).slice(1, -1),
    form,
    ...inBase64(bytes),
    ...[hex, spaced].flatMap((one) => [one, one.toUpperCase()]),
  ]);
}

const NAMED: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos" };
const literal = (text: string): string =>
  text.replaceAll(/[^A-Za-z0-9]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);

function inAnyEscape(char: string): string {
  const code = char.charCodeAt(0);
  const hex = code.toString(16).padStart(2, "0");
  // Each repetition has an end, or a long run of one letter would be searched from every one of its places to its end.
  const forms = [
    `\\\\{1,8}(?:u00|x)${hex}`,
    `%(?:25){0,4}${hex}`,
    `&(?:amp;){0,3}#(?:0{0,6}${code}|x0{0,6}${hex});`,
    `\\\\{0,8}${literal(char)}`,
  ];
  if (char in NAMED) forms.push(`&(?:amp;){0,3}${NAMED[char]};`);
  if (char === " ") forms.push("\\+");
  return `(?:${forms.join("|")})`;
}

/** The text with each character as it stands, or as JSON, a URL (once or more) or HTML may escape it, or HTML within HTML. */
export function escapedForm(text: string): RegExp {
  // Beyond ASCII the URL's spelling alone is looked for, which is one of bytes.
  const ascii = /^[\x20-\x7e]*$/.test(text);
  return new RegExp(ascii ? [...text].map(inAnyEscape).join("") : literal(encodeURIComponent(text)), "gi");
}
