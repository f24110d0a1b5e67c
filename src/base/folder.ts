import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Makes the folder and those above it. Not `mkdirSync(recursive)`: below /proc that never returns (seen in Node 24). Throws what mkdir throws. */
export function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let at = resolve(path); ; at = dirname(at)) {
    try {
      mkdirSync(at);
      break;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST" || code === "EISDIR") break;
      if (code !== "ENOENT" || at === dirname(at) || missing.length > 64) throw error;
      // Its parent is missing too, or does not take folders at all: then making the parent says so.
      if (missing.at(-1) === at) throw error;
      missing.push(at);
    }
  }
  for (const folder of missing.toReversed()) mkdirSync(folder);
}
