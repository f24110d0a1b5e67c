/** What values mean: words and colours, the same on every dashboard. */
import { MappingType, ThresholdsConfigBuilder, ThresholdsMode, type ValueMapping } from "@grafana/grafana-foundation-sdk/dashboard";
import { owners, reasonNames, reasons } from "../../core/reason.ts";

export type Colour = "green" | "yellow" | "orange" | "red" | "blue" | "purple" | "text";
/** From this value on, this colour. */
export type Step = readonly [from: number, colour: Colour];

export function thresholds(below: Colour, ...steps: readonly Step[]): ThresholdsConfigBuilder {
  const rest = steps.map(([value, color]) => ({ value, color }));
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: below }, ...rest]);
}

interface Meaning {
  readonly text?: string;
  readonly color?: Colour;
}

const mapped = (meanings: Readonly<Record<string, Meaning>>): ValueMapping[] => [{ type: MappingType.ValueToText, options: meanings }];

export const verdictWords = mapped({
  "0": { text: "down", color: "red" },
  "1": { text: "degraded", color: "orange" },
  "2": { text: "up", color: "green" },
  down: { color: "red" },
  degraded: { color: "orange" },
  up: { color: "green" },
});

/** For a gauge that is 1 or 0, where 1 is well. */
export const wellOr = (well: string, ill: string): ValueMapping[] =>
  mapped({ "1": { text: well, color: "green" }, "0": { text: ill, color: "red" } });

/** For a gauge that is 1 or 0, where neither is wrong. */
export const yesNo = mapped({ "1": { text: "yes" }, "0": { text: "no" } });

const firstSentence = (text: string): string => /^.*?\.(?= |$)/.exec(text)?.[0] ?? text;

/** A reason's code, what it says, and the first thing to do. */
export const reasonWords = mapped(
  Object.fromEntries(
    reasonNames.map((name) => [name, { text: `${name}: ${reasons[name].says}. ${firstSentence(reasons[name].remedy)}` }] as const),
  ),
);

const OURS: readonly string[] = ["key", "request", "money", "quota", "prober"];
/** Purple: ours to mend; blue: somebody else's. */
export const ownerColours = mapped(
  Object.fromEntries(owners.map((owner) => [owner, { color: OURS.includes(owner) ? ("purple" as const) : ("blue" as const) }])),
);

/** Status codes as operators read them: 0 nothing answered, 4xx ours, 5xx theirs. */
export const codeColours: ValueMapping[] = [
  { type: MappingType.ValueToText, options: { "0": { text: "no answer", color: "purple" }, "429": { color: "yellow" } } },
  { type: MappingType.RangeToText, options: { from: 200, to: 399, result: { color: "green" } } },
  { type: MappingType.RangeToText, options: { from: 400, to: 499, result: { color: "orange" } } },
  { type: MappingType.RangeToText, options: { from: 500, to: 599, result: { color: "red" } } },
];
