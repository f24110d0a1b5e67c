/** Panels as our dashboards want them, over the SDK's builders. None has less than a title, a description and a unit. */
import * as bargauge from "@grafana/grafana-foundation-sdk/bargauge";
import type * as cog from "@grafana/grafana-foundation-sdk/cog";
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as heatmapPanel from "@grafana/grafana-foundation-sdk/heatmap";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as statPanel from "@grafana/grafana-foundation-sdk/stat";
import * as timeline from "@grafana/grafana-foundation-sdk/statetimeline";
import * as history from "@grafana/grafana-foundation-sdk/statushistory";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import { type Colour, type Step, thresholds } from "./palette.ts";

/** Of Grafana's list; dateTimeFromNow takes milliseconds since 1970. */
export type Unit = "none" | "short" | "s" | "d" | "bytes" | "percentunit" | "currencyUSD" | "bool_yes_no" | "dateTimeFromNow" | "ops";

export const DATASOURCE = { type: "prometheus", uid: "$datasource" } as const;

export interface Panel {
  /** Of the page's 24 columns, and its height in rows. */
  readonly size: readonly [width: number, height: number];
  readonly builder: cog.Builder<dashboard.Panel>;
}

export interface Query {
  readonly expr: string;
  /** Grafana's `{{label}}` template; the name of a series. */
  readonly legend?: string;
}

export interface Said {
  readonly title: string;
  /** For who has never seen it: what it shows, and what to make of it. */
  readonly description: string;
  readonly unit: Unit;
  readonly size: Panel["size"];
  readonly queries: readonly Query[];
  /** Colour below the first step, then steps. */
  readonly colours?: readonly [Colour, ...Step[]];
  readonly mappings?: dashboard.ValueMapping[];
  readonly links?: readonly cog.Builder<dashboard.DashboardLink>[];
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  /** Shown where there is nothing to show. */
  readonly nothing?: string;
}

/** What every builder of the SDK has, though it gives that no type. */
export interface Builder extends cog.Builder<dashboard.Panel> {
  title(title: string): this;
  description(description: string): this;
  unit(unit: string): this;
  datasource(datasource: common.DataSourceRef): this;
  withTarget(target: cog.Builder<cog.Dataquery>): this;
  thresholds(steps: cog.Builder<dashboard.ThresholdsConfig>): this;
  mappings(mappings: dashboard.ValueMapping[]): this;
  colorScheme(colour: cog.Builder<dashboard.FieldColor>): this;
  links(links: cog.Builder<dashboard.DashboardLink>[]): this;
  decimals(decimals: number): this;
  min(min: number): this;
  max(max: number): this;
  noValue(text: string): this;
}

/** Gives the builder what was said, and the queries as the panel needs them. */
export function dress<B extends Builder>(builder: B, said: Said, shape: (query: prometheus.DataqueryBuilder) => unknown): B {
  const { colours = ["green"], mappings, links, decimals, min, max, nothing } = said;
  builder.title(said.title).description(said.description).unit(said.unit).datasource(DATASOURCE);
  builder.thresholds(thresholds(...colours));
  if (mappings !== undefined) builder.mappings(mappings);
  if (links !== undefined) builder.links([...links]);
  if (decimals !== undefined) builder.decimals(decimals);
  if (min !== undefined) builder.min(min);
  if (max !== undefined) builder.max(max);
  if (nothing !== undefined) builder.noValue(nothing);
  for (const { expr, legend } of said.queries) {
    const query = new prometheus.DataqueryBuilder().datasource(DATASOURCE).expr(expr);
    if (legend !== undefined) query.legendFormat(legend);
    shape(query);
    builder.withTarget(query);
  }
  return builder;
}

// Without a word, each type of panel and each Grafana has a scheme of its own.
const coloured = (mode: dashboard.FieldColorModeId): dashboard.FieldColorBuilder => new dashboard.FieldColorBuilder().mode(mode);
const byValue = (): dashboard.FieldColorBuilder => coloured(dashboard.FieldColorModeId.Thresholds);

const instant = (query: prometheus.DataqueryBuilder): unknown => query.instant();
const range = (query: prometheus.DataqueryBuilder): unknown => query.range();
const lastValue = (): common.ReduceDataOptionsBuilder => new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false);
const legend = (): common.VizLegendOptionsBuilder =>
  new common.VizLegendOptionsBuilder().showLegend(true).displayMode(common.LegendDisplayMode.List).placement(common.LegendPlacement.Bottom);

/** One big number for each series, as of now. */
export function stat(said: Said): Panel {
  const builder = new statPanel.PanelBuilder()
    .colorScheme(byValue())
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.Background)
    .reduceOptions(lastValue());
  return { size: said.size, builder: dress(builder, said, instant) };
}

/** One bar for each series, as of now. */
export function bars(said: Said): Panel {
  const builder = new bargauge.PanelBuilder()
    .colorScheme(byValue())
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .reduceOptions(lastValue());
  return { size: said.size, builder: dress(builder, said, instant) };
}

export interface GraphSaid extends Said {
  /** Counts of a window: bars, one on another. */
  readonly stacked?: boolean;
}

/** Lines over time. */
export function graph(said: GraphSaid): Panel {
  const stacked = said.stacked === true;
  const builder = new timeseries.PanelBuilder()
    .colorScheme(coloured(dashboard.FieldColorModeId.PaletteClassic))
    .legend(legend())
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending))
    .lineWidth(1)
    .fillOpacity(stacked ? 40 : 5)
    .showPoints(common.VisibilityMode.Never)
    .axisSoftMin(0)
    .stacking(new common.StackingConfigBuilder().mode(stacked ? common.StackingMode.Normal : common.StackingMode.None));
  return { size: said.size, builder: dress(builder, said, range) };
}

/** One row for each series; a stretch of one value is one block. */
export function states(said: Said): Panel {
  const builder = new timeline.PanelBuilder()
    .colorScheme(byValue())
    .mergeValues(true)
    .showValue(common.VisibilityMode.Auto)
    .legend(legend())
    .fillOpacity(80)
    .lineWidth(0);
  return { size: said.size, builder: dress(builder, said, range) };
}

// The panel draws a cell for each point, and refuses when there are more than fit.
const MOST_CELLS = 120;

/** One row for each series, one cell for each point in time. */
export function cells(said: Said): Panel {
  const builder = new history.PanelBuilder()
    .colorScheme(byValue())
    .showValue(common.VisibilityMode.Auto)
    .legend(legend())
    .fillOpacity(80)
    .lineWidth(0)
    .maxDataPoints(MOST_CELLS);
  return { size: said.size, builder: dress(builder, said, range) };
}

/** Buckets of a histogram over time; queries must give increases over `$__interval`, so that each event is in one cell. */
export function heatmap(said: Said): Panel {
  const { HeatmapColorMode, HeatmapColorOptionsBuilder } = heatmapPanel;
  const scheme = new HeatmapColorOptionsBuilder()
    .mode(HeatmapColorMode.Scheme)
    .scheme("Oranges")
    .fill("dark-orange")
    .exponent(0.5)
    .steps(32);
  const builder = new heatmapPanel.PanelBuilder()
    .calculate(false)
    .color(scheme)
    .yAxis(new heatmapPanel.YAxisConfigBuilder().unit(said.unit).axisPlacement(common.AxisPlacement.Left))
    .cellGap(1)
    // Narrower, and most columns would hold no probe at all.
    .interval("5m");
  return { size: said.size, builder: dress(builder, said, (query) => query.range().format(prometheus.PromQueryFormat.Heatmap)) };
}

/** Grafana's own list of the alerts that it and its data sources know; it asks no query. */
export function alertList(said: Omit<Said, "queries" | "unit">, options: Readonly<Record<string, unknown>>): Panel {
  const builder = new dashboard.PanelBuilder().type("alertlist").title(said.title).description(said.description).options(options);
  return { size: said.size, builder };
}
