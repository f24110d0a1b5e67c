/** Reads what a query asks of the history, or says what is wrong with it. Nothing the client sent is repeated. */
import { parseDuration } from "../base/duration.ts";
import { type Reason, reasonNames } from "../core/reason.ts";
import { type Answer, type Ask, json, refusal } from "./route.ts";

/** What a parameter means, or why it means nothing. */
type Read<T> = { readonly value: T } | { readonly wrong: string };

const PATH = "/api/";
const bad = (why: string): Answer => refusal(PATH, 400, why);

export const target = (text: string): Read<string> => ({ value: text });

export function code(text: string): Read<number> {
  if (!/^\d{1,3}$/.test(text)) return { wrong: "a status code of up to three digits, such as 429; 0 where nothing answered" };
  return { value: Number(text) };
}

export function reason(text: string): Read<Reason> {
  const found = reasonNames.find((name) => name === text);
  return found === undefined ? { wrong: `one of ${reasonNames.join(", ")}` } : { value: found };
}

/** A duration back from now, or a moment. */
export const since =
  (now: number) =>
  (text: string): Read<number> => {
    const seconds = parseDuration(text);
    if (seconds !== undefined) return { value: Math.max(0, now - seconds * 1000) };
    // Nothing but ISO 8601 in UTC: whatever else Date reads, it reads in this machine's time zone.
    const moment = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
    if (Number.isNaN(moment)) return { wrong: "a duration such as 2h, or a time such as 2026-11-24T08:00:00Z" };
    return { value: moment };
  };

export const limit =
  (most: number) =>
  (text: string): Read<number> => {
    const value = /^\d{1,6}$/.test(text) ? Number(text) : 0;
    return value >= 1 && value <= most ? { value } : { wrong: `a whole number from 1 to ${most}` };
  };

type Readers = Readonly<Record<string, (text: string) => Read<unknown>>>;
type Values<R extends Readers> = { readonly [Name in keyof R]?: R[Name] extends (text: string) => Read<infer T> ? T : never };

/** The values of the parameters that are there; a parameter that nobody reads is refused, for a misspelt one would be a wrong answer. */
export function readQuery<R extends Readers>(
  query: Ask["query"],
  readers: R,
): { readonly values: Values<R> } | { readonly refused: Answer } {
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(query)) {
    const read = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (read === undefined) return { refused: bad(`Unknown parameter; there are ${Object.keys(readers).join(", ")}.`) };
    if (typeof text !== "string") return { refused: bad(`${name}: given more than once; once is expected.`) };
    const found = read(text);
    if ("wrong" in found) return { refused: bad(`${name}: expected ${found.wrong}.`) };
    values[name] = found.value;
  }
  return { values: values as Values<R> };
}

/** A history that cannot be read is no bug. */
export function answerFrom(read: () => unknown, redact: (text: string) => string): Answer {
  try {
    return json(read(), redact);
  } catch (error) {
    return refusal(PATH, 503, redact(`The history cannot be read now: ${(error as Error).message}.`));
  }
}
