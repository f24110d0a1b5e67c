/** What a probe kind contributes to the config: one top-level key that maps names to entries. */
import type { z } from "zod";
import type { Kind } from "../core/reason.ts";

export interface Section {
  /** The top-level key: `models`, `buckets`, `apps`. */
  readonly key: string;
  readonly kind: Kind;
  /** Schema of one entry, made with `object()` and `entryFields` from schema.ts. */
  readonly entry: z.ZodType;
  /** An entry that is plain text means `{ [shorthand]: text }`. */
  readonly shorthand?: string;
  /** Names of the targets that an entry brings beside its own, from its settings as the schema puts them out. */
  also?(name: string, settings: unknown): readonly string[];
  /** One sentence for the docs. */
  readonly summary: string;
}
