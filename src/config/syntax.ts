/** YAML's syntax errors in our words. The parser's own messages quote the source, which may be a secret. */
import type { ErrorCode } from "yaml";
import type { Problem } from "./issue.ts";

type Words = Readonly<Required<Problem>>;
const words = (found: string, expected: string, fix: string): Words => ({ found, expected, fix });

const QUOTES = "put the value in quotes if it holds : # { } [ ] , & * ! | > % @ ` \" or '";
const OTHER = words("text that is no YAML here", "`key: value` lines", QUOTES);

const BY_CODE: Partial<Record<ErrorCode, Words>> = {
  TAB_AS_INDENT: words("a tab", "spaces for indentation", "replace the tab with spaces"),
  BAD_INDENT: words(
    "a line indented differently from its neighbours",
    "the same indentation for keys of one mapping",
    "align it, and close what was opened above",
  ),
  MISSING_CHAR: words("a quote, bracket, comma or colon that is missing", "it here", "close what was opened above, or write `key: value`"),
  BAD_DQ_ESCAPE: words("an unknown escape in double quotes", 'a backslash only before n, t, " and the like', "use 'single quotes'"),
  BAD_SCALAR_START: words("a value that begins with a reserved character", "plain text", QUOTES),
  BLOCK_IN_FLOW: words("indented lines inside { } or [ ]", "values on one line", "take the brackets away, or write it on one line"),
  BLOCK_AS_IMPLICIT_KEY: words("a mapping inside a value", "one `key: value` a line", QUOTES),
  MULTILINE_IMPLICIT_KEY: words("a key that goes over several lines", "`key: value` on one line", "look for a missing colon here or above"),
  MULTIPLE_DOCS: words("a second document", "one", "remove the line ---"),
  TAG_RESOLVE_FAILED: words("an unknown tag (!name)", "a plain value", "remove the tag, or put the value in quotes"),
  BAD_ALIAS: words("an alias (*name) that names nothing", "an anchor (&name) before it", "put a text that begins with * in quotes"),
  RESOURCE_EXHAUSTION: words("too much nesting or too many aliases", "a plain config", "write it out"),
};

const UNQUOTED_VARIABLE = words("a variable without quotes inside { } or [ ]", "quotes around it", `write "\${NAME}"`);

/** Words for what only follows from something else that is wrong. */
export const isConfusion = (problem: Required<Problem>): boolean => problem === OTHER;

/** Git's marks of a conflict that nobody settled, and what to say of them in place of all that they break. */
export const CONFLICT_MARK = /^(?:<{7}|={7}|>{7})(?= |$)/m;
export const CONFLICT = words(
  "the marks of a merge conflict",
  "the file as it is to be",
  "settle it, and remove the lines <<<<<<<, ======= and >>>>>>>",
);

/** `at` is the source from the error's place on, `line` the line it is in. */
export function syntaxProblem(code: ErrorCode, at: string, line: string): Words {
  if (code === "DUPLICATE_KEY") {
    const key = /^["']?[\w.-]+["']?/.exec(at)?.[0] ?? "a key";
    return words(`the key ${key} again`, "every key once in a mapping", "remove one of them, or rename it");
  }
  if (code === "UNEXPECTED_TOKEN" && /[{[].*\$\{/.test(line)) return UNQUOTED_VARIABLE;
  return BY_CODE[code] ?? OTHER;
}
