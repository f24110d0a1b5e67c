/** A daemon in this process that watches the simulator and tells a person what it sees. */
import { loadConfig } from "../../config/load.ts";
import { type Daemon, startDaemon } from "../../daemon/daemon.ts";
import { sections } from "../../probes/index.ts";
import type { Simulator } from "../../simulator/index.ts";
import { type Invocation, text } from "../command.ts";
import { listenOverride } from "../listen.ts";
import { logFor } from "../log-for.ts";
import { demoConfig } from "./config-text.ts";
import { followRecords } from "./rounds.ts";

const FIRST_CHOICE = "127.0.0.1:10556";

export interface Watching {
  readonly daemon: Daemon;
  /** Every target has been looked at once. */
  readonly complete: Promise<void>;
}

/** Undefined after the complaint was printed. */
export async function startWatching(simulator: Simulator, invocation: Invocation): Promise<Watching | undefined> {
  const { io } = invocation;
  const read = () => loadConfig({ file: "demo.yaml", text: demoConfig(simulator), sections, env: {} });
  const loaded = read();
  if (!loaded.ok) throw new Error("the demo's own config is wrong");
  const { config } = loaded;
  const listen = listenOverride(text(invocation, "listen") ?? FIRST_CHOICE, config, io);
  const opened = await logFor({ ...invocation, options: { logLevel: "fatal", ...invocation.options } }, config);
  if (listen === undefined || opened === undefined) return undefined;
  const follow = followRecords(config.credentials.length * 2 + config.entries.length, io);
  const options = { ...opened, config, read, sinks: [follow], historyPath: ":memory:" };
  let started = await startDaemon({ ...options, listen });
  // The demo must also run beside a daemon that already has the usual port.
  if (!started.ok && text(invocation, "listen") === undefined) started = await startDaemon({ ...options, listen: { ...listen, port: 0 } });
  if (started.ok) return { daemon: started.daemon, complete: follow.complete };
  io.err(`${started.why}\n`);
  return undefined;
}
