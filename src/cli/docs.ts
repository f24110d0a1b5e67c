/** docs/cli.md, made from the commands themselves. */
import type { Command, Option } from "./command.ts";
import { commands } from "./commands/index.ts";

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

function optionRow({ flags, says, fallback, choices }: Option): string {
  const more = [choices === undefined ? "" : `one of ${choices.join(", ")}`, fallback === undefined ? "" : `default ${fallback}`];
  const meaning = [says, ...more.filter((part) => part !== "")].join("; ");
  return `| \`${flags}\` | ${cell(meaning)} |`;
}

function chapter({ name, parameters, summary, options, examples, exits }: Command): string {
  const rows = options.length === 0 ? "" : `\n| option | meaning |\n| --- | --- |\n${options.map(optionRow).join("\n")}\n`;
  const shown = examples.length === 0 ? "" : `\n\`\`\`sh\n${examples.join("\n")}\n\`\`\`\n`;
  return `## llm-healthd ${name}${parameters === undefined ? "" : ` ${parameters}`}\n\n${summary}\n${rows}${shown}\nExit code: ${exits}.\n`;
}

export function cliDoc(): string {
  const head = "<!-- Made by `npm run generate` from src/cli/commands; do not edit. -->\n# Commands\n";
  const start = "\nFrom a checkout, `npm run healthd -- COMMAND` is the same as `llm-healthd COMMAND`. `NO_COLOR` turns colours off.\n";
  return `${head}${start}\n${commands.map(chapter).join("\n")}`;
}
