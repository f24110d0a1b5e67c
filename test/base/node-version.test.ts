import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { tooOld } from "../../src/base/node-version.ts";

const { engines } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { engines: { node: string } };

test.each(["24.5.0", "24.21.0", "25.0.0", "100.0.1", process.versions.node])("Node %s will do", (version) => {
  expect(tooOld(version)).toBeUndefined();
});

test.each(["20.20.2", "22.99.0", "24.4.9"])("Node %s is told what is needed, as package.json has it", (version) => {
  expect(tooOld(version)).toContain(`needs Node ${engines.node.replace(">=", "")} or later`);
  expect(tooOld(version)).toContain(version);
});
