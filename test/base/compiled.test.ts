import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "compiled-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const { NODE_COMPILE_CACHE: _, ...env } = process.env;
const version = (more: Readonly<Record<string, string>>): string =>
  execFileSync(process.execPath, ["--", MAIN, "--version"], { encoding: "utf8", env: { ...env, ...more } });
const kept = (place: string): boolean => existsSync(place) && readdirSync(place).length > 0;

test("what was compiled is kept in the user's cache folder", () => {
  expect(version({ XDG_CACHE_HOME: join(folder, "cache") })).toMatch(/\d+\.\d+\.\d+/);
  expect(kept(join(folder, "cache", "llm-healthd"))).toBe(true);
  version({ XDG_CACHE_HOME: "cache", HOME: folder });
  expect(kept(join(folder, ".cache", "llm-healthd"))).toBe(true);
});

test("not where others can write, nor through a link, nor where NODE_COMPILE_CACHE names another place", () => {
  const own = join(folder, "llm-healthd");
  mkdirSync(own);
  chmodSync(own, 0o777);
  version({ XDG_CACHE_HOME: folder });
  expect(kept(own)).toBe(false);
  rmSync(own, { recursive: true });
  mkdirSync(join(folder, "elsewhere"));
  symlinkSync("elsewhere", own);
  version({ XDG_CACHE_HOME: folder });
  expect(kept(own)).toBe(false);
  version({ XDG_CACHE_HOME: join(folder, "unused"), NODE_COMPILE_CACHE: join(folder, "named") });
  expect([kept(join(folder, "unused")), kept(join(folder, "named"))]).toEqual([false, true]);
});

test("where nothing can be kept, it starts all the same", () => {
  writeFileSync(join(folder, "file"), "");
  expect(version({ XDG_CACHE_HOME: join(folder, "file") })).toMatch(/\d+\.\d+\.\d+/);
  expect(version({ XDG_CACHE_HOME: "/proc/nowhere" })).toMatch(/\d+\.\d+\.\d+/);
});
