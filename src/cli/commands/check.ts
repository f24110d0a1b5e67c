import type { Planned, ProbeRecord } from "../../core/probe.ts";
import { kinds } from "../../core/reason.ts";
import { completionReport, reportOf } from "../../core/report.ts";
import { type Command, configOptions, flag, type Invocation, jsonOption, text } from "../command.ts";
import { EXIT, type ExitCode } from "../io.ts";

/** Fields of `--json` (interface.md §1). */
export const jsonOf = (record: ProbeRecord): object => ({
  ...reportOf(record),
  ...(record.target.kind === "model"
    ? completionReport(record.outcome.verdict === "skipped" ? undefined : record.outcome.evidence.completion)
    : {}),
});

function choose(invocation: Invocation, planned: readonly Planned[]): readonly Planned[] | undefined {
  const { args, io } = invocation;
  const kind = text(invocation, "kind");
  const unknown = args.filter((name) => !planned.some(({ target }) => target.name === name));
  if (unknown.length > 0) {
    const names = planned.map(({ target }) => target.name).join(", ");
    io.err(`No target is called ${unknown.join(", ")}. The config has: ${names}\n`);
    return undefined;
  }
  const chosen = planned.filter(
    ({ target }) => (args.length === 0 || args.includes(target.name)) && (kind === undefined || target.kind === kind),
  );
  if (chosen.length > 0) return chosen;
  io.err(`No target of kind ${kind} ${args.length === 0 ? "in the config" : `among ${args.join(", ")}`}.\n`);
  return undefined;
}

export function exitOf(records: readonly ProbeRecord[]): ExitCode {
  return records.every(({ outcome }) => outcome.verdict === "up" || outcome.verdict === "degraded") ? EXIT.ok : EXIT.down;
}

async function run(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation;
  const [{ openConfig }, { createContext, planProbes }, { probeOnce }, { recordTable }] = await Promise.all([
    import("../open-config.ts"),
    import("../../probes/index.ts"),
    import("../round.ts"),
    import("../record-table.ts"),
  ]);
  const opened = openConfig(invocation);
  if (opened === undefined) return EXIT.usage;
  const { config, redactor } = opened;
  const chosen = choose(invocation, planProbes(config, createContext(redactor, { proxies: config.proxy })));
  if (chosen === undefined) return EXIT.usage;
  const records = await probeOnce(chosen, io, redactor);
  if (flag(invocation, "json")) io.out(`${JSON.stringify(records.map(jsonOf), null, 2)}\n`);
  else io.out(recordTable(records, io));
  const unprobed = records.filter(({ outcome }) => outcome.verdict === "skipped").length;
  if (unprobed > 0) io.err(`Stopped: ${unprobed} of ${records.length} targets were not probed.\n`);
  return io.stop.aborted ? EXIT.down : exitOf(records);
}

export const check: Command = {
  name: "check",
  parameters: "[target...]",
  summary: "Probe each target once and say what is wrong, whose that is, and what to do.",
  options: [...configOptions, { flags: "--kind <kind>", says: "only targets of this kind", choices: kinds }, jsonOption],
  examples: [
    "llm-healthd check",
    "llm-healthd check qwen_coder files",
    "llm-healthd check --kind model --json",
    "llm-healthd check --env-file .env.dev",
  ],
  exits: "0 all up, 1 something is down, 2 wrong config or usage",
  run,
};
