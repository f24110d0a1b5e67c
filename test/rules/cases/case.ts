/** What a case of an alert is made of: series by the minute, and what is to come of them. */
import type { MetricLabel, MetricName } from "../../../src/metrics/catalogue.ts";
import type { AlertName } from "../../../src/mixin/alerts.ts";

export const HERE = { job: "llm-healthd", instance: "127.0.0.1:10556" } as const;
export type Labels = Readonly<Record<string, string>>;
/** The value at a minute; undefined: no sample. */
export type Values = number | ((minute: number) => number | undefined);

export interface Series {
  readonly name: string;
  readonly labels: Labels;
  readonly values: Values;
}

export interface World {
  readonly series: readonly Series[];
  /** The minute at which one looks. */
  readonly at: number;
}

export interface Case {
  readonly alert: AlertName;
  /** Labels beside those of the rule, and the whole description. */
  readonly fires: World & {
    readonly labels: Labels;
    readonly says: string;
    /** Minutes for which it looks back, and so goes on when the data end. */
    readonly lingers?: number;
  };
  /** As near to it as can be. */
  readonly quiet: World;
}

type Known<Name extends MetricName> = Readonly<Partial<Record<MetricLabel<Name> | "job" | "instance", string>>>;

/** A series of the daemon, as it is scraped. */
export const metric = <Name extends MetricName>(name: Name, labels: Known<Name>, values: Values): Series => ({
  name,
  labels: { ...HERE, ...labels } as Labels,
  values,
});
/** One of a histogram's, by its suffix. */
export const part = <Name extends MetricName>(
  name: Name,
  suffix: "bucket" | "count" | "sum",
  labels: Known<Name> & { readonly le?: string },
  values: Values,
): Series => ({ name: `${name}_${suffix}`, labels: { ...HERE, ...labels } as Labels, values });

export const scraped = (values: Values, labels: Labels = {}): Series => ({ name: "up", labels: { ...HERE, ...labels }, values });

export const each =
  (perMinute: number): Values =>
  (minute: number): number =>
    minute * perMinute;
export const DAY = 86_400;
