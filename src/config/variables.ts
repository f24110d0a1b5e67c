/** `${VAR}` and `${VAR:-default}` in values, and the dotenv files that variables may come from. */
import { parseEnv } from "node:util";
import type { Problem } from "./issue.ts";

export type Env = Readonly<Record<string, string | undefined>>;

/** Of its own: `${__proto__}` is no variable. */
export const lookUp = (env: Env, name: string): string | undefined => (Object.hasOwn(env, name) ? env[name] : undefined);

/** Variables and headers with such a name hold something to hide; `x-portkey-provider: openai` does not. */
export const SECRET_NAME = /(?:(?:^|[-_.]|api|access|private)key|secret|token|passw|authorization|cookie)(?!.*_file$)/i;

/** Values of the variables that hold something to hide, by their names. */
export const secretsIn = (env: Env): string[] =>
  Object.entries(env).flatMap(([name, value]) => (SECRET_NAME.test(name) && value !== undefined && value !== "" ? [value] : []));

// Node's parser knows quotes, comments and `export`, but takes a byte order mark for part of the first name.
export const parseEnvText = (text: string): Env => parseEnv(text.replace(/^\uFEFF/, ""));

const REFERENCE = /\$\$|\$\{([^{}]*)(\}?)/g;
const INSIDE = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;
// A whole value `$NAME` is a shell habit; it would otherwise go out as a password.
const BARE = /^\$([A-Z_][A-Z0-9_]+)$/;

function resolve(inside: string, closed: boolean, env: Env): string | Problem {
  const [, name, fallback] = INSIDE.exec(inside) ?? [];
  if (!closed || name === undefined) {
    const expected = `\${NAME} or \${NAME:-default}`;
    return { found: "a variable reference that cannot be read", expected, fix: "write it so, or $$ for a dollar sign" };
  }
  const value = lookUp(env, name);
  if (value !== undefined && value !== "") return value;
  if (fallback !== undefined) return fallback;
  return {
    found: `variable ${name}, which is ${value === undefined ? "not set" : "empty"}`,
    expected: `a value for ${name}`,
    fix: `set it in the environment or in a file given with --env-file, or write \${${name}:-default}`,
  };
}

/** The text with its variables' values, or what is wrong with the first one that has none. `$$` is a dollar sign. */
export function substitute(text: string, env: Env): string | Problem {
  const bare = BARE.exec(text)?.[1];
  if (bare !== undefined) {
    return { found: `$${bare}`, expected: "braces around a variable's name", fix: `write \${${bare}}, or $$${bare} for this very text` };
  }
  let problem: Problem | undefined;
  const replaced = text.replaceAll(REFERENCE, (match, inside: string | undefined, closed: string | undefined) => {
    if (match === "$$") return "$";
    const value = resolve(inside ?? "", closed === "}", env);
    if (typeof value === "string") return value;
    problem ??= value;
    return "";
  });
  return problem ?? replaced;
}

/** Names of the variables a text asks for. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(REFERENCE)].flatMap(([, inside]) => INSIDE.exec(inside ?? "")?.[1] ?? []);
}
