/** Programs nobody here wrote, that the end-to-end suite drives: found on PATH or in .cache/bin, where .ci/run puts what Debian lacks. */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";

const CACHE = resolve(import.meta.dirname, "../../.cache/bin");

/** Full path of the program, or undefined where this machine lacks it. */
export function findProgram(name: string): string | undefined {
  const folders = [CACHE, ...(process.env.PATH ?? "").split(":")];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Why a suite that needs the program does not run, or undefined when it does. In CI a missing program is a failure, not a skip. */
export function missing(...names: string[]): string | undefined {
  const absent = names.filter((name) => findProgram(name) === undefined);
  if (absent.length === 0) return undefined;
  const why = `needs ${absent.join(", ")}, not installed here (.ci/run installs it)`;
  if (process.env.CI !== undefined) throw new Error(why);
  return why;
}

/** A port of the loopback interface that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address !== null ? done(address.port) : failed(new Error("no port"))));
    });
  });
}

export interface Program {
  readonly process: ChildProcess;
  output(): string;
  stop(): Promise<void>;
}

/** Starts it and waits until `ready` holds; fails with its output when it ends before. */
export async function startProgram(
  file: string,
  args: readonly string[],
  ready: () => Promise<boolean>,
  options: { env?: Record<string, string>; cwd?: string } = {},
): Promise<Program> {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], cwd: options.cwd, env: { ...process.env, ...options.env } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`${file} ended with ${child.exitCode}:\n${output}`);
    return ready();
  }, `${file} to be ready`);
  return {
    process: child,
    output: () => output,
    async stop() {
      if (child.exitCode === null) child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Waits for a condition, looking every 20 ms; fails after the limit with what was waited for. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, limitMs = 30_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain for ${what}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

/** Whether the URL answers with a 2xx. */
export async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
