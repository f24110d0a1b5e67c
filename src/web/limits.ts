/** How much, and how long, a client may. */
import type { ListenerLimits } from "./listener.ts";

export interface Limits extends ListenerLimits {
  readonly urlCharacters: number;
  readonly bodyBytes: number;
  readonly connections: number;
  /** Answers one connection may wait for: who pipelines more wants to fill our memory. */
  readonly answersPerConnection: number;
  /** How long a client may take to read its answer. */
  readonly answerMs: number;
}

/** Nothing this server takes is larger or slower: queries are short, and only a reload has a body, which is not read. */
export const LIMITS: Limits = {
  urlCharacters: 2048,
  headerBytes: 8192,
  bodyBytes: 1024,
  headersMs: 10_000,
  requestMs: 15_000,
  idleMs: 72_000,
  lookMs: 1000,
  answerMs: 30_000,
  connections: 256,
  answersPerConnection: 8,
  streams: 16,
};
