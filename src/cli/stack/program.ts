/** Starts programs that are installed on this machine, waits until they serve, and ends what it started. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pause, systemClock } from "../../base/clock.ts";

export interface Program {
  readonly url: string;
  stop(): Promise<void>;
}

const LOOK_AGAIN_MS = 50;
const READY_WITHIN_MS = 30_000;
// A terminated Prometheus writes its head to disk first; what takes longer than this hangs.
const STOP_WITHIN_MS = 10_000;

/**
 * A shell between the program and us: when our end of its stdin is closed, be it because we were killed, it terminates the program.
 * Itself terminated, it kills it.
 */
const GUARD = `exec 3<&0
"$@" 3<&- </dev/null & program=$!
{ read -r _ <&3; kill "$program"; } & watch=$!
trap 'kill -KILL "$program"' TERM
wait "$program"; status=$?
kill "$watch" 2>/dev/null
exit "$status"`;

const runs = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** Full path of the first of these names that is on the PATH. */
export const findProgram = (path: string, ...names: readonly string[]): string | undefined =>
  names.flatMap((name) => path.split(delimiter).map((folder) => join(folder, name))).find(runs);

/** A port of the loopback interface that was free a moment ago. */
export function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer().once("error", reject);
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no free port"))));
  });
  return promise;
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );

type Guarded = ChildProcessByStdio<Writable, null, Readable>;

async function end(child: Guarded): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  child.once("exit", () => resolve());
  child.stdin.end();
  const cancel = systemClock.after(STOP_WITHIN_MS, () => child.kill("SIGTERM"));
  await gone;
  cancel();
}

/** Rejects with the end of what the program wrote when it stops, or does not serve `/-/ready` in time. */
export async function startProgram(file: string, listen: string, args: readonly string[]): Promise<Program> {
  const command = ["-c", GUARD, "sh", file, `--web.listen-address=${listen}`, ...args];
  // Detached from the terminal: its Ctrl-C is for us, who end the programs one after the other.
  const child = spawn("/bin/sh", command, { stdio: ["pipe", "ignore", "pipe"], detached: true });
  let written = "";
  let failed: Error | undefined;
  child.once("error", (error) => (failed = error));
  child.stderr.on("data", (chunk) => (written = (written + String(chunk)).slice(-2000)));
  const url = `http://${listen}`;
  const deadline = systemClock.monotonic() + READY_WITHIN_MS;
  while (!(await answers(`${url}/-/ready`))) {
    if (failed !== undefined || child.exitCode !== null || systemClock.monotonic() > deadline) {
      await end(child);
      throw new Error(`${file} does not serve ${url}: ${failed?.message ?? written}`);
    }
    await pause(systemClock, LOOK_AGAIN_MS);
  }
  return { url, stop: () => end(child) };
}
