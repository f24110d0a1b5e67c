/** Mistakes that people make with the sections as the probe kinds really have them; test/config has those of the file in general. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatIssue } from "../../src/config/issue.ts";
import { loadConfig } from "../../src/config/load.ts";
import { sections } from "../../src/probes/index.ts";
import { env } from "../config/env.ts";

const folder = join(import.meta.dirname, "bad");

test.each(readdirSync(folder))("%s is told every issue it begins with, in order, and no other", (name) => {
  const file = join(folder, name);
  const expected = [...readFileSync(file, "utf8").matchAll(/^# expect: (.*)$/gm)].map(([, line]) => line);
  const loaded = loadConfig({ file, sections, env });
  const told = loaded.ok
    ? []
    : loaded.issues.map((issue) =>
        formatIssue(issue)
          .slice(file.length)
          .replace(/^[:\s]+/, ""),
      );
  expect(told).toEqual(expected);
  expect(told.length).toBeGreaterThan(0);
});
