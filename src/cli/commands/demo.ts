import type { Simulator } from "../../simulator/index.ts";
import { type Command, flag, type Invocation, list } from "../command.ts";
import { EXIT, type ExitCode, type Io, paint, untilStopped } from "../io.ts";
import type { Programs, Stack } from "../stack/stack.ts";

// The first page comes as in earnest; nobody waits ten minutes to see that it is over.
const STACK_TIME_SCALE = 0.1;

const chapter = (io: Io, title: string, lines: Readonly<Record<string, string>>): string => {
  const rows = Object.entries(lines).map(([name, value]) => `  ${paint(io, "dim", name.padEnd(12))} ${value}\n`);
  return `\n${paint(io, "bold", title)}\n${rows.join("")}`;
};

/** The programs that --stack needs; undefined after the complaint was printed. */
async function programsFor(io: Io): Promise<Programs | undefined> {
  const { findPrograms } = await import("../stack/stack.ts");
  const found = findPrograms(io.env.PATH ?? "");
  if (!("length" in found)) return found;
  io.err(
    `demo --stack starts Prometheus and Alertmanager, and does not find ${found.join(" and ")} on the PATH.\n` +
      "Install what is missing (Debian: apt-get install prometheus prometheus-alertmanager), or run demo without --stack.\n",
  );
  return undefined;
}

async function raise(programs: Programs, daemonUrl: string, io: Io): Promise<Stack> {
  const [{ startStack }, { pageText }] = await Promise.all([import("../stack/stack.ts"), import("../stack/page-text.ts")]);
  const stack = await startStack({
    programs,
    daemon: new URL(daemonUrl).host,
    timeScale: STACK_TIME_SCALE,
    onPage: (page) => page.receiver !== "heartbeat" && io.out(`\n${pageText(page, io)}\n`),
  });
  io.out(chapter(io, "Paging", { Prometheus: `${stack.prometheusUrl}/alerts`, Alertmanager: stack.alertmanagerUrl }));
  io.out("  Pages (critical) and tickets (warning) appear below as Alertmanager sends them. A page comes as fast as in earnest,\n");
  io.out("  and is over ten times as soon.\n");
  return stack;
}

async function run(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation;
  const [{ startSimulator }, { areFaults }] = await Promise.all([import("../../simulator/index.ts"), import("../demo/describe.ts")]);
  const faults = list(invocation, "fault");
  if (!areFaults(faults, io)) return EXIT.usage;
  const programs = flag(invocation, "stack") ? await programsFor(io) : undefined;
  if (flag(invocation, "stack") && programs === undefined) return EXIT.usage;
  // Seven free models every five seconds would spend a real account's day in twelve minutes.
  const simulator = await startSimulator({ freeRequestsPerMinute: null, freeRequestsPerDay: 1_000_000 });
  try {
    return await watch(invocation, simulator, { faults, ...(programs === undefined ? {} : { programs }) });
  } finally {
    await simulator.stop();
  }
}

interface Wanted {
  readonly faults: readonly string[];
  readonly programs?: Programs;
}

async function watch(invocation: Invocation, simulator: Simulator, { faults, programs }: Wanted): Promise<ExitCode> {
  const { io } = invocation;
  const [{ describeSimulator, switchOn }, { startWatching }] = await Promise.all([
    import("../demo/describe.ts"),
    import("../demo/watching.ts"),
  ]);
  io.out("Starting OpenRouter, S3 and an application on loopback, and llm-healthd watching them …\n");
  const watching = await startWatching(simulator, invocation);
  if (watching === undefined) return EXIT.usage;
  const { daemon, complete } = watching;
  let stack: Stack | undefined;
  try {
    await Promise.race([complete, untilStopped(io)]);
    if (io.stop.aborted) return EXIT.ok;
    const { url } = daemon;
    io.out(chapter(io, "llm-healthd", { "status page": `${url}/`, metrics: `${url}/metrics`, API: `${url}/api/v1/targets` }));
    io.out(`\n${describeSimulator(simulator, io)}`);
    if (programs !== undefined) stack = await raise(programs, daemon.url, io);
    if (io.stop.aborted) return EXIT.ok;
    if (faults.length > 0) {
      switchOn(simulator, faults);
      io.out(`\n${paint(io, "yellow", "●")} fault ${faults.join(", ")} is on now; watch what llm-healthd says:\n\n`);
    }
    io.out(paint(io, "dim", `${faults.length > 0 ? "" : "\n"}Changes appear below. Ctrl-C ends it.\n\n`));
    await untilStopped(io);
  } finally {
    await stack?.stop();
    await daemon.stop();
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
    {
      flags: "--stack",
      says: "also start the installed Prometheus and Alertmanager with the shipped rules, and print each page as it comes",
    },
    { flags: "--listen <host:port>", says: "where to serve; default: 127.0.0.1:10556, or any free port when that is taken" },
    {
      flags: "--log-level <level>",
      says: "write the daemon's log too, from this level on",
      choices: ["trace", "debug", "info", "warn", "error", "fatal"],
    },
    { flags: "--log-format <format>", says: "default: pretty on a terminal, json elsewhere", choices: ["json", "pretty"] },
  ],
  examples: [
    "llm-healthd demo",
    "llm-healthd demo --fault key",
    "llm-healthd demo --stack --fault key",
    "llm-healthd demo --fault storage --log-level error",
  ],
  exits: "0 ended by a signal, 2 wrong usage",
  run,
};
