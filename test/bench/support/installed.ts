/** The package as it is installed: built files beside the production packages. */
import { execFileSync } from "node:child_process";
import { cpSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { folder } from "./scratch.ts";

export const ROOT = resolve(import.meta.dirname, "../../..");

/** As its first line, the image and the systemd unit start it. */
export const FLAGS: readonly string[] = ["--max-semi-space-size=2"];

let main: string | undefined;

/** Its main file; built on the first call. */
export function installed(): string {
  if (main !== undefined) return main;
  const place = join(folder, "installed");
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [compiler, "-p", "tsconfig.build.json", "--outDir", join(place, "dist")], { cwd: ROOT });
  for (const name of ["package.json", "docs"]) cpSync(join(ROOT, name), join(place, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(place, "node_modules"));
  main = join(place, "dist/main.js");
  return main;
}
