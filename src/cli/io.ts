/** Where a command writes, and what the other end can show. */
import { styleText } from "node:util";
import type { Redactor } from "../base/redact.ts";

export interface Io {
  /** The answer itself: what a script reads. */
  out(text: string): void;
  /** Progress, warnings, errors: what a person reads. */
  err(text: string): void;
  /** Whether `out` goes to a terminal. */
  readonly terminal: boolean;
  /** Whether `err` goes to a terminal: only there does progress move. */
  readonly live: boolean;
  readonly colour: boolean;
  /** How wide the terminal at `out` is; undefined where there is none, 0 where it does not tell. */
  readonly columns?: number | undefined;
  /** Knows every secret that this process has read: the log, what is told of a failure, and a crash go through it. */
  readonly redactor: Redactor;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the user or the system asks the program to end. */
  readonly stop: AbortSignal;
  /** Calls back at each SIGHUP; returns what ends that. */
  onHangUp(callback: () => void): () => void;
}

/** Resolves when the program is asked to end. */
export const untilStopped = ({ stop }: Pick<Io, "stop">): Promise<void> =>
  new Promise((done) => (stop.aborted ? done() : stop.addEventListener("abort", () => done(), { once: true })));

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

export const paint = (io: Pick<Io, "colour">, style: Style, text: string): string =>
  io.colour ? styleText(style, text, { validateStream: false }) : text;

/** Exit codes (interface.md §1). */
export const EXIT = { ok: 0, down: 1, usage: 2, bug: 70 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
