import { pause, systemClock } from "../../base/clock.ts";
import { parseDuration } from "../../base/duration.ts";
import type { Redactor } from "../../base/redact.ts";
import type { Config } from "../../config/config.ts";
import { reasonNames } from "../../core/reason.ts";
import type { Archive } from "../../history/archive.ts";
import type { EventQuery, PastEvent } from "../../history/events.ts";
import { type Command, configOptions, flag, type Invocation, text } from "../command.ts";
import { EXIT, type ExitCode, type Io } from "../io.ts";

const USUAL = "20";
const MOST = 100_000;
const LOOK_AGAIN_MS = 500;
// More than come in that time; the rest comes with the next look.
const AT_ONCE = 1000;

/** What the options ask for; undefined after the complaint. */
function queryOf(invocation: Invocation): EventQuery | undefined {
  const { io } = invocation;
  const complain = (option: string, expected: string): undefined => {
    io.err(`${option}: expected ${expected}.\n`);
    return undefined;
  };
  const tail = text(invocation, "tail") ?? USUAL;
  const code = text(invocation, "code");
  const since = text(invocation, "since");
  const limit = /^\d{1,6}$/.test(tail) ? Number(tail) : MOST + 1;
  if (limit > MOST) return complain("--tail", `a whole number up to ${MOST}`);
  if (code !== undefined && !/^\d{1,3}$/.test(code)) return complain("--code", "a status code such as 429; 0 where nothing answered");
  const seconds = since === undefined ? undefined : parseDuration(since);
  if (since !== undefined && seconds === undefined) return complain("--since", "a duration such as 2h or 1h30m");
  return {
    target: text(invocation, "target"),
    reason: text(invocation, "reason"),
    limit,
    ...(code === undefined ? {} : { code: Number(code) }),
    ...(seconds === undefined ? {} : { since: systemClock.wall() - seconds * 1000 }),
  };
}

function whyNot(path: string, { code, message }: NodeJS.ErrnoException): string {
  if (path === ":memory:") return "it is kept in the daemon's memory; ask its /api/v1/events";
  return code === "ENOENT" ? "there is no such file; `llm-healthd run` makes it, in the folder where it runs" : message;
}

type Print = (events: readonly PastEvent[]) => void;

/** Prints what comes, until the user stops it; goes along when the file is begun anew. */
async function follow(path: string, first: Archive, query: EventQuery, print: Print, io: Io): Promise<void> {
  const { openArchive } = await import("../../history/archive.ts");
  let archive: Archive | undefined = first;
  let after = 0;
  const look = (): void => {
    if (archive?.replaced() === true) {
      archive.close();
      archive = undefined;
    }
    if (archive === undefined) {
      archive = openArchive(path);
      after = 0;
    }
    for (;;) {
      const fresh: readonly PastEvent[] = archive.events({ ...query, after, limit: AT_ONCE });
      print(fresh);
      after = fresh.at(-1)?.id ?? after;
      if (fresh.length < AT_ONCE) return;
    }
  };
  const newest = first.events({ limit: 1 }).at(-1)?.id ?? 0;
  const shown = query.limit === 0 ? [] : first.events(query);
  print(shown);
  after = Math.max(newest, shown.at(-1)?.id ?? 0);
  while (!io.stop.aborted) {
    await pause(systemClock, LOOK_AGAIN_MS, io.stop);
    try {
      look();
    } catch {
      // Between two files, or not to be read just now: the next look tells.
    }
  }
  archive?.close();
}

/** A name that nothing has looks as healthy as one that works: then say so. */
async function nothingFailed({ target }: EventQuery, config: Config, redactor: Redactor): Promise<string> {
  const { createContext, planProbes } = await import("../../probes/index.ts");
  const names = planProbes(config, createContext(redactor)).map((one) => one.target.name);
  const unknown = target !== undefined && !names.includes(target);
  return `Nothing failed, as far as this asks.\n${unknown ? `The config has no target ${target}. It has ${names.join(", ")}.\n` : ""}`;
}

async function run(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation;
  const [{ openConfig }, { openArchive }, { eventText }] = await Promise.all([
    import("../open-config.ts"),
    import("../../history/archive.ts"),
    import("../event-text.ts"),
  ]);
  const query = queryOf(invocation);
  const opened = query === undefined ? undefined : openConfig(invocation);
  if (query === undefined || opened === undefined) return EXIT.usage;
  const { path } = opened.config.history;
  const redact = (event: PastEvent): PastEvent =>
    JSON.parse(JSON.stringify(event), (_, part: unknown) => (typeof part === "string" ? opened.redactor.text(part) : part)) as PastEvent;
  let archive: Archive;
  try {
    archive = openArchive(path);
  } catch (error) {
    io.err(`history.path ${path} cannot be read: ${whyNot(path, error as NodeJS.ErrnoException)}.\n`);
    return EXIT.usage;
  }
  const wanted = flag(invocation, "json");
  const asText: Print = (events) => io.out(events.map((event) => eventText(redact(event), io)).join(""));
  const asLines: Print = (events) => io.out(events.map((event) => `${JSON.stringify(redact(event))}\n`).join(""));
  if (flag(invocation, "follow")) {
    await follow(path, archive, query, wanted ? asLines : asText, io);
    return EXIT.ok;
  }
  const found = query.limit === 0 ? [] : archive.events(query);
  archive.close();
  if (wanted) io.out(`${JSON.stringify(found.map(redact), null, 2)}\n`);
  else if (found.length > 0) asText(found);
  else io.err(await nothingFailed(query, opened.config, opened.redactor));
  return EXIT.ok;
}

export const events: Command = {
  name: "events",
  summary: "Show what failed, newest last, with the whole error body and what was asked; also while the daemon runs.",
  options: [
    ...configOptions,
    { flags: "-n, --tail <n>", says: "only the newest so many", fallback: USUAL },
    { flags: "--target <name>", says: "only of this target" },
    { flags: "--code <code>", says: "only with this effective status code; 0 where nothing answered" },
    { flags: "--reason <reason>", says: "only with this reason", choices: reasonNames.filter((name) => name !== "ok") },
    { flags: "--since <duration>", says: "only of the last 2h, 1d, …" },
    { flags: "-f, --follow", says: "wait for more, until Ctrl-C" },
    { flags: "--json", says: "print one JSON array; with --follow one JSON object a line" },
  ],
  examples: [
    "llm-healthd events",
    "llm-healthd events --target qwen_coder --since 2h",
    "llm-healthd events --code 429 --json",
    "llm-healthd events --follow",
  ],
  exits: "0, also when nothing failed; 2 wrong config or usage, or no history to read",
  run,
};
