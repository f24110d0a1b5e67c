/** Keeps what V8 made of the program's text for its next start: 40 ms of some 300. Whatever stands in the way, the program starts without. */
import { lstatSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { makeFolder } from "./folder.ts";

const WRITABLE_BY_OTHERS = 0o022;

/** What lies there will be run: nobody else may have put it there. */
function isOurs(folder: string): boolean {
  const { uid, mode } = lstatSync(folder);
  return uid === process.getuid?.() && (mode & WRITABLE_BY_OTHERS) === 0;
}

/** @param cacheHome `$XDG_CACHE_HOME`; a relative one counts as unset, as its specification says */
export function keepCompiled(cacheHome: string | undefined): void {
  try {
    const folder = join(cacheHome !== undefined && isAbsolute(cacheHome) ? cacheHome : join(homedir(), ".cache"), "llm-healthd");
    makeFolder(folder);
    // Not imported: an older Node has no such thing, and would end there (node-version.ts).
    if (isOurs(folder)) process.getBuiltinModule("node:module").enableCompileCache(folder);
  } catch {
    // A home that is none, a disk that is full or cannot be written.
  }
}
