/** The package as it is installed: built files beside the one package that they need. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { folder } from "./scratch.ts";

export const ROOT = resolve(import.meta.dirname, "../../..");

/** As its first line, the image and the systemd unit start it. */
export const FLAGS: readonly string[] = / node (.*) --$/m.exec(readFileSync(join(ROOT, "src/boot.ts"), "utf8"))?.[1]?.split(" ") ?? [];

/** In the environment, as well. */
export const MALLOC: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "32768" };

let main: string | undefined;

/** Its main file; built on the first call. */
export function installed(): string {
  if (main !== undefined) return main;
  const place = join(folder, "installed");
  const bundler = join(ROOT, "node_modules/rolldown/bin/cli.mjs");
  execFileSync(process.execPath, [bundler, "-c", "rolldown.config.ts", "--dir", join(place, "dist")], { cwd: ROOT, stdio: "ignore" });
  for (const name of ["package.json", "docs"]) cpSync(join(ROOT, name), join(place, name), { recursive: true });
  for (const name of production()) cpSync(join(ROOT, name), join(place, name), { recursive: true });
  main = join(place, "dist/main.js");
  return main;
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean; readonly devOptional?: boolean }>>;
}

/** The packages that `npm ci --omit=dev` puts on the disk here: their folders, from the root. */
export function production(): readonly string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as Lock;
  const folders = Object.entries(packages).filter(([path, { dev, devOptional }]) => path !== "" && dev !== true && devOptional !== true);
  // Not there: what is for another platform.
  return folders.map(([path]) => path).filter((path) => existsSync(join(ROOT, path)));
}
