import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { serialize } from "node:v8";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checksum } from "../../src/base/checksum.ts";
import { runCompiled } from "../../src/base/compiled.ts";

const BOOT = resolve(import.meta.dirname, "../../src/boot.ts");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "compiled-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const { NODE_COMPILE_CACHE: _, ...env } = process.env;
const version = (more: Readonly<Record<string, string>>): string =>
  execFileSync(process.execPath, ["--", BOOT, "--version"], { encoding: "utf8", env: { ...env, ...more } });
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

interface Said {
  say(much: boolean): unknown;
  later(): string;
}

/** Writes a program of three files, the last of which is loaded when it is asked for. */
function writeProgram(word: string): string {
  const entry = join(folder, "program.js");
  writeFileSync(entry, 'const { say } = require("./words.js");\nglobalThis.said = { say, later: () => require("./later.js").late };\n');
  const functions = [...Array(50).keys()].map((at) => `f${at}(x) { return { at: ${at}, x, list: [x, ${at}, "text ${at}"] }; }`);
  writeFileSync(
    join(folder, "words.js"),
    `const all = { ${functions.join(",\n")} };\nexports.say = (much) => (much ? Object.values(all).map((f) => f(1)).length : "${word}");\n`,
  );
  writeFileSync(
    join(folder, "later.js"),
    'exports.late = require("node:path").basename(__filename) + " " + require("./words.js").say(false);\n',
  );
  return entry;
}

/** Runs it, and writes down what was compiled. */
function run(entry: string, kept: string | undefined, use: (said: Said) => void = () => undefined): Said {
  const keep = runCompiled(entry, kept);
  const { said } = globalThis as unknown as { said: Said };
  use(said);
  expect([...keep()].every((step) => step === undefined)).toBe(true);
  return said;
}

test("a built program is kept with every function that ran, and only written when there is more to keep", () => {
  const kept = join(folder, "kept");
  const entry = writeProgram("first");
  run(entry, kept);
  const little = statSync(kept);
  rmSync(kept);
  run(entry, kept, ({ say }) => expect(say(true)).toBe(50));
  expect(statSync(kept).size).toBeGreaterThan(little.size + 5000);
  const { ino } = statSync(kept);
  expect(run(entry, kept).say(false)).toBe("first");
  expect(statSync(kept).ino).toBe(ino);
  // A file that was not loaded before.
  expect(run(entry, kept, ({ later }) => later()).later()).toBe("later.js first");
  expect(statSync(kept).ino).not.toBe(ino);
  expect(readdirSync(folder).toSorted()).toEqual(["kept", "later.js", "program.js", "words.js"]);
});

test("the latest two dozen stay, and nothing that is not ours goes", () => {
  const entry = writeProgram("many");
  const names = [...Array(30).keys()].map((at) => `v24.0.${at}-x64-0123abcd-run`);
  for (const [at, name] of names.entries()) {
    writeFileSync(join(folder, name), "old");
    utimesSync(join(folder, name), at, at);
  }
  writeFileSync(join(folder, "v24.0.0-x64-0123abcd-run.txt"), "mine");
  run(entry, join(folder, "v24.1.0-x64-0123abcd-run"));
  const left = readdirSync(folder).filter((name) => name.startsWith("v24"));
  expect(left.toSorted()).toEqual([...names.slice(7), "v24.0.0-x64-0123abcd-run.txt", "v24.1.0-x64-0123abcd-run"].toSorted());
});

test("what is kept of another text is not run, be it of the same length", () => {
  const kept = join(folder, "kept");
  run(writeProgram("first"), kept);
  expect(run(writeProgram("other"), kept).say(false)).toBe("other");
  expect(run(writeProgram("other"), kept).say(false)).toBe("other");
});

/** As a kept file is: the sum of what follows, and that. */
function sealed(content: unknown): Buffer {
  const body = serialize(content);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([sum, body]);
}

const everyEntry = (more: object): Map<string, object> =>
  new Map(["program.js", "words.js", "later.js"].map((name) => [name, { textSum: checksum(readFileSync(join(folder, name))), ...more }]));
const replace = (path: string, make: () => void): void => {
  rmSync(path);
  make();
};

test.each<[string, (kept: string) => void]>([
  ["cut short", (kept) => truncateSync(kept, statSync(kept).size - 100)],
  ["empty", (kept) => truncateSync(kept, 0)],
  ["garbage", (kept) => writeFileSync(kept, "x".repeat(5000))],
  ["another version's", (kept) => writeFileSync(kept, sealed({ version: 2 }))],
  ["another version's inside", (kept) => writeFileSync(kept, sealed(new Map([["program.js", "compiled"]])))],
  ["made for the text, but not by V8", (kept) => writeFileSync(kept, sealed(everyEntry({ data: "compiled" })))],
  ["a link to what never ends", (kept) => replace(kept, () => symlinkSync("/dev/zero", kept))],
  ["a pipe that nobody writes to", (kept) => replace(kept, () => execFileSync("mkfifo", [kept]))],
  ["larger than any program", (kept) => truncateSync(kept, 2 ** 40)],
  [
    "spoiled in one byte",
    (kept) => {
      const bytes = readFileSync(kept);
      const at = bytes.length - 500;
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      writeFileSync(kept, bytes);
    },
  ],
])("a kept file that is %s is made anew", (_name, spoil) => {
  const kept = join(folder, "kept");
  const entry = writeProgram("first");
  run(entry, kept);
  const whole = statSync(kept).size;
  spoil(kept);
  expect(run(entry, kept).say(false)).toBe("first");
  expect(Math.abs(statSync(kept).size - whole)).toBeLessThan(whole / 10);
});

test("without a place to keep it, or one that takes nothing, it runs all the same", () => {
  const entry = writeProgram("first");
  expect(run(entry, undefined).say(false)).toBe("first");
  expect(run(entry, join(folder, "nowhere", "kept")).say(false)).toBe("first");
  mkdirSync(join(folder, "kept"));
  expect(run(entry, join(folder, "kept")).say(false)).toBe("first");
  expect(run(entry, join(folder, "words.js", "kept")).say(false)).toBe("first");
  expect(readdirSync(folder).toSorted()).toEqual(["kept", "later.js", "program.js", "words.js"]);
});

test("an error names the program's own file and place, and a file that failed is tried again", () => {
  const entry = writeProgram("first");
  const said = run(entry, undefined);
  writeFileSync(join(folder, "later.js"), 'throw new Error("not yet");\n');
  expect(() => said.later()).toThrow("not yet");
  try {
    said.later();
  } catch (error) {
    expect((error as Error).stack).toContain(`${join(folder, "later.js")}:1:7`);
  }
  writeProgram("first");
  expect(said.later()).toBe("later.js first");
});

test("Node's slow modules are loaded when something is taken out of them, and look like themselves", () => {
  const entry = join(folder, "program.js");
  writeFileSync(
    entry,
    `const crypto = require("node:crypto"), https = require("https"), tls = require("node:tls");
const loaded = () => ["crypto", "https", "tls"].filter((name) => process.moduleLoadList.includes("NativeModule " + name));
const atStart = loaded();
const sum = crypto.hash("md5", "");
const after = loaded();
const { Agent } = https;
class Own extends Agent {}
const like = ["request", "nothing"].map((name) => [name in https, Object.keys(https).includes(name), typeof { ...https }[name], typeof https[name]]);
process.stdout.write(JSON.stringify({ atStart, sum, after, agent: new Own() instanceof https.Agent, like, tls: tls.DEFAULT_MAX_VERSION }));
`,
  );
  const compiled = JSON.stringify(pathToFileURL(resolve(import.meta.dirname, "../../src/base/compiled.ts")).href);
  const script = `import { runCompiled } from ${compiled};\nrunCompiled(${JSON.stringify(entry)}, undefined);\n`;
  expect(JSON.parse(execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }))).toEqual({
    atStart: [],
    sum: "d41d8cd98f00b204e9800998ecf8427e",
    after: ["crypto"],
    agent: true,
    like: [
      [true, true, "function", "function"],
      [false, false, "undefined", "undefined"],
    ],
    tls: "TLSv1.3",
  });
});
