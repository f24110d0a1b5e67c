import { readFileSync } from "node:fs";
import { PACKAGE_FILE } from "../base/package.ts";

/** The package's version, from its package.json. */
export const VERSION: string = (JSON.parse(readFileSync(PACKAGE_FILE, "utf8")) as { version: string }).version;
