import { readFileSync } from "node:fs";

const packageFile = new URL("../../package.json", import.meta.url);

/** The package's version, from its package.json, which stands two folders up in the sources and in dist alike. */
export const VERSION: string = (JSON.parse(readFileSync(packageFile, "utf8")) as { version: string }).version;
