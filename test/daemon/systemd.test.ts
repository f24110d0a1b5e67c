import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createLog } from "../../src/base/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { tellSystemd } from "../../src/daemon/systemd.ts";
import type { Standing } from "../../src/web/options.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { findProgram, until } from "../support/programs.ts";

let folder: string;
let clock: FakeClock;
let standing: Standing;
let logged: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "healthd-systemd-"));
  clock = createFakeClock();
  standing = { ok: true };
  logged = "";
});
afterEach(() => rmSync(folder, { recursive: true }));

function tell(env: Readonly<Record<string, string | undefined>>): () => Promise<void> {
  const stream = new PassThrough();
  stream.on("data", (chunk) => (logged += String(chunk)));
  const log = createLog({ level: "info", redactor: createRedactor(), stream });
  return tellSystemd({ env, clock, log, alive: () => standing });
}

describe("what systemd-notify is asked to say", () => {
  const words = (): string[] =>
    existsSync(join(folder, "said")) ? readFileSync(join(folder, "said"), "utf8").split("\n").slice(0, -1) : [];
  const said = (...expected: string[]) =>
    until(() => words().toSorted().join() === expected.toSorted().join(), `it to say ${expected}`, 8_000);
  const ENV = { WATCHDOG_USEC: "60000000" };
  beforeEach(() => {
    writeFileSync(join(folder, "systemd-notify"), `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >>"${folder}/said"\n`);
    chmodSync(join(folder, "systemd-notify"), 0o755);
  });
  const env = (over: Record<string, string> = {}) => ({ PATH: `${folder}:/bin:/usr/bin`, NOTIFY_SOCKET: "/run/x", ...over });

  test("ready, fed three times a minute, stopping", async () => {
    const farewell = tell(env(ENV));
    await said("/run/x READY=1", "/run/x WATCHDOG=1");
    await clock.advance(20_000);
    await said("/run/x READY=1", "/run/x WATCHDOG=1", "/run/x WATCHDOG=1");
    await farewell();
    expect(words().at(-1)).toBe("/run/x STOPPING=1");
    expect(clock.pending).toBe(0);
    expect(logged).toBe("");
  });

  test("not fed while probing stands still, and the log says why", async () => {
    const farewell = tell(env(ENV));
    await said("/run/x READY=1", "/run/x WATCHDOG=1");
    standing = { ok: false, why: "site has been due for 2m" };
    await clock.advance(120_000);
    expect(logged).toContain("site has been due for 2m");
    await farewell();
    expect(words().toSorted()).toEqual(["/run/x READY=1", "/run/x STOPPING=1", "/run/x WATCHDOG=1"]);
  });

  test("without a watchdog nothing is fed; without systemd nothing is said", async () => {
    const farewell = tell(env());
    await said("/run/x READY=1");
    expect(clock.pending).toBe(0);
    await farewell();
    rmSync(join(folder, "said"));
    await tell({ PATH: folder, ...ENV })();
    expect(words()).toEqual([]);
  });

  test("where the program is missing it is said once, and nothing breaks", async () => {
    const farewell = tell({ PATH: "/nonexistent", NOTIFY_SOCKET: "/run/x", ...ENV });
    await clock.advance(60_000);
    await farewell();
    expect(logged.match(/systemd-notify failed/g)).toHaveLength(1);
  });
});

/** systemd's end of the socket, which Node cannot open. */
const RECEIVER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True: print(s.recv(4096).decode().strip(), flush=True)
`;
const python = findProgram("python3");
// Not everywhere there is systemd is there CI: what can be proven without it is proven above.
if (python !== undefined && findProgram("systemd-notify") !== undefined) {
  test("a real socket hears it, through the real systemd-notify", async () => {
    const socket = join(folder, "notify");
    const receiver: ChildProcess = spawn(python, ["-c", RECEIVER, socket], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      let heard = "";
      receiver.stdout?.on("data", (chunk) => (heard += String(chunk)));
      await until(() => heard.includes("bound"), "the receiver");
      const farewell = tell({ PATH: process.env.PATH, NOTIFY_SOCKET: socket, WATCHDOG_USEC: "3000000" });
      await until(() => heard.includes("READY=1") && heard.includes("WATCHDOG=1"), "ready and fed");
      await farewell();
      await until(() => heard.includes("STOPPING=1"), "stopping");
      expect(logged).toBe("");
    } finally {
      receiver.kill();
    }
  });
}
