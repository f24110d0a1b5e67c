/** The runbooks that come with the package, one for each alert, read once when the first is asked for. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { PACKAGE_FILE } from "../base/package.ts";
import { type Block, parseMarkdown, plainText } from "./markdown.ts";

export interface Runbook {
  /** Of the alert. */
  readonly name: string;
  readonly blocks: readonly Block[];
  /** What the alert means, in one sentence. */
  readonly summary: string;
}

const FOLDER = new URL("docs/runbooks/", PACKAGE_FILE);
const FILE = /^([A-Z]\w*)\.md$/;
/** What all runbooks have in common: no alert's. */
const COMMON = "README";

function summaryOf(blocks: readonly Block[]): string {
  const first = blocks.find((block) => block.is === "paragraph");
  const text = first === undefined ? "" : plainText(first.inline);
  return /^.*?[.](?= [A-Z]|$)/.exec(text)?.[0] ?? text;
}

/** Those of a folder; none where there is no such folder. */
export function readRunbooks(folder: URL): ReadonlyMap<string, Runbook> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder).flatMap((file) => FILE.exec(file)?.[1] ?? []);
  const found = names.toSorted().map((name): [string, Runbook] => {
    const blocks = parseMarkdown(readFileSync(new URL(`${name}.md`, folder), "utf8"));
    return [name, { name, blocks, summary: summaryOf(blocks) }];
  });
  return new Map(found.filter(([name]) => name !== COMMON));
}

let library: ReadonlyMap<string, Runbook> | undefined;

/** By the alert's name, in the order of the alphabet. Empty when the package was installed without its docs. */
export function runbooks(): ReadonlyMap<string, Runbook> {
  library ??= readRunbooks(FOLDER);
  return library;
}

/** The alert whose runbook a link of a runbook leads to, such as `PaymentRequired.md`; undefined for a link elsewhere. */
export const linkedAlert = (href: string): string | undefined => FILE.exec(href)?.[1];
