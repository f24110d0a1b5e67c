/** Reading the files a config consists of: itself, dotenv files, secret files. A file that cannot be read is a Problem. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { checksum } from "../base/checksum.ts";
import type { Problem } from "./issue.ts";

export interface FileText {
  readonly text: string;
  /** Others than its owner may read it; never known on Windows. */
  readonly open: boolean;
}

/** Reads a file; the same one always the same way. */
export type ReadText = (file: string) => FileText | Required<Problem>;

/** Reads files, and remembers which, and what they were. */
export function createReadText(): { readonly readText: ReadText; readonly files: FileStamps } {
  const files = new Map<string, string>();
  return { readText: (file) => readText(file, (stamp) => files.set(file, stamp)), files };
}

/** Names of files, each with what tells one content from another. */
export type FileStamps = ReadonlyMap<string, string>;

/** Stamp of a file that could not be read. */
export const UNREADABLE = "";

export const LARGEST_BYTES = 1024 * 1024;

const BY_CODE: Readonly<Record<string, Required<Problem>>> = {
  ENOENT: { found: "no such file", expected: "a file", fix: "make it, or correct its name" },
  ENOTDIR: { found: "no such file", expected: "a file", fix: "correct its name" },
  EISDIR: { found: "a directory", expected: "a file", fix: "name the file inside it" },
  EAGAIN: { found: "a pipe into which nobody writes", expected: "a file", fix: "name a file, or see what should write into it" },
  EACCES: { found: "a file that may not be read", expected: "permission to read it", fix: "let the user who runs this read it" },
};

function decode(bytes: Buffer): string | Required<Problem> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // PowerShell's `>` writes UTF-16 with a byte order mark.
    const utf16 = bytes[0] === 0xff || bytes[0] === 0xfe;
    return { found: utf16 ? "UTF-16 text" : "bytes that are not UTF-8", expected: "UTF-8 text", fix: "save it with the encoding UTF-8" };
  }
}

const PIPE_WAIT_MS = 10;
// Two seconds: a daemon must not stand still for a pipe into which nobody writes.
const PIPE_WAITS = 200;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** What is there now; of a pipe whose writer is slow, what comes within two seconds, else it throws EAGAIN. */
function readSome(handle: number, bytes: Buffer, length: number): number {
  for (let waits = 0; ; waits += 1) {
    try {
      return readSync(handle, bytes, length, bytes.length - length, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || waits >= PIPE_WAITS) throw error;
      Atomics.wait(sleeper, 0, 0, PIPE_WAIT_MS);
    }
  }
}

/** A device or a pipe may have no end, and no size. */
function readAtMost(handle: number, limit: number): Buffer {
  const bytes = Buffer.alloc(limit);
  let length = 0;
  while (length < limit) {
    const read = readSome(handle, bytes, length);
    if (read === 0) break;
    length += read;
  }
  return bytes.subarray(0, length);
}

function readOpened(handle: number, seen: (stamp: string) => void): FileText | Required<Problem> {
  const stat = fstatSync(handle);
  if (stat.isDirectory()) return BY_CODE.EISDIR ?? unreadable("EISDIR");
  const bytes = readAtMost(handle, LARGEST_BYTES + 1);
  if (bytes.length > LARGEST_BYTES) return { found: "more than 1 MiB", expected: "at most 1 MiB", fix: "see whether it is the right file" };
  seen(checksum(bytes));
  const text = decode(bytes);
  const open = process.platform !== "win32" && (stat.mode & 0o077) !== 0;
  return typeof text === "string" ? { text, open } : text;
}

const unreadable = (code: string): Required<Problem> => ({
  found: `a file that cannot be read (${code})`,
  expected: "a readable file",
  fix: "see whether it is the right file",
});

function readText(file: string, seen: (stamp: string) => void): FileText | Required<Problem> {
  let handle: number | undefined;
  seen(UNREADABLE);
  try {
    // Or it would wait, and all else with it, until somebody writes into a named pipe.
    handle = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    return readOpened(handle, seen);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    return BY_CODE[code] ?? unreadable(code);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}
