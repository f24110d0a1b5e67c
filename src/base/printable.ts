/** Text from outside, made safe to show: it may not steer a terminal, forge a line, or fill a screen. */

// C0, DEL, C1, and the marks that turn the direction of writing.
const STEERS = /[\p{Cc}\p{Bidi_Control}]/gu;

/** Control characters become visible escapes; lines and tabs stay. */
export const printable = (text: string): string =>
  text.replace(STEERS, (char) => (char === "\n" || char === "\t" ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`));

const LONGEST_LINE = 500;

/** One line of at most 500 characters, for messages and table cells. */
export function oneLine(text: string): string {
  // A megabyte is not searched for white space to show five hundred characters of it.
  const line = printable(
    text
      .slice(0, 4 * LONGEST_LINE)
      .replace(/\s+/g, " ")
      .trim(),
  );
  return line.length > LONGEST_LINE || text.length > 4 * LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
}
