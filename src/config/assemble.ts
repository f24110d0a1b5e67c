/** From a file that was parsed to what the rest of the program gets: each credential and entry on its own, then all together. */
import { z } from "zod";
import type { Config, Credential, Entry, Flavor, Timing } from "./config.ts";
import { keyProblem } from "./keys.ts";
import {
  type Add,
  claimNames,
  credentialIssues,
  credentialOf,
  type EntryOutput,
  type Item,
  needsIssues,
  timingIssue,
} from "./references.ts";
import { credential, defaults, type Root } from "./schema.ts";
import { beside } from "./secrets.ts";
import type { Section } from "./section.ts";
import { type AnySchema, fieldsOf, isMapping, READ_ONCE, schemaAt, valueAt } from "./shape.ts";

type ReadCredential = z.output<typeof credential>;

/** The parts of a file as far as each can be read, whatever is wrong with the others. */
export interface Parts {
  readonly credentialNames: readonly string[];
  readonly credentials: ReadonlyMap<string, ReadCredential>;
  readonly items: readonly Item[];
  readonly defaults: Timing;
}

const entriesOf = (value: unknown, key: string): [string, unknown][] => {
  const section = isMapping(value) ? value[key] : undefined;
  return isMapping(section) ? Object.entries(section) : [];
};

export function readParts(value: unknown, root: AnySchema, sections: readonly Section[]): Parts {
  const named = entriesOf(value, "credentials");
  const credentials = named.flatMap(([name, raw]) => {
    const { data } = credential.safeParse(raw, READ_ONCE);
    return data === undefined ? [] : [[name, data] as const];
  });
  const items = sections.flatMap((section) =>
    entriesOf(value, section.key).map(([name, raw]): Item => {
      const path = [section.key, name];
      // By contract entry schemas are made with `object()` and `entryFields`.
      const read = z.safeParse(schemaAt(root, path) ?? section.entry, raw, READ_ONCE).data as EntryOutput | undefined;
      const also = read === undefined ? [] : (section.also?.(name, read) ?? []);
      return { path, name, kind: section.kind, read, usesCredential: fieldsOf(section.entry).has("credential"), also };
    }),
  );
  const timing = defaults.safeParse(valueAt(value, ["defaults"]) ?? {}, READ_ONCE).data ?? defaults.parse({});
  return {
    credentialNames: named.map(([name]) => name),
    credentials: new Map(credentials),
    items,
    defaults: { every: timing.every, timeoutSeconds: timing.timeout },
  };
}

function timingOf(read: EntryOutput, otherwise: Timing): Timing {
  return { every: read.every ?? otherwise.every, timeoutSeconds: read.timeout ?? otherwise.timeoutSeconds };
}

function timingIssues(parts: Parts, value: unknown, add: Add): void {
  timingIssue(parts.defaults, ["defaults"], value, add);
  for (const [name, { every, timeout, catalog }] of parts.credentials) {
    timingIssue({ every, timeoutSeconds: timeout }, ["credentials", name], value, add);
    timingIssue({ every: catalog.every, timeoutSeconds: catalog.timeout }, ["credentials", name, "catalog"], value, add);
  }
  for (const { read, path } of parts.items) {
    // What comes from the defaults alone was said there.
    if (read?.every === undefined && read?.timeout === undefined) continue;
    timingIssue(timingOf(read, parts.defaults), path, value, add);
  }
}

function keyIssues(value: unknown, add: Add): void {
  for (const [name, raw] of entriesOf(value, "credentials")) {
    if (!isMapping(raw) || (raw.flavor ?? "openrouter") !== "openrouter") continue;
    const key = raw.api_key;
    // With a space in it the schema has said so already.
    const wrong = typeof key === "string" && /^\S+$/.test(key) ? keyProblem(key) : undefined;
    if (wrong !== undefined) add(["credentials", name, "api_key"], wrong);
  }
}

function shardIssue(value: unknown, add: Add): void {
  const index = valueAt(value, ["shard", "index"]) ?? 0;
  const total = valueAt(value, ["shard", "total"]) ?? 1;
  if (typeof index !== "number" || typeof total !== "number" || total < 1 || index < total) return;
  const expected = `an index below total, which is ${total}`;
  add(["shard", "index"], { found: `the number ${index}`, expected, fix: `count from 0: the last one is ${total - 1}` });
}

/** Every issue that only shows between the parts. */
export function crossIssues(parts: Parts, value: unknown, sections: readonly Section[], add: Add): void {
  const names = claimNames(parts.credentialNames, parts.items, add);
  if (isMapping(value) && names.size === 0 && parts.items.length === 0 && parts.credentialNames.length === 0) {
    const keys = ["credentials", ...sections.map(({ key }) => key)].join(", ");
    add([], { found: "nothing to look at", expected: `an entry under one of ${keys}`, fix: "add one" }, "key");
  }
  keyIssues(value, add);
  credentialIssues(parts.items, parts.credentialNames, add);
  needsIssues(parts.items, [...names.keys()], add);
  timingIssues(parts, value, add);
  shardIssue(value, add);
}

// openrouter-api, head; OpenAI's API reference.
const BASE_URLS: Readonly<Record<Flavor, string>> = { openrouter: "https://openrouter.ai/api/v1", openai: "https://api.openai.com/v1" };

function toCredential(name: string, read: ReadCredential): Credential {
  const { flavor, apiKey, baseUrl, headers, every, timeout, catalog } = read;
  return {
    name,
    flavor,
    apiKey,
    baseUrl: baseUrl ?? BASE_URLS[flavor],
    headers,
    every,
    timeoutSeconds: timeout,
    catalog: { every: catalog.every, timeoutSeconds: catalog.timeout },
  };
}

function toEntry(item: Item, read: EntryOutput, parts: Parts): Entry {
  const { every, timeout, needs = [], ...settings } = read;
  return {
    kind: item.kind,
    name: item.name,
    needs,
    also: item.also,
    ...timingOf(read, parts.defaults),
    settings: item.usesCredential ? { ...settings, credential: credentialOf(item, parts.credentialNames) } : settings,
  };
}

/** Of a file without issues. Paths of other files in it become relative to the working directory, as `file` is. */
export function assemble(
  file: string,
  folder: string,
  root: Root,
  parts: Parts,
  secrets: readonly string[],
): Omit<Config, "text" | "proxy"> {
  const { budget, policy, web, log, history, shard } = root;
  return {
    file,
    credentials: [...parts.credentials].map(([name, read]) => toCredential(name, read)),
    entries: parts.items.flatMap((item) => (item.read === undefined ? [] : [toEntry(item, item.read, parts)])),
    budget,
    policy,
    web: web.configFile === undefined ? web : { ...web, configFile: beside(folder, web.configFile) },
    log,
    history: { path: history.path, keepSeconds: history.keep },
    shard,
    secrets,
  };
}
