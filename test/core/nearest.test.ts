import { expect, test } from "vitest";
import { nearest } from "../../src/core/nearest.ts";

const CATALOGUE = [
  "qwen/qwen3-coder",
  "qwen/qwen3-coder:free",
  "qwen/qwen3-coder-30b-a3b-instruct",
  "qwen/qwen2.5-vl-72b-instruct:free",
  "google/gemini-2.0-flash-exp:free",
  "google/gemini-2.5-flash",
  "google/gemma-3-27b-it:free",
  "moonshotai/kimi-k2",
  "moonshotai/kimi-k2:free",
  "deepseek/deepseek-chat-v3.1:free",
  "deepseek/deepseek-r1",
  "deepseek/deepseek-r1:free",
  "meta-llama/llama-3.3-70b-instruct:free",
  "openai/gpt-4o-mini",
].map((id) => ({ id, free: id.endsWith(":free") }));

const best = (id: string, preferFree = true): string | undefined => nearest(id, CATALOGUE, preferFree)[0]?.id;

test.each([
  // The three of the first user's bad night.
  ["qwen/qwen3-coder-480b", "qwen/qwen3-coder:free"],
  ["moonshot/kimi-dev-72b", "moonshotai/kimi-k2:free"],
  ["deepseek/deepseek-r1-70b", "deepseek/deepseek-r1:free"],
  // A missing variant, a missing author, a typo, a wrong case, a dead version.
  ["google/gemini-2.0-flash", "google/gemini-2.0-flash-exp:free"],
  ["gemma-3-27b-it", "google/gemma-3-27b-it:free"],
  ["deepsek/deepseek-chat-v3.1", "deepseek/deepseek-chat-v3.1:free"],
  ["Qwen/Qwen3-Coder", "qwen/qwen3-coder:free"],
  ["deepseek/deepseek-chat-v3", "deepseek/deepseek-chat-v3.1:free"],
])("%s probably means %s", (wrong, right) => expect(best(wrong)).toBe(right));

test("where models may cost something, the paid one with the same name comes first", () => {
  expect(best("qwen/qwen3-coderr", false)).toBe("qwen/qwen3-coder");
});

test("each proposal says why", () => {
  expect(nearest("moonshot/kimi-k2", CATALOGUE, true)[0]?.why).toBe("the author is moonshotai, not moonshot; its free variant");
});

test("nothing alike, nothing proposed", () => {
  expect(nearest("zzz/unheard-of", CATALOGUE, true)).toEqual([]);
});
