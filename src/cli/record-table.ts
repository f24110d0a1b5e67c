/** Records as a table, with a sentence and the remedy for each that is not up. */
import { isSuspect, type ProbeRecord } from "../core/probe.ts";
import { reasons } from "../core/reason.ts";
import { firstToken, ownerIn, sentence } from "../core/report.ts";
import { type Io, paint, type Style } from "./io.ts";
import { type Column, seconds, table, usd } from "./table.ts";

const COLUMNS: readonly Column[] = [
  { title: "TARGET" },
  { title: "KIND" },
  { title: "VERDICT" },
  { title: "CODE", align: "right" },
  { title: "LATENCY", align: "right" },
  { title: "FIRST TOKEN", align: "right" },
  { title: "TOKENS", align: "right" },
  { title: "COST", align: "right" },
  { title: "REASON" },
];

const STYLE: Readonly<Record<string, Style>> = { up: "green", degraded: "yellow", down: "red", skipped: "dim" };

function row(record: ProbeRecord, io: Io): string[] {
  const { target, outcome, durationSeconds } = record;
  const verdict = paint(io, STYLE[outcome.verdict] ?? "dim", outcome.verdict);
  if (outcome.verdict === "skipped") return [target.name, target.kind, verdict, "", "", "", "", "", outcome.cause];
  const { evidence, reason } = outcome;
  const { completion } = evidence;
  const latency = (value: number | undefined): string =>
    value !== undefined && isSuspect(record) ? `≤ ${seconds(value)}` : seconds(value);
  const tokens = completion?.inputTokens === undefined ? "" : `${completion.inputTokens}+${completion.outputTokens ?? 0}`;
  return [
    target.name,
    target.kind,
    verdict,
    evidence.statusCode === 0 ? "" : String(evidence.statusCode),
    latency(evidence.durationSeconds ?? durationSeconds),
    latency(firstToken(completion)),
    tokens,
    usd(completion?.costUsd),
    reason === "ok" ? "" : reason,
  ];
}

/** What is wrong with it, whose that is, and what to do; empty for what is up. */
export function advice(record: ProbeRecord, io: Io): string {
  const { outcome } = record;
  if (outcome.verdict === "skipped" || outcome.reason === "ok") return "";
  const colour = STYLE[outcome.verdict] ?? "dim";
  const first = `${paint(io, colour, "●")} ${sentence(record)}`;
  return `${first}\n  ${paint(io, "dim", `owner ${ownerIn(record)} · reason ${outcome.reason}`)}\n  → ${reasons[outcome.reason].remedy}\n`;
}

/** What a latency with `≤` before it means; empty where there is none. */
function caution(records: readonly ProbeRecord[], io: Io): string {
  const suspect = records.filter(isSuspect);
  const [first] = suspect;
  if (first === undefined) return "";
  const longest = seconds(Math.max(...suspect.map(({ standstillSeconds = 0 }) => standstillSeconds)));
  const says = `≤ this machine was busy, and llm-healthd itself stood still for up to ${longest}: it took so long at most.`;
  return `${paint(io, "dim", `${says} Alone: llm-healthd check ${first.target.name}`)}\n`;
}

export function recordTable(records: readonly ProbeRecord[], io: Io): string {
  const rows = table(
    COLUMNS,
    records.map((record) => row(record, io)),
    (title) => paint(io, "bold", title),
  );
  const ailing = records.filter((record) => advice(record, io) !== "");
  const head = `${rows}\n${caution(records, io)}`;
  if (ailing.length === 0) return head;
  const [first] = ailing.flatMap(({ outcome }) => (outcome.verdict === "skipped" ? [] : [outcome.reason]));
  const more = paint(io, "dim", `Causes and steps: llm-healthd explain ${first}`);
  return `${head}\n${ailing.map((record) => advice(record, io)).join("\n")}\n${more}\n`;
}
