/** Whatever the daemon finds, one alert takes it, and one look alone wakes nobody. */
import { beforeAll, describe, expect, test } from "vitest";
import { ownerOf, reasonNames } from "../../src/core/reason.ts";
import { alertOf, faultAlertNames, isKind, type Place, places } from "../../src/mixin/alerts/reasons.ts";
import { missing } from "../support/programs.ts";
import { HERE, metric, type Series } from "./cases/case.ts";
import { type SeenFault, seriesOf } from "./cases/faults.ts";
import { type Expectation, inputs, judge, quickGroups } from "./promtool.ts";

/** Every fault that there can be, each of a daemon of its own. */
const faults = reasonNames
  .filter((reason) => reason !== "ok")
  .flatMap((reason) =>
    places.flatMap((place) => [true, false].map((down) => ({ ...faultAt(place, reason), down, instance: `${reason}/${place}/${down}` }))),
  );

function faultAt(place: Place, reason: SeenFault["reason"]): SeenFault {
  if (place === "network") return { reason, subject: "network", owner: "network" };
  const kind = isKind(place) ? place : "credential";
  const owner = place === "providers" ? "provider" : ownerOf(reason, kind);
  const credential = kind === "bucket" || kind === "app" ? {} : { credential: "openrouter" };
  return { reason, subject: "it", kind, owner, ...credential };
}

const takers = (matches: string): string =>
  `count by (instance, alertname) (ALERTS{alertstate="firing", alertname=~"${faultAlertNames.join("|")}"${matches}})`;
const world = (name: string, series: readonly Series[], tests: readonly object[]): Expectation => ({
  name,
  interval: "1m",
  input_series: inputs(series, 0),
  promql_expr_test: tests,
});
const seen = (times: number): Series[] => faults.flatMap((fault) => seriesOf(fault, () => times));

const taken = faults.map(({ instance, ...fault }) => {
  const { reason, kind, owner = "network", down } = fault;
  const alertname = alertOf({ reason, owner, down, ...(kind && { kind }) });
  return { labels: `{instance="${instance}", alertname="${alertname}"}`, value: 1 };
});

/** A key of which its own probe says 401, so many times in a row. */
const onTrial = (looks: number, convicted: boolean): Series[] => {
  const key = { kind: "credential", target: "openrouter", credential: "openrouter" } as const;
  return [
    ...seriesOf({ reason: "unauthorized", subject: "openrouter", kind: "credential", credential: "openrouter" }, () => 9),
    metric("healthd_probe_status_code", key, 401),
    metric("healthd_probe_consecutive_failures", key, looks),
    ...(convicted ? [metric("healthd_key_valid", { credential: "openrouter" }, 0)] : []),
  ];
};
const ofKey = (count: number): object => ({
  expr: takers(""),
  eval_time: "0m",
  exp_samples: count === 0 ? [] : [{ labels: `{instance="${HERE.instance}", alertname="ApiKeyRejected"}`, value: 1 }],
});

const expectations: Readonly<Record<string, Expectation>> = {
  "nine looks: each fault, whatever its reason, is taken by the one alert of the table": world("nine", seen(9), [
    { expr: takers(""), eval_time: "0m", exp_samples: taken },
  ]),
  "one look: no fault, whatever its reason, is taken by any": world("one", seen(1), [
    { expr: takers(""), eval_time: "0m", exp_samples: [] },
  ]),
  "while a key is on trial, nobody is woken by what its models say": world("trial", onTrial(2, false), [ofKey(0)]),
  "a key that its trial has convicted wakes somebody": world("convicted", onTrial(3, true), [ofKey(1)]),
  "a trial without an end is not waited for": world("endless", onTrial(8, false), [ofKey(1)]),
};

const why = missing("promtool");

describe.skipIf(why !== undefined)(`reasons${why === undefined ? "" : `: ${why}`}`, () => {
  test("there is every reason in every place", () => expect(faults.length).toBe((reasonNames.length - 1) * places.length * 2));

  let said = new Map<string, string>();
  beforeAll(() => {
    said = new Map(
      Object.entries(expectations).map(([name, one]) => [
        name,
        [...judge({ minutes: 1, groups: quickGroups.slice(0, 1), expectations: [one] }).values()].join(""),
      ]),
    );
  }, 60_000);
  test.each(Object.keys(expectations))("%s", (name) => expect(said.get(name)).toBe(""));
});
