import { type Command, configOptions, flag, type Invocation, jsonOption, type Option, text } from "../command.ts";
import { EXIT, type ExitCode } from "../io.ts";

export const catalogOption: Option = {
  flags: "--catalog <file>",
  says: "a saved answer of GET /models, used when the API does not answer",
};

async function run(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation;
  const [{ openConfig }, { modelJson, modelRows, printModels }] = await Promise.all([
    import("../open-config.ts"),
    import("../model-table.ts"),
  ]);
  const opened = openConfig(invocation);
  if (opened === undefined) return EXIT.usage;
  const compared = await Promise.all(
    opened.config.credentials.map((credential) => modelRows(opened.config, credential, invocation, { search: text(invocation, "search") })),
  );
  const rows = compared.flatMap((some) => some ?? []);
  const json = flag(invocation, "json");
  if (json) io.out(`${JSON.stringify(rows.map(modelJson), null, 2)}\n`);
  else if (rows.length > 0) printModels(rows, io);
  else if (!compared.includes(undefined)) io.out("No model found.\n");
  return compared.includes(undefined) || rows.some(({ exists }) => !exists) ? EXIT.down : EXIT.ok;
}

export const models: Command = {
  name: "models",
  summary: "Show the configured models as the catalogue knows them; for one that does not exist, the nearest that do.",
  options: [...configOptions, { flags: "--search <text>", says: "search the whole catalogue instead" }, catalogOption, jsonOption],
  examples: ["llm-healthd models", "llm-healthd models --search kimi", "llm-healthd models --json"],
  exits: "0 every model exists, 1 one does not or the catalogue does not answer, 2 wrong config or usage",
  run,
};
