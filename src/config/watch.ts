/**
 * Tells when one of the files that a config was read from has another content now. It asks every few seconds and reads: editors rename,
 * Kubernetes swaps a link three folders up, network disks send no events, and all of them show in what can be read.
 */
import { promises } from "node:fs";
import { checksum } from "../base/checksum.ts";
import { type Clock, pause } from "../base/clock.ts";
import { type FileStamps, LARGEST_BYTES, UNREADABLE } from "./files.ts";

export interface WatchOptions {
  readonly clock: Clock;
  /** As they were when the config was last read. */
  files(): FileStamps;
  /** Called once for a content; again when it changes once more, or `files` still tells the old one. */
  changed(): void;
}

const EVERY_MS = 2000;

/** Undefined where asking would change something or tell nothing: a pipe is read only once. */
async function stampNow(file: string): Promise<string | undefined> {
  try {
    const facts = await promises.stat(file);
    if (facts.isFile()) return facts.size > LARGEST_BYTES ? UNREADABLE : checksum(await promises.readFile(file));
    return facts.isDirectory() ? UNREADABLE : undefined;
  } catch {
    return UNREADABLE;
  }
}

/** The files whose content is another one now, with what it is; empty when there are none. */
async function changesOf(files: FileStamps): Promise<string> {
  const now = await Promise.all([...files].map(async ([file, stamp]) => ({ file, stamp, now: await stampNow(file) })));
  return now
    .filter((one) => one.now !== undefined && one.now !== one.stamp)
    .map((one) => `${one.file} ${one.now}`)
    .join("\n");
}

/** Returns what ends it. A change counts when two looks in a row agree on it: a file that is being written is let be. */
export function watchFiles({ clock, files, changed }: WatchOptions): () => void {
  const ended = new AbortController();
  const watch = async (): Promise<void> => {
    let before = "";
    while (!ended.signal.aborted) {
      await pause(clock, EVERY_MS, ended.signal);
      const now = await changesOf(files());
      if (ended.signal.aborted) return;
      if (now !== "" && now === before) changed();
      before = now;
    }
  };
  void watch();
  return () => ended.abort();
}
