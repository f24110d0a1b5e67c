import type { Config } from "../../config/config.ts";
import type { Planned } from "../../core/probe.ts";
import { type Command, configOptions, flag, type Invocation, text } from "../command.ts";
import { EXIT, type ExitCode, type Io, paint } from "../io.ts";
import { catalogOption } from "./models.ts";

// What the live comparison may ask: only what costs nothing.
const KINDS = ["credential", "catalog", "bucket"];

/** The models against a saved catalogue. */
async function compareSaved(config: Config, invocation: Invocation): Promise<ExitCode> {
  const { modelRows, printModels } = await import("../model-table.ts");
  const found = await Promise.all(config.credentials.map((credential) => modelRows(config, credential, invocation, { offline: true })));
  const rows = found.flatMap((some) => some ?? []);
  const missing = rows.filter(({ exists }) => !exists);
  if (missing.length > 0) printModels(missing, invocation.io);
  return found.includes(undefined) || missing.length > 0 ? EXIT.usage : EXIT.ok;
}

/** Prints what is wrong with the web config, where there is one. */
async function webConfigIsGood({ web }: Config, io: Io): Promise<boolean> {
  if (web.configFile === undefined) return true;
  const [{ printIssues }, { loadWebConfig }] = await Promise.all([import("../open-config.ts"), import("../../web/web-config/load.ts")]);
  const loaded = loadWebConfig(web.configFile);
  printIssues(io, loaded);
  return loaded.ok;
}

async function run(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation;
  if (text(invocation, "catalog") !== undefined && !flag(invocation, "offline")) {
    io.err("--catalog compares with a saved answer, and needs --offline: llm-healthd validate --offline --catalog FILE\n");
    return EXIT.usage;
  }
  const [{ openConfig }, { createContext, planProbes }, { probeOnce }, { recordTable }] = await Promise.all([
    import("../open-config.ts"),
    import("../../probes/index.ts"),
    import("../round.ts"),
    import("../record-table.ts"),
  ]);
  const opened = openConfig(invocation);
  if (opened === undefined) return EXIT.usage;
  const { config, redactor } = opened;
  if (!(await webConfigIsGood(config, io))) return EXIT.usage;
  const planned: readonly Planned[] = planProbes(config, createContext(redactor, { proxies: config.proxy }));
  io.out(`${paint(io, "green", "ok")} ${config.file}: ${planned.length} targets\n`);
  if (flag(invocation, "offline")) return text(invocation, "catalog") === undefined ? EXIT.ok : compareSaved(config, invocation);
  const records = await probeOnce(
    planned.filter(({ target }) => KINDS.includes(target.kind)),
    io,
    redactor,
  );
  io.out(`\n${recordTable(records, io)}`);
  return records.every(({ outcome }) => outcome.verdict === "up") && !io.stop.aborted ? EXIT.ok : EXIT.usage;
}

export const validate: Command = {
  name: "validate",
  summary: "Read the config and report every problem; unless offline, compare it with the live key, catalogue and bucket too.",
  options: [
    ...configOptions,
    { flags: "--offline", says: "only the file: ask nobody" },
    { ...catalogOption, says: "with --offline: compare the models with this saved answer of GET /models" },
  ],
  examples: ["llm-healthd validate --offline", "llm-healthd validate --config config/healthd.yaml --env-file .env.dev"],
  exits: "0 nothing wrong, 2 something is",
  run,
};
