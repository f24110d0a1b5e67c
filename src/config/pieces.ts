/**
 * The values a config is made of, each with its own words: `title` is what an issue expects and what the docs call the type,
 * `examples` are what an issue proposes, `writeOnly` (JSON Schema's word) marks a secret.
 */
import { z } from "zod";
import { cronProblem } from "../base/cron.ts";
import { parseDuration } from "../base/duration.ts";
import type { Every } from "../core/probe.ts";
import type { Problem } from "./issue.ts";

function isProblem<R>(read: R): read is R & Problem {
  return typeof read === "object" && read !== null && "fix" in read;
}

/** A schema from a function that reads a text, or says what is wrong with it. Follow it with `.meta({ title, examples })`. */
export function reading<R>(read: (text: string) => R) {
  return z.string().transform((text, context): Exclude<R, Problem> => {
    const value = text === "" ? { found: "an empty text", fix: "write a value, or remove the key" } : read(text);
    if (!isProblem(value)) return value as Exclude<R, Problem>;
    context.addIssue({ code: "custom", params: { ...value } });
    return z.NEVER;
  });
}

/** `${NAME}`, as an example of a value. */
export const variable = (name: string): string => `\${${name}}`;

export const text = z.string().min(1).meta({ title: "text" });

// Beyond it is a typing slip, and Date arithmetic on it would overflow.
const LONGEST_SECONDS = 3650 * 86_400;

function seconds(text: string): number | Problem {
  const amount = parseDuration(text);
  if (amount === undefined) {
    const bare = /^\d+(\.\d+)?$/.test(text);
    return { fix: bare ? `add a unit: ${text}s or ${text}m` : "write an amount and a unit: ms, s, m, h, d or w" };
  }
  if (amount <= 0) return { expected: "a duration above zero", fix: "write a longer one" };
  return amount > LONGEST_SECONDS ? { expected: "a duration of at most 3650d", fix: "write a shorter one" } : amount;
}

/** Text to seconds. */
export const duration = reading(seconds).meta({ title: "a duration", examples: ["90s", "5m"] });

// A cron expression's finest grain is a second too.
const SHORTEST_EVERY_SECONDS = 1;

function schedule(text: string): Every | Problem {
  if (/\s/.test(text.trim())) {
    const wrong = cronProblem(text);
    if (wrong === undefined) return { cron: text.trim() };
    return { expected: "a duration, or 5 or 6 cron fields: [second] minute hour day month weekday", fix: `correct it: ${wrong}` };
  }
  const amount = seconds(text);
  if (isProblem(amount)) return amount;
  return amount < SHORTEST_EVERY_SECONDS ? { expected: "at least 1s", fix: "write a longer duration" } : { seconds: amount };
}

/** Text to `{ seconds }` or `{ cron }`. */
export const every = reading(schedule).meta({ title: "a duration or a cron expression", examples: ["5m", "*/10 * * * *"] });

const ONE_WORD = /^[\x21-\x7e]+$/;

/** A secret; `object()` lets it come from a file too, as `<key>_file`. Printable ASCII: anything else would break the HTTP header it goes into. */
export const secretText = reading((text) => {
  if (ONE_WORD.test(text)) return text;
  return {
    found: `a secret of ${text.length} characters with a space, a line break or a letter outside ASCII in it`,
    expected: "one word",
    fix: "copy it again, alone",
  };
}).meta({ title: "a secret", writeOnly: true });

// RFC 9110: a field name is a token.
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

/** They are the connection's own: set by hand, the answer never comes, or is taken for another's. */
const OF_THE_CONNECTION = new Set([
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function headerProblem(name: string, content: string): Problem | undefined {
  if (!HEADER_NAME.test(name)) return { found: "a name that no header can have", expected: "letters, digits and -", fix: "rename it" };
  if (!HEADER_VALUE.test(content))
    return { found: "a value with a line break or a letter outside ASCII", expected: "a header's value", fix: "write one line of ASCII" };
  if (!OF_THE_CONNECTION.has(name.toLowerCase())) return undefined;
  return { found: "a header that each request sets for itself", expected: "a header of your own", fix: "remove it" };
}

/** HTTP header names to values. */
export const headers = z
  .record(z.string(), z.string().meta({ writeOnly: true }))
  .superRefine((value, context) => {
    for (const [name, content] of Object.entries(value)) {
      const problem = headerProblem(name, content);
      if (problem !== undefined) context.addIssue({ code: "custom", path: [name], params: { ...problem } });
    }
  })
  .meta({ title: "header names and values", examples: [{ "X-Team": "search" }] });

/** As OpenRouter writes them, `author/name[:variant]`; other APIs have plain names. */
export const modelId = reading((text) => {
  if (/^[a-z]+:\/\//i.test(text)) return { fix: `write the id alone: ${text.split("/").slice(-2).join("/")}` };
  return ONE_WORD.test(text) ? text : { fix: "write the id without spaces, as the API lists it" };
}).meta({ title: "a model id", examples: ["qwen/qwen3-coder:free"] });

/** Source: the S3 User Guide's rules for general purpose buckets. */
export const bucketName = reading((text) => {
  const fits = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(text) && !text.includes("..") && !/^\d+(\.\d+){3}$/.test(text);
  if (fits) return text;
  return {
    expected: "a bucket name: 3 to 63 of a-z, 0-9, - and ., with a letter or digit at both ends",
    fix: "write it as the storage lists it, without s3:// and without a path",
  };
}).meta({ title: "a bucket name", examples: ["my-files"] });
