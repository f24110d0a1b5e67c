/**
 * Loads the built program's files with what V8 compiled of them at an earlier start: every function that ran then. Node's own compile cache keeps a
 * module as it is before it runs, and V8 compiles most functions when they are called (decision 0026). Whatever stands in the way, it starts without.
 */
import { lstatSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { constants, Script } from "node:vm";
import { checksum } from "./checksum.ts";
import { makeFolder } from "./folder.ts";

/** What was compiled of one file, and of which text: V8 itself only compares lengths. */
interface Compiled {
  readonly textSum: string;
  readonly data: Uint8Array;
}

const SUM_BYTES = 4;
// Twenty times what there is to keep.
const MOST_BYTES = 64 * 1024 * 1024;

/** Each command of each version of each program leaves one of a megabyte: those of all commands, twice. */
const MOST_FILES = 24;
/** As boot.ts names them: Node's version, architecture, program, command. The folder may be Node's own cache, too. */
const NAMED_BY_US = /^v\d+(?:\.\d+){2}-\w+-[0-9a-f]{8}-[a-z]+$/;

const WRITABLE_BY_OTHERS = 0o022;

/** What lies there will be run: nobody else may have put it there. */
function isOurs(folder: string): boolean {
  const { uid, mode } = lstatSync(folder);
  return uid === process.getuid?.() && (mode & WRITABLE_BY_OTHERS) === 0;
}

/**
 * The user's folder for it; undefined where there can be none: a home that is none, a disk that is full or cannot be written.
 * @param cacheHome `$XDG_CACHE_HOME`; a relative one counts as unset, as its specification says
 */
export function cacheFolder(cacheHome: string | undefined): string | undefined {
  try {
    const folder = join(cacheHome !== undefined && isAbsolute(cacheHome) ? cacheHome : join(homedir(), ".cache"), "llm-healthd");
    makeFolder(folder);
    return isOurs(folder) ? folder : undefined;
  } catch {
    return undefined;
  }
}

const isCompiled = (entry: unknown): entry is Compiled =>
  typeof entry === "object" && entry !== null && "textSum" in entry && "data" in entry && entry.data instanceof Uint8Array;

/** By the files' names. Before its body the file holds the body's check sum. */
function read(file: string): Map<string, Compiled> {
  try {
    // A pipe, or a link to /dev/zero, would be read for ever.
    const there = lstatSync(file);
    if (!there.isFile() || there.size > MOST_BYTES) return new Map();
    const bytes = readFileSync(file);
    const body = bytes.subarray(SUM_BYTES);
    const all: unknown = bytes.toString("hex", 0, SUM_BYTES) === checksum(body) ? deserialize(body) : undefined;
    // Whatever is in it: it may be another version's.
    if (all instanceof Map && [...all.values()].every(isCompiled)) return all as Map<string, Compiled>;
  } catch {
    // The first start.
  }
  return new Map();
}

function discard(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // Where nothing can be written there is nothing to discard: the folder is a file, or closed to us.
  }
}

function write(file: string, all: Map<string, Compiled>): void {
  const body = serialize(all);
  // In one step: whoever reads it meanwhile, or after a crash, finds the old one or the new one.
  const aside = `${file}.${process.pid}`;
  try {
    writeFileSync(aside, Buffer.concat([Buffer.from(checksum(body), "hex"), body]));
    renameSync(aside, file);
    prune(dirname(file));
  } catch {
    // A full disk: the next start compiles again.
    discard(aside);
  }
}

/** Only the latest stay. */
function prune(folder: string): void {
  try {
    const own = readdirSync(folder).filter((name) => NAMED_BY_US.test(name));
    if (own.length <= MOST_FILES) return;
    const written = own.map((name) => ({ file: join(folder, name), at: lstatSync(join(folder, name)).mtimeMs }));
    for (const { file } of written.toSorted((one, other) => other.at - one.at).slice(MOST_FILES)) discard(file);
  } catch {
    // Another process is at it as well.
  }
}

const WRAPPER = ["(function (exports, require, module, __filename, __dirname) {", "\n})"] as const;
type Wrapped = (exports: object, require: (id: string) => unknown, module: { exports: object }, file: string, folder: string) => void;

/** Modules of Node's that many starts have no use for, and that would take a tenth of their time. */
const LATE = /^(?:node:)?(?:crypto|https|tls)$/;

/** Looks like the module, which is loaded by the first look. */
const late = (load: () => object): object =>
  new Proxy(
    {},
    {
      get: (_, name) => Reflect.get(load(), name),
      has: (_, name) => Reflect.has(load(), name),
      ownKeys: () => Reflect.ownKeys(load()),
      getOwnPropertyDescriptor(_, name) {
        const own = Reflect.getOwnPropertyDescriptor(load(), name);
        return own && { ...own, configurable: true };
      },
    },
  );

/**
 * Runs a CommonJS file and what it requires, now and later.
 * @param kept the file that holds what was compiled; undefined: none
 * @returns to be called when it has run for a while: writes down what was compiled, one file of the program at each step
 */
export function runCompiled(entry: string, kept: string | undefined): () => Generator<void> {
  const known = kept === undefined ? new Map<string, Compiled>() : read(kept);
  const fresh = new Map<string, { readonly script: Script; readonly textSum: string }>();
  const modules = new Map<string, { exports: object }>();
  const requireNow = createRequire(entry);
  const requireOutside = (id: string): unknown => (LATE.test(id) ? late(() => requireNow(id)) : requireNow(id));

  function load(file: string): object {
    const loaded = modules.get(file);
    if (loaded !== undefined) return loaded.exports;
    const bytes = readFileSync(file);
    const textSum = checksum(bytes);
    const before = known.get(basename(file));
    const script = new Script(WRAPPER.join(bytes.toString("latin1")), {
      filename: file,
      columnOffset: -WRAPPER[0].length,
      cachedData: before?.textSum === textSum ? before.data : undefined,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    if (before?.textSum !== textSum || script.cachedDataRejected) fresh.set(file, { script, textSum });
    const module = { exports: {} };
    modules.set(file, module);
    const folder = dirname(file);
    const require = (id: string): unknown => (id.startsWith(".") ? load(join(folder, id)) : requireOutside(id));
    try {
      (script.runInThisContext() as Wrapped)(module.exports, require, module, file, folder);
    } catch (error) {
      modules.delete(file);
      throw error;
    }
    return module.exports;
  }

  load(entry);
  return function* keep() {
    if (kept === undefined || fresh.size === 0) return;
    for (const [file, { script, textSum }] of fresh) {
      known.set(basename(file), { textSum, data: script.createCachedData() });
      fresh.delete(file);
      yield;
    }
    write(kept, known);
  };
}
