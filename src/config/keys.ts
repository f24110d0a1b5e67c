/** The shape of an OpenRouter key, and what usually went wrong when it is not there. Says of a key its length and at most three characters. */
import type { Problem } from "./issue.ts";

// openrouter-api §1: keys begin so; their length is no promise.
export const KEY_PREFIX = "sk-or-v1-";

const SLIPS: readonly (readonly [RegExp, string])[] = [
  [/^["']/, "remove the quotes that are part of it (env files of docker run keep them)"],
  [/^sk-ant-/, "this looks like an Anthropic key: make one at openrouter.ai/settings/keys"],
  [/^sk-or-/, "copy it again, whole"],
  [/^sk-/, "this looks like an OpenAI key: set `flavor: openai`, or make one at openrouter.ai/settings/keys"],
  [/^OPENROUTER_|^[A-Z]+_[A-Z_]+$/, `this looks like a variable's name: write it as \${NAME}`],
];

// Of a shorter text three characters would be too much of it.
const LONG_ENOUGH_TO_QUOTE = 20;

export function keyProblem(key: string): Required<Problem> | undefined {
  if (key.startsWith(KEY_PREFIX) && key.length > KEY_PREFIX.length) return undefined;
  const start = key.length >= LONG_ENOUGH_TO_QUOTE ? ` that begins with ${JSON.stringify(key.slice(0, 3))}` : "";
  return {
    found: `a key of ${key.length} characters${start}`,
    expected: `an OpenRouter key, which begins with ${KEY_PREFIX}`,
    fix: SLIPS.find(([shape]) => shape.test(key))?.[1] ?? "copy it again from openrouter.ai/settings/keys",
  };
}
