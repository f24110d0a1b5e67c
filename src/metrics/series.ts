/** One living series, and its lines on the page. Labels are kept as they stand there: a scrape writes values and nothing else. */
import type { Metric } from "./metric.ts";

export interface Series {
  /** `kind="model",target="kimi"`: what stands between the braces, and its identity within its metric. */
  readonly labels: string;
  /** Whose record brought it. */
  readonly writer: string;
  /** The target or credential that it names. One that names none, such as the timetable's lateness, outlives every target. */
  readonly owner: string | undefined;
  /** A histogram's: the sum. */
  value: number;
  /** A histogram's observations, by the bucket that they fell in; the last is above all bounds. */
  readonly counts?: number[];
  /** The latest writing that it was part of. */
  writing: number;
}

// Text format 0.0.4: a help text escapes these two.
const helpText = (text: string): string => text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");

export const headerOf = ({ name, help, type }: Metric): string => `# HELP ${name} ${helpText(help)}\n# TYPE ${name} ${type}`;

const braced = (labels: string): string => (labels === "" ? "" : `{${labels}}`);

/** What writes a series of this metric: one line, or a histogram's many. */
export function lineWriter({ name, type, buckets = [] }: Metric): (series: Series) => string {
  if (type !== "histogram") return ({ labels, value }) => `${name}${braced(labels)} ${value}`;
  const starts = [...buckets, "+Inf"].map((bound) => `${name}_bucket{le="${bound}"`);
  return ({ labels, value, counts = [] }) => {
    const rest = labels === "" ? "} " : `,${labels}} `;
    let below = 0;
    let text = "";
    for (const [at, start] of starts.entries()) {
      below += counts[at] ?? 0;
      text += `${start}${rest}${below}\n`;
    }
    return `${text}${name}_sum${braced(labels)} ${value}\n${name}_count${braced(labels)} ${below}`;
  };
}
