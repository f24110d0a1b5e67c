import type { KeyFacts } from "../../core/outcome.ts";
import type { ProbeRecord } from "../../core/probe.ts";
import { reportOf } from "../../core/report.ts";
import { type Command, configOptions, flag, type Invocation, jsonOption } from "../command.ts";
import { EXIT, type ExitCode, type Io, paint } from "../io.ts";
import { type Column, table, usd } from "../table.ts";
import { exitOf } from "./check.ts";

const COLUMNS: readonly Column[] = [
  { title: "CREDENTIAL" },
  { title: "FORMAT" },
  { title: "VALID" },
  { title: "LIMIT", align: "right" },
  { title: "LEFT", align: "right" },
  { title: "SPENT TODAY", align: "right" },
  { title: "SPENT", align: "right" },
  { title: "BALANCE", align: "right" },
  { title: "FREE REQUESTS LEFT", align: "right" },
  { title: "EXPIRES" },
];

const factsOf = (record: ProbeRecord): KeyFacts | undefined =>
  record.outcome.verdict === "skipped" ? undefined : record.outcome.evidence.key;

const yesNo = (value: boolean | undefined, io: Io): string =>
  value === undefined ? "unknown" : value ? paint(io, "green", "yes") : paint(io, "red", "no");

const iso = (at: number): string => new Date(at).toISOString();

function cells(record: ProbeRecord, io: Io): string[] {
  const facts = factsOf(record);
  const expiry = facts?.expiresAt;
  const { freeRequestsRemaining: left, freeRequestsLimit: limit } = facts ?? {};
  return [
    record.target.name,
    yesNo(facts?.formatValid, io),
    yesNo(facts?.valid, io),
    facts?.limitUsd === null ? "none" : usd(facts?.limitUsd),
    usd(facts?.limitRemainingUsd),
    usd(facts?.usageUsd?.daily),
    usd(facts?.usageUsd?.total),
    usd(facts?.accountCreditsRemainingUsd),
    left === undefined ? "" : limit === undefined ? String(left) : `${left} of ${limit}`,
    expiry === null ? "never" : expiry === undefined ? "" : iso(expiry).slice(0, 16).replace("T", " "),
  ];
}

function jsonOf(record: ProbeRecord): object {
  const facts = factsOf(record);
  return {
    ...reportOf(record),
    format_valid: facts?.formatValid ?? null,
    valid: facts?.valid ?? null,
    limit_usd: facts?.limitUsd ?? null,
    limit_remaining_usd: facts?.limitRemainingUsd ?? null,
    usage_usd: facts?.usageUsd ?? null,
    account_credits_remaining_usd: facts?.accountCreditsRemainingUsd ?? null,
    free_requests_limit: facts?.freeRequestsLimit ?? null,
    free_requests_remaining: facts?.freeRequestsRemaining ?? null,
    expires_at: typeof facts?.expiresAt === "number" ? iso(facts.expiresAt) : null,
  };
}

async function run(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation;
  const [{ openConfig }, { credentialKind }, { createContext }, { probeOnce }, { advice }] = await Promise.all([
    import("../open-config.ts"),
    import("../../probes/credential.ts"),
    import("../../probes/kind.ts"),
    import("../round.ts"),
    import("../record-table.ts"),
  ]);
  const opened = openConfig(invocation);
  if (opened === undefined) return EXIT.usage;
  const { config, redactor } = opened;
  const records = await probeOnce(credentialKind.plan(config, createContext(redactor, { proxies: config.proxy })), io, redactor);
  if (flag(invocation, "json")) io.out(`${JSON.stringify(records.map(jsonOf), null, 2)}\n`);
  else {
    const rows = records.map((record) => cells(record, io));
    io.out(`${table(COLUMNS, rows, (title) => paint(io, "bold", title))}\n`);
    for (const record of records) io.out(advice(record, io) && `\n${advice(record, io)}`);
  }
  return exitOf(records);
}

export const key: Command = {
  name: "key",
  summary: "Show each API key: format, validity, limits, spend, free requests left, expiry. Spends nothing.",
  options: [...configOptions, jsonOption],
  examples: ["llm-healthd key", "llm-healthd key --env-file .env.dev"],
  exits: "0 every key is good, 1 one is not or could not be asked, 2 wrong config or usage",
  run,
};
