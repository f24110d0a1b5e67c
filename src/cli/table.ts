/** Readable tables in plain text: columns as wide as their widest cell. */
import { stripVTControlCharacters } from "node:util";
import { oneLine } from "../base/printable.ts";

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

/** Of a table of other people's words: no cell may be wider. */
const WIDEST = 80;
export const foreign = (cell: string): string => {
  const line = oneLine(cell);
  return line.length > WIDEST ? `${line.slice(0, WIDEST - 1)}…` : line;
};

const width = (cell: string): number => [...stripVTControlCharacters(cell)].length;

function pad(cell: string, to: number, align: Column["align"]): string {
  const space = " ".repeat(Math.max(0, to - width(cell)));
  return align === "right" ? space + cell : cell + space;
}

/** Lines without trailing spaces; an empty cell shows as a dash. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], head: (title: string) => string = String): string {
  const cells = rows.map((row) => columns.map((_, at) => row[at] || "–"));
  const widths = columns.map(({ title }, at) => Math.max(width(title), ...cells.map((row) => width(row[at] ?? ""))));
  const line = (row: readonly string[]): string =>
    columns
      .map(({ align }, at) => pad(row[at] ?? "", widths[at] ?? 0, align))
      .join("  ")
      .trimEnd();
  return [line(columns.map(({ title }) => head(title))), ...cells.map(line)].join("\n");
}

/** Seconds for a person: `8.4 ms`, `0.52 s`, `12.3 s`. */
export function seconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (value < 0.1) return `${(value * 1000).toFixed(1)} ms`;
  return `${value.toFixed(value < 10 ? 2 : 1)} s`;
}

/** USD for a person: small sums keep their meaning. */
export function usd(value: number | null | undefined): string {
  if (value === null || value === undefined) return "";
  if (value === 0) return "$0";
  return Math.abs(value) < 0.01 ? `$${value.toPrecision(2)}` : `$${value.toFixed(2)}`;
}
