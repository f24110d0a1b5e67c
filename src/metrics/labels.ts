/** The labels of targets, and labels as they stand on the page. */
import type { Target } from "../core/probe.ts";
import type { Metric } from "./metric.ts";

export const TARGET = ["kind", "target"] as const;
export const TARGET_CREDENTIAL = [...TARGET, "credential"] as const;
export const MODEL = [...TARGET_CREDENTIAL, "model"] as const;

type Labels<Names extends readonly string[]> = Readonly<Record<Names[number], string | undefined>>;
export type ModelLabels = Labels<typeof MODEL>;

interface LabelsOfTarget {
  readonly target: { readonly kind: string; readonly target: string };
  readonly credential: Labels<typeof TARGET_CREDENTIAL>;
  readonly model: ModelLabels;
}

interface Text {
  names?: readonly string[];
  text?: string;
}

/** Of labels that stay as they are: their text is made once, and shared by all the series that have them. */
const texts = new WeakMap<object, Text>();
const made = new WeakMap<Target, LabelsOfTarget>();

function lasting<T extends object>(labels: T): T {
  texts.set(labels, {});
  return labels;
}

function labelsOf(target: Target): LabelsOfTarget {
  const before = made.get(target);
  if (before !== undefined) return before;
  const own = { kind: target.kind, target: target.name };
  const credential = { ...own, credential: target.credential };
  const labels = { target: lasting(own), credential: lasting(credential), model: lasting({ ...credential, model: target.model }) };
  made.set(target, labels);
  return labels;
}

export const targetLabels = (target: Target): LabelsOfTarget["target"] => labelsOf(target).target;
export const credentialLabels = (target: Target): LabelsOfTarget["credential"] => labelsOf(target).credential;
export const modelLabels = (target: Target): ModelLabels => labelsOf(target).model;

// Text format 0.0.4: a label's value escapes these three.
const NEEDS_ESCAPE = /[\\\n"]/;
const escaped = (text: string): string => text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n").replace(/"/g, '\\"');
const valueText = (text: string): string => (NEEDS_ESCAPE.test(text) ? escaped(text) : text);

function textOf(names: readonly string[], labels: Readonly<Record<string, string | undefined>>): string {
  const parts: string[] = [];
  for (const name of names) {
    const value = labels[name];
    if (value !== undefined) parts.push(`${name}="${valueText(value)}"`);
  }
  // A sum of strings would be kept as the tree of its parts for as long as the series lives: 350 bytes more of it.
  return parts.join(",");
}

/** In the metric's own order; a label without a value is left out. */
export function labelText({ labels: names }: Metric, labels: Readonly<Record<string, string | undefined>>): string {
  const kept = texts.get(labels);
  if (kept === undefined) return textOf(names, labels);
  if (kept.text === undefined || kept.names !== names) Object.assign(kept, { names, text: textOf(names, labels) });
  return kept.text ?? "";
}
