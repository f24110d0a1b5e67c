/** Text that looks like text: model descriptions, answers, trains of thought. */
import { pick, type Random } from "../random.ts";

const CLAIMS = [
  "is a mixture-of-experts language model trained for long-horizon agentic work, tool calling and repository-scale code reasoning.",
  "balances speed and accuracy for production workloads such as summarisation, extraction, classification and multi-turn assistance.",
  "was post-trained with reinforcement learning on verifiable tasks and follows structured output formats closely.",
  "supports more than thirty languages and keeps its quality over the whole of its context window.",
  "is an efficient dense model with grouped-query attention, meant for low latency and high throughput serving.",
  "extends its predecessor with better instruction following, fewer refusals and a refreshed knowledge base.",
  "reaches competitive scores on MMLU-Pro, LiveCodeBench and AIME while activating only a fraction of its parameters per token.",
  "is suited to retrieval-augmented generation, code completion, data analysis and creative writing.",
] as const;

/** About 700 characters, as the real descriptions: it is they that make the list half a megabyte. */
export function describe(name: string, random: Random): string {
  return Array.from({ length: 6 }, (_, index) => `${index === 0 ? name : "The model"} ${pick(random, CLAIMS)}`).join(" ");
}

// Some beyond ASCII, so that a TCP split can fall inside a character.
const ANSWER =
  "The service answers as expected and every part of it is reachable right now — nothing unusual to report. Привет from the other side, a naïve but honest sentence follows another one, and the café is open 🙂 while the model keeps on talking in plain words";
const THOUGHT =
  "Okay, the user wants a short reply. Let me think about what is asked here, whether anything is hidden in it, and how to put it briefly. First the simple reading, then the edge cases, then the answer";

/** Tokens of running text: words with their leading space, endless by repetition. */
function tokens(text: string, count: number): string[] {
  const words = text.split(" ");
  return Array.from({ length: count }, (_, index) => `${index === 0 ? "" : " "}${words[index % words.length]}`);
}

export const answerTokens = (count: number): string[] => tokens(ANSWER, count);
export const thoughtTokens = (count: number): string[] => tokens(THOUGHT, count);
/** Text without spaces, such as JSON, in pieces of a few characters. */
export const crumbs = (text: string): string[] => text.match(/.{1,6}/gsu) ?? [];
/** Any text as tokens, joining back to itself. */
export const tokenise = (text: string): string[] => text.match(/\s*\S+/g) ?? [];
