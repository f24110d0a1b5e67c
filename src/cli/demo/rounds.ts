/** Follows the daemon's records for a person: the first round as a table, then every change of verdict. */
import type { ProbeRecord } from "../../core/probe.ts";
import { kinds } from "../../core/reason.ts";
import { type Io, paint } from "../io.ts";
import { advice, recordTable } from "../record-table.ts";

interface Follow {
  /** Resolves when every target has a record. */
  readonly complete: Promise<void>;
  take(record: ProbeRecord): void;
}

export function followRecords(count: number, io: Io): Follow {
  const latest = new Map<string, ProbeRecord>();
  const { promise: complete, resolve } = Promise.withResolvers<void>();
  let told = false;
  const change = (record: ProbeRecord): void => {
    const words = advice(record, io);
    io.out(words === "" ? `${paint(io, "green", "●")} ${record.target.name} is up again\n` : words);
  };
  return {
    complete,
    take(record) {
      const { verdict } = record.outcome;
      if (verdict === "skipped") return;
      const before = latest.get(record.target.name)?.outcome.verdict;
      latest.set(record.target.name, record);
      if (told && verdict !== before) change(record);
      if (told || latest.size < count) return;
      told = true;
      const order = (record: ProbeRecord): number => kinds.indexOf(record.target.kind);
      io.out(
        `\n${recordTable(
          [...latest.values()].toSorted((a, b) => order(a) - order(b)),
          io,
        )}`,
      );
      resolve();
    },
  };
}
