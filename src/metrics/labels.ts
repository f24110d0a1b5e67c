/** The labels of targets, and labels as they stand on the page. */
import type { Target } from "../core/probe.ts";
import type { Metric } from "./metric.ts";

export const TARGET = ["kind", "target"] as const;
export const TARGET_CREDENTIAL = [...TARGET, "credential"] as const;
export const MODEL = [...TARGET_CREDENTIAL, "model"] as const;

type Labels<Names extends readonly string[]> = Readonly<Record<Names[number], string | undefined>>;
export type ModelLabels = Labels<typeof MODEL>;

/** Labels, and their text once somebody has asked for it. */
interface Lasting<Own extends object> {
  readonly names: readonly string[];
  readonly labels: Own;
  text?: string;
}

interface LabelsOfTarget {
  readonly of: Target;
  readonly target: Lasting<{ readonly kind: string; readonly target: string }>;
  readonly credential: Lasting<Labels<typeof TARGET_CREDENTIAL>>;
  readonly model: Lasting<ModelLabels>;
}

/** Of the target that was asked for last: sixty metrics read its record one after the other, a third of them with the same labels. */
let latest: LabelsOfTarget | undefined;

function labelsOf(target: Target): LabelsOfTarget {
  if (latest?.of === target) return latest;
  const own = { kind: target.kind, target: target.name };
  const credential = { ...own, credential: target.credential };
  latest = {
    of: target,
    target: { names: TARGET, labels: own },
    credential: { names: TARGET_CREDENTIAL, labels: credential },
    model: { names: MODEL, labels: { ...credential, model: target.model } },
  };
  return latest;
}

export const targetLabels = (target: Target): LabelsOfTarget["target"]["labels"] => labelsOf(target).target.labels;
export const credentialLabels = (target: Target): LabelsOfTarget["credential"]["labels"] => labelsOf(target).credential.labels;
export const modelLabels = (target: Target): ModelLabels => labelsOf(target).model.labels;

function lasting(labels: object): Lasting<object> | undefined {
  if (labels === latest?.credential.labels) return latest.credential;
  if (labels === latest?.target.labels) return latest.target;
  return labels === latest?.model.labels ? latest.model : undefined;
}

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
  const kept = lasting(labels);
  if (kept?.names !== names) return textOf(names, labels);
  kept.text ??= textOf(names, labels);
  return kept.text;
}
