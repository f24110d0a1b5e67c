import type { Simulator } from "../../simulator/index.ts";
import { type Command, type Invocation, list, text } from "../command.ts";
import { EXIT, type ExitCode, paint, untilStopped } from "../io.ts";

const port = (value: string | undefined): number | undefined =>
  value !== undefined && /^\d{1,5}$/.test(value) && Number(value) < 65_536 ? Number(value) : undefined;

async function run(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation;
  const [{ startSimulator }, { areFaults, describeSimulator, switchOn }] = await Promise.all([
    import("../../simulator/index.ts"),
    import("../demo/describe.ts"),
  ]);
  const ports = { port: port(text(invocation, "port")), s3Port: port(text(invocation, "s3Port")) };
  if (ports.port === undefined || ports.s3Port === undefined) {
    io.err("A port is a number from 0 to 65535; 0 takes any free one.\n");
    return EXIT.usage;
  }
  const faults = list(invocation, "fault");
  if (!areFaults(faults, io)) return EXIT.usage;
  let simulator: Simulator;
  try {
    simulator = await startSimulator({ port: ports.port, s3Port: ports.s3Port });
  } catch (error) {
    io.err(
      `The simulator cannot listen: ${(error as Error).message}. Choose other ports with --port and --s3-port; 0 takes any free one.\n`,
    );
    return EXIT.usage;
  }
  try {
    switchOn(simulator, faults);
    io.out(describeSimulator(simulator, io));
    io.out(paint(io, "dim", "\nCtrl-C ends it.\n"));
    await untilStopped(io);
  } finally {
    await simulator.stop();
  }
  return EXIT.ok;
}

export const simulate: Command = {
  name: "simulate",
  summary: "Run the simulator alone: OpenRouter, S3 and an application on loopback, with faults on demand, for your own game days.",
  options: [
    { flags: "--port <port>", says: "port of OpenRouter, the application and the switchboard", fallback: "10557" },
    { flags: "--s3-port <port>", says: "port of S3", fallback: "10558" },
    { flags: "--fault <name>", says: "start with this fault on (repeatable)", repeatable: true },
  ],
  examples: ["llm-healthd simulate", "llm-healthd simulate --fault key"],
  exits: "0 ended by a signal, 2 wrong usage",
  run,
};
