/** What a question comes back with: tables of what was measured, and the goals it is held against. Printed, and written as Markdown. */
import { stripVTControlCharacters } from "node:util";
import { table } from "../../../src/cli/table.ts";

export type Cell = string | number;

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface Goal {
  readonly goal: string;
  readonly atMost: number;
  readonly figure: number;
  readonly unit: string;
}

export interface Answer {
  readonly title: string;
  /** How it was measured, a sentence or two. */
  readonly method: string;
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
}

export interface Question {
  readonly name: string;
  ask(): Promise<Answer>;
}

/** Three digits that count; whole from a hundred on. */
const shown = (cell: Cell): string => {
  if (typeof cell === "string") return cell;
  if (!Number.isFinite(cell)) return "";
  return Math.abs(cell) >= 100 ? Math.round(cell).toLocaleString("en-US") : String(Number(cell.toPrecision(3)));
};

export const missed = ({ figure, atMost }: Goal): boolean => !(figure <= atMost);
const outcome = (goal: Goal): string => {
  if (!Number.isFinite(goal.figure)) return "not measured";
  if (goal.atMost === 0) return missed(goal) ? "missed" : "met";
  return !missed(goal) ? "met" : `missed by ${shown(((goal.figure - goal.atMost) / goal.atMost) * 100)} %`;
};

const withUnit = (value: number, unit: string): string => (unit === "×" ? `${shown(value)} ×` : `${shown(value)} ${unit}`);

export const goalTable = (goals: readonly Goal[]): Table => ({
  title: "Goals",
  head: ["goal", "at most", "measured", ""],
  rows: goals.map((goal) => [goal.goal, withUnit(goal.atMost, goal.unit), withUnit(goal.figure, goal.unit), outcome(goal)]),
});

export function printed({ title, head, rows }: Table): string {
  const columns = head.map((name, at) => ({ title: name, align: at === 0 ? ("left" as const) : ("right" as const) }));
  return `${title}\n${table(
    columns,
    rows.map((row) => row.map(shown)),
  )}\n`;
}

export function markdown({ title, head, rows }: Table): string {
  const line = (cells: readonly Cell[]): string => `| ${cells.map((cell) => stripVTControlCharacters(shown(cell))).join(" | ")} |`;
  const rule = `|---${"|---:".repeat(head.length - 1)}|`;
  return [`**${title}**`, "", line(head), rule, ...rows.map(line), ""].join("\n");
}
