/** Starts programs that are installed on this machine, waits until they serve, and ends what it started. */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { pause, systemClock } from "../../base/clock.ts";

export interface Program {
  readonly url: string;
  stop(): Promise<void>;
}

const LOOK_AGAIN_MS = 50;
const READY_WITHIN_MS = 30_000;
// A terminated Prometheus writes its head to disk first; what takes longer than this hangs.
const STOP_WITHIN_MS = 10_000;

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

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  child.once("exit", () => resolve());
  child.kill("SIGTERM");
  const cancel = systemClock.after(STOP_WITHIN_MS, () => child.kill("SIGKILL"));
  await gone;
  cancel();
}

/** Rejects with the end of what the program wrote when it stops, or does not serve `/-/ready` in time. */
export async function startProgram(file: string, listen: string, args: readonly string[]): Promise<Program> {
  const child = spawn(file, [`--web.listen-address=${listen}`, ...args], { stdio: ["ignore", "ignore", "pipe"] });
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
