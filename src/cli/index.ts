/** From arguments to a command and its exit code. The only door to commander. */
import { CommanderError, Command as Program, Option as ProgramOption } from "commander";
import { VERSION } from "../daemon/version.ts";
import type { Command, Option } from "./command.ts";
import { commands } from "./commands/index.ts";
import { EXIT, type ExitCode, type Io } from "./io.ts";

function programOption({ flags, says, fallback, choices, repeatable }: Option): ProgramOption {
  const option = new ProgramOption(flags, says);
  if (fallback !== undefined) option.default(fallback);
  if (choices !== undefined) option.choices([...choices]);
  if (repeatable === true) option.argParser((value: string, before: readonly string[] | undefined) => [...(before ?? []), value]);
  return option;
}

const usage = (command: Command): string => (command.parameters === undefined ? command.name : `${command.name} ${command.parameters}`);

const examplesText = (command: Command): string =>
  command.examples.length === 0 ? "" : `\nExamples:\n${command.examples.map((example) => `  $ ${example}`).join("\n")}\n`;

function build(io: Io, ran: (code: ExitCode) => void): Program {
  const program = new Program("llm-healthd")
    .description("Watches what an LLM application stands on: models, API key, catalogue, S3 bucket and the application itself.")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .showHelpAfterError("(--help says more)")
    .exitOverride()
    .configureOutput({ writeOut: io.out, writeErr: io.err });
  program.addHelpText("after", "\nNew here?\n  $ llm-healthd demo        everything on loopback, nothing to configure\n");
  for (const command of commands) {
    const sub = program
      .command(usage(command))
      .summary(command.summary)
      .description(command.summary)
      .addHelpText("after", examplesText(command));
    for (const option of command.options) sub.addOption(programOption(option));
    sub.action(async () => {
      ran(await command.run({ args: sub.processedArgs.flat().filter((arg) => arg !== undefined), options: sub.opts(), io }));
    });
  }
  return program;
}

/** Runs what the arguments ask for. A bug escapes as an exception: main turns it into 70. */
export async function runCli(args: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = build(io, (ran) => {
    code = ran;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help and version end as an "error" of exit code 0 as well.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}
