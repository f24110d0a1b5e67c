import type { Command, Invocation } from "../command.ts";
import { EXIT, type ExitCode, type Io, paint } from "../io.ts";

/** All there is to explain, for those who do not know the word. */
async function printAll(io: Io): Promise<void> {
  const [{ codes }, { reasonNames, reasons }, { alerts }, { table }] = await Promise.all([
    import("../../runbooks/codes.ts"),
    import("../../core/reason.ts"),
    import("../../mixin/alerts.ts"),
    import("../table.ts"),
  ]);
  const list = (title: string, rows: readonly (readonly string[])[]): string =>
    `${table([{ title }, { title: "" }], rows, (one) => paint(io, "bold", one))}\n`;
  io.out(
    [
      list(
        "CODE",
        Object.entries(codes).map(([code, { says }]) => [code, says]),
      ),
      list(
        "REASON",
        reasonNames.map((name) => [name, reasons[name].says]),
      ),
      list(
        "ALERT",
        alerts.map(({ name, summary }) => [name, summary]),
      ),
    ].join("\n"),
  );
}

async function run({ args, io }: Invocation): Promise<ExitCode> {
  const [word] = args;
  if (word === undefined) {
    await printAll(io);
    return EXIT.ok;
  }
  const [{ explanationOf, isNumber, proposalsFor }, { markdownText }] = await Promise.all([
    import("../explanation.ts"),
    import("../markdown-text.ts"),
  ]);
  const found = explanationOf(word);
  if (found !== undefined) {
    io.out(markdownText(found, io));
    return EXIT.ok;
  }
  if (isNumber(word)) {
    io.err(`${word} is no status code: those go from 100 to 599, and 0 stands for no answer at all.\n`);
    return EXIT.usage;
  }
  const proposals = proposalsFor(word);
  const meant = proposals.length === 0 ? "" : ` Did you mean ${proposals.join(", ")}?`;
  io.err(`${JSON.stringify(word)} is no status code, reason or alert of ours.${meant}\n\`llm-healthd explain\` lists them all.\n`);
  return EXIT.usage;
}

export const explain: Command = {
  name: "explain",
  parameters: "[word]",
  summary: "Explain a status code, a reason or an alert: what it means, whose it is, how to see it, and the steps that mend it.",
  options: [],
  examples: [
    "llm-healthd explain 401",
    "llm-healthd explain model_missing",
    "llm-healthd explain StorageUnavailable",
    "llm-healthd explain",
  ],
  exits: "0, 2 no such word",
  run,
};
