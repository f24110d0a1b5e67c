/** What the SDK leaves out or writes too much of, so that the file is as Grafana itself would save it. */
import type { Dashboard, Panel, RowPanel, VariableModel } from "@grafana/grafana-foundation-sdk/dashboard";

type Json = Readonly<Record<string, unknown>>;

const without = (from: object, ...keys: readonly string[]): Json =>
  Object.fromEntries(Object.entries(from).filter(([key]) => !keys.includes(key)));

/** Of an interval variable only; on the others they are noise. */
const variable = (model: VariableModel): Json => without(model, "auto", "auto_min", "auto_count", "skipUrlSync", "allowCustomValue");

// The SDK's only placement hides links and marks in a menu; without one they stand where readers look.
const unhidden = (key: string, value: unknown): unknown => (key === "placement" && value === "inControlsMenu" ? undefined : value);

/** Every panel needs an id of its own; every query a letter of its own in its panel. */
function numbered(panel: Panel | RowPanel, index: number): Json {
  const targets = "targets" in panel ? panel.targets : undefined;
  const lettered = targets?.map((target, at) => ({ ...target, refId: String.fromCharCode("A".charCodeAt(0) + at) }));
  return { ...without(panel, "repeatDirection", "transparent"), id: index + 1, ...(lettered === undefined ? {} : { targets: lettered }) };
}

export function finalize(built: Dashboard): string {
  const { templating, panels = [] } = built;
  const whole = {
    ...built,
    // Given by the Grafana that imports it; known to all by its uid.
    id: null,
    templating: { list: (templating.list ?? []).map(variable) },
    panels: panels.map(numbered),
  };
  return `${JSON.stringify(whole, unhidden, 2)}\n`;
}
