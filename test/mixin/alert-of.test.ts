import { expect, test } from "vitest";
import { type Kind, kinds, type Owner, ownerOf, reasonNames } from "../../src/core/reason.ts";
import { alertOf, faultAlertNames, type Share, sharesOf } from "../../src/mixin/alerts/reasons.ts";

const shares = faultAlertNames.map((name) => ({ name, shares: sharesOf(name) }));

/** By the rules' own word: the alerts whose share takes such a fault. */
function takers(fault: Parameters<typeof alertOf>[0]): readonly string[] {
  const place = fault.kind === undefined ? "network" : fault.kind === "credential" && fault.owner === "provider" ? "providers" : fault.kind;
  const takes = ({ reasons, places, down }: Share): boolean =>
    reasons.includes(fault.reason) && places.includes(place) && (down === undefined || down === fault.down);
  return shares.filter((one) => one.shares.some(takes)).map(({ name }) => name);
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
  const otherwise = faults.filter((fault) => takers(fault).join() !== (alertOf(fault) ?? ""));
  expect(otherwise).toEqual([]);
  expect(alertOf({ reason: "ok", kind: "model", owner: "prober", down: false })).toBeUndefined();
  expect(alertOf({ reason: "dns", owner: "network", down: true })).toBe("NetworkUnreachable");
  expect(alertOf({ reason: "key_limit", kind: "credential", owner: "money", down: false })).toBe("ApiKeyLimitLow");
});
