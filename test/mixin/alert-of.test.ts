import { expect, test } from "vitest";
import { type Kind, kinds, type Owner, ownerOf, reasonNames } from "../../src/core/reason.ts";
import { alertOf, faultAlertNames, sharesOf } from "../../src/mixin/alerts/reasons.ts";

/** By the rules' own word: the alerts whose share takes such a fault. */
function takers(fault: Parameters<typeof alertOf>[0]): readonly string[] {
  const place = fault.kind === undefined ? "network" : fault.kind === "credential" && fault.owner === "provider" ? "providers" : fault.kind;
  return faultAlertNames.filter((name) =>
    sharesOf(name).some(
      ({ reasons, places, down }) =>
        reasons.includes(fault.reason) && places.includes(place) && (down === undefined || down === fault.down),
    ),
  );
}

test("a fault leads to the one alert whose rule takes it", () => {
  const of: readonly (Kind | undefined)[] = [...kinds, undefined];
  const faults = reasonNames.flatMap((reason) =>
    of.flatMap((kind) =>
      [true, false].flatMap((down) => {
        const owners: readonly Owner[] = [kind === undefined ? "network" : ownerOf(reason, kind), "provider"];
        return owners.map((owner) => ({ reason, owner, down, ...(kind === undefined ? {} : { kind }) }));
      }),
    ),
  );
  for (const fault of faults) expect({ fault, alerts: takers(fault) }).toEqual({ fault, alerts: [alertOf(fault)].filter(Boolean) });
  expect(alertOf({ reason: "ok", kind: "model", owner: "prober", down: false })).toBeUndefined();
  expect(alertOf({ reason: "dns", owner: "network", down: true })).toBe("NetworkUnreachable");
  expect(alertOf({ reason: "key_limit", kind: "credential", owner: "money", down: false })).toBe("ApiKeyLimitLow");
});
