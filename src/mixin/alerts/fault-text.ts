/** The expressions and the words of the alerts that stand on faults, made from the table of reasons. */
import type { ReasonEntry } from "../../core/reason.ts";
import { CUT, wordsOf } from "../../core/root-cause.ts";
import type { MetricLabel } from "../../metrics/catalogue.ts";
import { anyOf, type Matches, series } from "../promql.ts";
import { type FaultAlertName, isKind, type Place, places, type Share, sharesOf } from "./reasons.ts";

type FaultMatches = Matches<MetricLabel<"healthd_fault_sightings">>;

/** Which faults stand in these places. A fault of a credential is of the API itself, unless its providers own it. */
function placesMatch(of: readonly Place[]): readonly FaultMatches[] {
  if (of.length === places.length) return [{}];
  const whole = of.includes("credential") && of.includes("providers");
  const plain: readonly string[] = of.flatMap((place) => {
    if (place === "network") return [""];
    return isKind(place) && (place !== "credential" || whole) ? [place] : [];
  });
  return [
    ...(plain.length === 0 ? [] : [{ kind: anyOf(plain) }]),
    ...(of.includes("credential") && !whole ? [{ kind: "credential", owner: { not: "provider" } }] : []),
    ...(of.includes("providers") && !whole ? [{ kind: "credential", owner: "provider" }] : []),
  ];
}

const selectors = ({ reasons: some, places: of, down }: Share): readonly string[] =>
  placesMatch(of).map((matches) => {
    const found = series("healthd_fault_sightings", { reason: anyOf(some), ...matches });
    return down === undefined ? found : `(${found} and ${series("healthd_fault_down")} == ${Number(down)})`;
  });

export type Per = "subject" | "credential" | "instance";
/** An outage's reason changes from look to look, and its subject as it grows: neither may make a second alert of it. */
const DROPPED: Readonly<Record<Per, readonly string[]>> = {
  subject: ["reason"],
  credential: ["reason", "subject", "kind"],
  instance: ["reason", "subject", "kind", "credential"],
};
/** What is left, and finds the faults of one alert again. */
const KEPT: Readonly<Record<Per, readonly string[]>> = {
  subject: ["instance", "subject"],
  credential: ["instance", "credential"],
  instance: ["instance"],
};

export interface FaultExpr {
  readonly looks: number;
  readonly per: Per;
  readonly keepOwner: boolean;
}

export function faultExpr(name: FaultAlertName, { looks, per, keepOwner }: FaultExpr): string {
  const found = sharesOf(name).flatMap(selectors);
  const dropped = [...DROPPED[per], ...(keepOwner ? [] : ["owner"])];
  const lines = found.map((selector, at) => `  ${at === 0 ? "" : "or "}${selector}`).join("\n");
  return `max without (${dropped.join(", ")}) (\n${lines}\n) >= ${looks}`;
}

const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
const inWords = ({ says, remedy }: Pick<ReasonEntry, "says" | "remedy">): string => `${says}. ${sentence(remedy)}`;

/** For each fault that the alert stands for: what it is of, what it is, and the remedy of just this reason. */
export function faultDescription(name: FaultAlertName, per: Per, more?: string): string {
  const shares = sharesOf(name);
  const some = [...new Set(shares.flatMap(({ reasons }) => reasons))];
  const ofModels = new Set(
    shares.filter(({ places: [first, ...more] }) => first === "model" && more.length === 0).flatMap(({ reasons }) => reasons),
  );
  const kept = KEPT[per];
  const matches = [...kept.map((label) => `${label}="%s"`), `reason=~"${some.join("|")}"`].join(", ");
  const values = kept.map((label) => `$labels.${label}`).join(" ");
  const branches = some.map((reason, at) => {
    const test =
      some.length === 1 ? "" : at === 0 ? `{{ if eq .Labels.reason "${reason}" }}` : `{{ else if eq .Labels.reason "${reason}" }}`;
    return `${test}${inWords(wordsOf({ subject: "", reason, ...(ofModels.has(reason) ? { kind: "model" } : {}) }))}`;
  });
  const byReason = `${branches.join("")}${some.length === 1 ? "" : "{{ end }}"}`;
  const words = name === "NetworkUnreachable" ? inWords(CUT) : byReason;
  const affected = "{{ if gt .Value 1.0 }} ({{ .Value }} targets){{ end }}";
  const faults = `{{ range printf \`healthd_fault_active{${matches}}\` ${values} | query }}{{ .Labels.subject }}${affected}: ${words} {{ end }}`;
  return more === undefined ? faults.trimEnd() : `${faults}${more}`;
}
