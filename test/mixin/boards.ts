/** The dashboards as their users get them: the files. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");

interface DatasourceRef {
  readonly type: string;
  readonly uid: string;
}

export interface Target {
  refId: string;
  expr: string;
  instant: boolean;
  range: boolean;
  format?: string;
  datasource: DatasourceRef;
}

export interface Link {
  readonly title: string;
  readonly url: string;
}

interface Property {
  readonly id: string;
  readonly value: unknown;
}

export interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  datasource?: DatasourceRef;
  gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  targets?: Target[];
  links?: Link[];
  options?: { readonly reduceOptions?: { readonly fields?: string } };
  fieldConfig?: {
    defaults: { unit?: string; mappings?: unknown[]; noValue?: string };
    overrides: { matcher: { options: string }; properties: Property[] }[];
  };
}

export interface Variable {
  name: string;
  type: string;
  label: string;
  query: string;
  refresh?: number;
  multi?: boolean;
  allValue?: string;
  datasource?: DatasourceRef;
}

export interface Dashboard {
  uid: string;
  title: string;
  tags: string[];
  editable: boolean;
  panels: Panel[];
  templating: { list: Variable[] };
  annotations: { list: { name: string; expr: string; datasource: DatasourceRef }[] };
  links: { title: string; type: string; url?: string; tags: string[] }[];
}

export const boardFiles = readdirSync(join(ROOT, "dashboards")).filter((name) => name.endsWith(".json"));
export const boards = boardFiles.map((name) => JSON.parse(readFileSync(join(ROOT, "dashboards", name), "utf8")) as Dashboard);

export const panelsOf = (board: Dashboard): Panel[] => board.panels.filter(({ type }) => type !== "row");

export interface Place {
  readonly board: Dashboard;
  readonly panel: Panel;
  readonly target: Target;
  /** `healthd-overview / Key / A`. */
  readonly name: string;
}

/** Every query of every panel. */
export const placesOf = (board: Dashboard): Place[] =>
  panelsOf(board).flatMap((panel) =>
    (panel.targets ?? []).map((target) => ({ board, panel, target, name: `${board.uid} / ${panel.title} / ${target.refId}` })),
  );

export const LABEL_VALUES = /^label_values\((.+), (\w+)\)$/;

/** Everything that the dashboards ask Prometheus, variables and marks included. */
export const everyExpression = (): string[] =>
  boards.flatMap((board) => [
    ...placesOf(board).map(({ target }) => target.expr),
    ...board.annotations.list.map(({ expr }) => expr),
    ...board.templating.list.flatMap(({ query }) => LABEL_VALUES.exec(query)?.[1] ?? []),
  ]);
