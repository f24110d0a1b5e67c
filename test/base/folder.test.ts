import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolder } from "../../src/base/folder.ts";
import { createLog } from "../../src/base/log.ts";
import { createRedactor } from "../../src/base/redact.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "healthd-folder-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the folder and those above it are made; one that exists is left alone", () => {
  makeFolder(join(folder, "a/b/c"));
  makeFolder(join(folder, "a/b/c"));
  expect(existsSync(join(folder, "a/b/c"))).toBe(true);
});

test("below a file, and where no folder can be made, it says so and ends", () => {
  writeFileSync(join(folder, "file"), "");
  expect(() => makeFolder(join(folder, "file/x"))).toThrow(/ENOTDIR|EEXIST/);
  expect(() => makeFolder("/proc/nowhere/logs")).toThrow("ENOENT");
});

test("a log whose disk is full costs lines, not the process, and is told on the main stream", () => {
  const lines: string[] = [];
  const log = createLog({
    level: "info",

    redactor: createRedactor(),
    file: "/dev/full",
    stream: { write: (line) => void lines.push(line) },
  });
  log.info("one");
  log.info("two");
  expect(lines.filter((line) => line.includes('"one"') || line.includes('"two"'))).toHaveLength(2);
  expect(lines.filter((line) => line.includes("lines are missing in /dev/full"))).toHaveLength(1);
});
