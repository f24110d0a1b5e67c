import { runCli } from "../../src/cli/index.ts";
import type { ExitCode, Io } from "../../src/cli/io.ts";

export interface CliRun {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in this process, as main does, without a terminal. */
export async function cli(args: readonly string[], over: Partial<Io> = {}): Promise<CliRun> {
  let out = "";
  let err = "";
  const io: Io = {
    out(text) {
      out += text;
    },
    err(text) {
      err += text;
    },
    terminal: false,
    live: false,
    colour: false,
    env: {},
    stop: new AbortController().signal,
    onHangUp: () => () => undefined,
    ...over,
  };
  return { code: await runCli(args, io), out, err };
}
