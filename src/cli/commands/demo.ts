import type { Simulator } from "../../simulator/index.ts";
import { type Command, type Invocation, list, text } from "../command.ts";
import { EXIT, type ExitCode, type Io, paint, untilStopped } from "../io.ts";

const FIRST_CHOICE = "127.0.0.1:10556";

function printUrls(url: string, simulator: Simulator, describe: (simulator: Simulator, io: Io) => string, io: Io): void {
  const line = (name: string, value: string): string => `  ${paint(io, "dim", name.padEnd(12))} ${value}\n`;
  io.out(`\n${paint(io, "bold", "llm-healthd")}\n`);
  io.out(line("status page", `${url}/`) + line("metrics", `${url}/metrics`) + line("API", `${url}/api/v1/targets`));
  io.out(`\n${describe(simulator, io)}`);
}

async function run(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation;
  const [
    { startSimulator },
    { describeSimulator, switchOn },
    { demoConfig },
    { followRecords },
    { startDaemon },
    { loadConfig },
    { sections },
  ] = await Promise.all([
    import("../../simulator/index.ts"),
    import("../demo/describe.ts"),
    import("../demo/config-text.ts"),
    import("../demo/rounds.ts"),
    import("../../daemon/daemon.ts"),
    import("../../config/load.ts"),
    import("../../probes/index.ts"),
  ]);
  const [{ logFor }, { listenOverride }] = await Promise.all([import("../log-for.ts"), import("../listen.ts")]);
  // Seven free models every five seconds would spend a real account's day in twelve minutes.
  const simulator = await startSimulator({ freeRequestsPerMinute: null, freeRequestsPerDay: 1_000_000 });
  try {
    const faults = list(invocation, "fault");
    if (!switchOn(simulator, faults, io)) return EXIT.usage;
    simulator.faults.clear();

    const read = () => loadConfig({ file: "demo.yaml", text: demoConfig(simulator), sections, env: {} });
    const loaded = read();
    if (!loaded.ok) throw new Error("the demo's own config is wrong");
    const listen = listenOverride(text(invocation, "listen") ?? FIRST_CHOICE, loaded.config, io);
    if (listen === undefined) return EXIT.usage;
    const opened = logFor({ ...invocation, options: { logLevel: "fatal", ...invocation.options } }, loaded.config);
    if (opened === undefined) return EXIT.usage;
    const { log, redactor } = opened;

    const follow = followRecords(loaded.config.credentials.length * 2 + loaded.config.entries.length, io);
    io.out("Starting OpenRouter, S3 and an application on loopback, and llm-healthd watching them …\n");
    const options = { config: loaded.config, log, redactor, read, sinks: [follow], historyPath: ":memory:" };
    let started = await startDaemon({ ...options, listen });
    // The demo must also run beside a daemon that already has the usual port.
    if (!started.ok && text(invocation, "listen") === undefined)
      started = await startDaemon({ ...options, listen: { ...listen, port: 0 } });
    if (!started.ok) {
      io.err(`${started.why}\n`);
      return EXIT.usage;
    }
    await Promise.race([follow.complete, untilStopped(io)]);
    printUrls(started.daemon.url, simulator, describeSimulator, io);
    if (faults.length > 0) {
      switchOn(simulator, faults, io);
      io.out(`\n${paint(io, "yellow", "●")} fault ${faults.join(", ")} is on now; watch what llm-healthd says:\n\n`);
    }
    io.out(paint(io, "dim", `${faults.length > 0 ? "" : "\n"}Changes appear below. Ctrl-C ends it.\n\n`));
    await untilStopped(io);
    await started.daemon.stop();
  } finally {
    await simulator.stop();
  }
  return EXIT.ok;
}

export const demo: Command = {
  name: "demo",
  summary: "Simulator and daemon on loopback, nothing to configure: see it work, then break something.",
  options: [
    {
      flags: "--fault <name>",
      says: "after the first round, switch this fault on: key (401), model (400), storage (503), … (repeatable)",
      repeatable: true,
    },
    { flags: "--listen <host:port>", says: `where to serve; default: ${FIRST_CHOICE}, or any free port when that is taken` },
    {
      flags: "--log-level <level>",
      says: "write the daemon's log too, from this level on",
      choices: ["trace", "debug", "info", "warn", "error", "fatal"],
    },
    { flags: "--log-format <format>", says: "default: pretty on a terminal, json elsewhere", choices: ["json", "pretty"] },
  ],
  examples: ["llm-healthd demo", "llm-healthd demo --fault key", "llm-healthd demo --fault storage --log-level error"],
  exits: "0 ended by a signal, 2 wrong usage",
  run,
};
