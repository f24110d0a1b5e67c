/** Secrets in a config: read from `<key>_file` where it says so, and collected, so that nothing ever prints them. */
import { isAbsolute, join } from "node:path";
import type { ReadText } from "./files.ts";
import type { Path, Problem } from "./issue.ts";
import { KEY_PREFIX } from "./keys.ts";
import { type AnySchema, isMapping, notesOf, visitObjects } from "./shape.ts";
import type { Source } from "./source.ts";
import { SECRET_NAME } from "./variables.ts";

export interface SecretsFound {
  /** Every secret value. */
  readonly values: Set<string>;
  /** Where one came from a file, or should have. */
  readonly fromFile: Path[];
  /** Where one stands, from wherever. */
  readonly places: Path[];
  readonly problems: (readonly [Path, Required<Problem>])[];
}

/** A path in the config is relative to the config file. */
export const beside = (folder: string, file: string): string => (isAbsolute(file) ? file : join(folder, file));

/** Where the files of a config are, and how they are read. */
export interface Files {
  readonly folder: string;
  readonly readText: ReadText;
}

function fromFile(file: unknown, { folder, readText }: Files): string | Required<Problem> {
  if (typeof file !== "string" || file === "") return { found: "no file name", expected: "a file name", fix: "write where the secret is" };
  const read = readText(beside(folder, file));
  if (!("text" in read)) return { ...read, found: `${read.found} at ${JSON.stringify(file)}` };
  const secret = read.text.replace(/(?:\r?\n)+$/, "");
  return secret === ""
    ? { found: `an empty file ${JSON.stringify(file)}`, expected: "a secret in it", fix: "write the secret into it" }
    : secret;
}

function takeFile(value: Record<string, unknown>, path: Path, key: string, files: Files, found: SecretsFound): void {
  const fileKey = `${key}_file`;
  if (!Object.hasOwn(value, fileKey)) return;
  const place = [...path, fileKey];
  if (Object.hasOwn(value, key)) {
    found.problems.push([place, { found: `${key} and ${fileKey}`, expected: "one of them", fix: "remove one" }]);
  } else {
    const secret = fromFile(value[fileKey], files);
    if (typeof secret === "string") value[key] = secret;
    else found.problems.push([place, secret]);
    found.fromFile.push([...path, key]);
  }
  delete value[fileKey];
}

/** The bare prefix of keys, which stands in every sentence about them, and a proxy without a password. */
const hidesNothing = (secret: string): boolean => secret === "" || secret === KEY_PREFIX || /^https?:\/\/[^@]*$/.test(secret);

function takeField(value: Record<string, unknown>, path: Path, key: string, files: Files, found: SecretsFound): void {
  takeFile(value, path, key, files, found);
  const secret = value[key];
  if (typeof secret === "string" && hidesNothing(secret)) return;
  if (typeof secret === "string") found.values.add(secret);
  if (secret !== undefined) found.places.push([...path, key]);
}

// `search`, `2023-06-01` and `application/json` are none; a mixture of letters and digits as long as this is.
const LOOKS_SECRET = /^(?=.*[A-Za-z])(?=.*\d)(?!.*:\/\/)\S{12,}$/;

/** What `Basic dXNlcjpwYXNz` says: the pair, and its password. */
function basicPair(content: string): readonly string[] {
  const [, packed] = /^Basic +(\S+)$/i.exec(content) ?? [];
  if (packed === undefined) return [];
  const pair = Buffer.from(packed, "base64").toString();
  return [pair, pair.slice(pair.indexOf(":") + 1)].filter((text) => text !== "");
}

/** A header such as `Authorization: Bearer X` hides both the whole and the X; any other hides what looks like a secret. */
function learnHeaders(headers: Record<string, unknown>, values: Set<string>): void {
  for (const [name, content] of Object.entries(headers)) {
    if (typeof content !== "string" || content === "") continue;
    if (!SECRET_NAME.test(name) && !LOOKS_SECRET.test(content.split(" ").at(-1) ?? "")) continue;
    values.add(content);
    values.add(content.split(" ").at(-1) ?? content);
    for (const part of basicPair(content)) values.add(part);
  }
}

/** What stands behind the names of a URL's query: tokens travel there. */
function learnQuery(url: unknown, values: Set<string>): void {
  if (typeof url !== "string" || !URL.canParse(url)) return;
  for (const value of new URL(url).searchParams.values()) values.add(value);
}

/** Changes `source.value`: `<key>_file` becomes `<key>`. */
export function takeSecrets(root: AnySchema, source: Source, files: Files): SecretsFound {
  const found: SecretsFound = { values: new Set(), fromFile: [], places: [], problems: [] };
  visitObjects(root, source.value, (fields, object, path) => {
    for (const [key, schema] of fields) {
      if (!notesOf(schema).secret) continue;
      // Beside a variable that is not set, the file is one too many all the same.
      (source.spoiled([...path, key]) ? takeFile : takeField)(object, path, key, files, found);
    }
    if (fields.has("url")) learnQuery(object.url, found.values);
    if (fields.has("headers") && isMapping(object.headers)) learnHeaders(object.headers, found.values);
  });
  return found;
}
