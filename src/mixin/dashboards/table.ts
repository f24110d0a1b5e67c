/** Tables: one row for each set of labels, one column for each query. */
import type * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import { PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder } from "@grafana/grafana-foundation-sdk/table";
import { type Builder, dress, type Panel, type Said, type Unit } from "./panels.ts";

export interface Look {
  readonly unit?: Unit;
  readonly decimals?: number;
  readonly mappings?: dashboard.ValueMapping[];
  /** The cell takes the colour that its mapping gives it. */
  readonly coloured?: boolean;
  readonly width?: number;
  readonly wrap?: boolean;
  readonly links?: readonly { readonly title: string; readonly url: string }[];
}

/** A column of values. */
export interface Column extends Look {
  readonly name: string;
  readonly expr: string;
}

export interface TableSaid extends Omit<Said, "queries" | "unit" | "mappings"> {
  /** Columns of labels, leftmost, in this order; the key is the label, `name` the heading. */
  readonly labels: Readonly<Record<string, Look & { readonly name: string }>>;
  readonly columns: readonly Column[];
}

const refId = (index: number): string => String.fromCharCode("A".charCodeAt(0) + index);

function properties({ unit, decimals, mappings, coloured, width, wrap, links }: Look): dashboard.DynamicConfigValue[] {
  const all: Readonly<Record<string, unknown>> = {
    unit,
    decimals,
    mappings,
    links: links?.map(({ title, url }) => ({ title, url, targetBlank: false })),
    "custom.width": width,
    "custom.cellOptions": coloured === true ? { type: "color-text" } : wrap === true ? { type: "auto", wrapText: true } : undefined,
  };
  return Object.entries(all).flatMap(([id, value]) => (value === undefined ? [] : [{ id, value }]));
}

/** Joins the queries by their labels, names and orders the columns. */
export function table(said: TableSaid): Panel {
  const { labels, columns } = said;
  const builder = dress<PanelBuilder & Builder>(
    new PanelBuilder(),
    { ...said, unit: "none", queries: columns.map(({ expr }) => ({ expr })) },
    (query) => query.instant().format(PromQueryFormat.Table),
  );
  // Grafana leaves out the query's letter when only one of them has a value to show.
  const field = (index: number): string => (columns.length === 1 ? "Value" : `Value #${refId(index)}`);
  const shown = [...Object.keys(labels), ...columns.map((_, index) => field(index))];
  const headings = [...Object.values(labels), ...columns].map(({ name }) => name);
  builder.withTransformation({ id: "merge", options: {} }).withTransformation({
    id: "organize",
    options: {
      excludeByName: Object.fromEntries(["Time", "__name__", "job"].map((name) => [name, true])),
      indexByName: Object.fromEntries(shown.map((name, index) => [name, index])),
      renameByName: Object.fromEntries(shown.map((name, index) => [name, headings[index] ?? name])),
    },
  });
  for (const look of [...Object.values(labels), ...columns]) {
    const set = properties(look);
    if (set.length > 0) builder.overrideByName(look.name, set);
  }
  return { size: said.size, builder };
}
