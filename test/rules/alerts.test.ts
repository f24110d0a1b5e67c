/** Every alert, by Prometheus' own unit tester: it fires, it stays quiet, and it ends when its data does. */
import { beforeAll, describe, expect, test } from "vitest";
import { alertNames } from "../../src/mixin/alerts.ts";
import { missing } from "../support/programs.ts";
import type { Case } from "./cases/case.ts";
import { faultCases } from "./cases/faults.ts";
import { modelCases } from "./cases/models.ts";
import { ownCases } from "./cases/own.ts";
import { allGroups, type Expectation, firesAndEnds, judge, quickGroups, type Round, staysQuiet } from "./promtool.ts";

const cases = [...faultCases, ...ownCases];
/** Fires whatever is: there is no world in which it is quiet, and no data that it could miss. */
const ALWAYS = "Watchdog";
/** Missing data is what it fires for. */
const OF_NOTHING = "HealthdAbsent";

test("every alert has its cases", () => {
  expect(
    [...cases, ...modelCases]
      .map(({ alert }) => alert)
      .concat(ALWAYS)
      .toSorted(),
  ).toEqual([...alertNames].toSorted());
});

const nothing: Expectation = {
  name: "no data at all",
  interval: "1m",
  input_series: [],
  promql_expr_test: [
    {
      expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
      eval_time: "15m",
      exp_samples: [ALWAYS, OF_NOTHING].map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 })),
    },
  ],
};

const expectationsOf = (some: readonly Case[], minutes: Round["minutes"]): Expectation[] => [
  ...some.map(firesAndEnds(minutes)),
  ...some.map(staysQuiet),
  nothing,
];
const rounds: readonly (Round & { readonly names: readonly string[] })[] = [
  { minutes: 1, groups: quickGroups, expectations: expectationsOf(cases, 1), names: cases.map(({ alert }) => alert) },
  { minutes: 5, groups: allGroups, expectations: expectationsOf(modelCases, 5), names: modelCases.map(({ alert }) => alert) },
];
const why = missing("promtool");

describe.skipIf(why !== undefined)(`promtool test rules${why === undefined ? "" : `: ${why}`}`, () => {
  describe.each(rounds)("every $minutes min", ({ names, ...round }) => {
    let complaints: ReadonlyMap<string, string>;
    // promtool makes a database for each of some hundred expectations: 20 s of CPU alone, three times as long beside the other suites.
    beforeAll(() => {
      complaints = judge(round);
    }, 300_000);
    test.each([...names])("%s fires, stays quiet, and ends with its data", (name) => expect(complaints.get(name) ?? "").toBe(""));
    test("without any data only what fires for that does; nothing else is said", () => {
      const others = [...complaints].filter(([name]) => !(names as readonly string[]).includes(name));
      expect(others).toEqual([]);
    });
  });
});
