import { createHash } from "node:crypto";

export interface StoredObject {
  readonly key: string;
  readonly bytes: Buffer;
  /** With its quotes, as the header has it. */
  readonly etag: string;
  readonly contentType: string;
  readonly modifiedMs: number;
  /** Names with their x-amz-meta- prefix. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly checksum: readonly [string, string] | undefined;
}

export interface Page {
  readonly objects: readonly StoredObject[];
  /** Where to go on, when there is more. */
  readonly next: string | undefined;
}

/** One bucket in memory. */
export interface Bucket {
  put(object: Omit<StoredObject, "etag" | "modifiedMs">): StoredObject;
  get(key: string): StoredObject | undefined;
  delete(key: string): void;
  list(prefix: string, after: string, limit: number): Page;
}

export function createBucket(now: () => number): Bucket {
  const objects = new Map<string, StoredObject>();
  return {
    put(object) {
      const etag = `"${createHash("md5").update(object.bytes).digest("hex")}"`;
      const stored = { ...object, etag, modifiedMs: now() };
      objects.set(object.key, stored);
      return stored;
    },
    get: (key) => objects.get(key),
    delete: (key) => void objects.delete(key),
    list(prefix, after, limit) {
      const all = [...objects.values()]
        .filter(({ key }) => key.startsWith(prefix) && key > after)
        .toSorted((one, other) => Buffer.compare(Buffer.from(one.key), Buffer.from(other.key)));
      const page = all.slice(0, limit);
      return { objects: page, next: all.length > page.length ? page.at(-1)?.key : undefined };
    },
  };
}
