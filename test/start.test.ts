import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const MAIN = resolve(import.meta.dirname, "../src/daemon/daemon.ts");
/** What Node has loaded of its own and of packages when the daemon's modules are there. */
const SCRIPT = `
await import(${JSON.stringify(MAIN)});
const required = Object.keys((await import("node:module")).default._cache);
console.log(JSON.stringify([...process.moduleLoadList, ...required]));
`;

test("what only some need is not loaded at the start: Node's second HTTP client, HTTP/2, the pretty log", () => {
  const loaded = JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", SCRIPT], { encoding: "utf8" })) as string[];
  expect(loaded.filter((name) => /pino\.js$/.test(name))).not.toEqual([]);
  expect(loaded.filter((name) => /undici|http2|pino-pretty/.test(name))).toEqual([]);
});
