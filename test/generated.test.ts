import { expect, test } from "vitest";
import { stale } from "../src/generate.ts";

test("every generated file is as the code would make it now (npm run generate)", () => {
  expect(stale()).toEqual([]);
});
