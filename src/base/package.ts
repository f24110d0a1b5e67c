/** Where the package stands: what comes with it is found from there, by the sources and by the built files alike. */
import { findPackageJSON } from "node:module";
import { pathToFileURL } from "node:url";

const found = findPackageJSON("..", import.meta.url);
if (found === undefined) throw new Error(`no package.json above ${import.meta.url}`);

export const PACKAGE_FILE = pathToFileURL(found);
