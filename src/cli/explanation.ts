/** What a word of ours means: a status code, a reason, an alert. As Markdown, for the terminal. */
import { nearest } from "../config/nearest.ts";
import { type Kind, kinds, type Owner, ownerOf, type Reason, reasonNames, reasons } from "../core/reason.ts";
import { type Place, takenBy } from "../mixin/alerts/reasons.ts";
import { alertNames, alerts } from "../mixin/alerts.ts";
import { codeEntry, codes } from "../runbooks/codes.ts";
import { runbooks } from "../runbooks/library.ts";
import { type Block, parseMarkdown } from "../runbooks/markdown.ts";

const MOST_PROPOSED = 8;
const NOT_INSTALLED = parseMarkdown("Its runbook is missing here: this package was installed without its folder docs/runbooks.");
const OF_API: readonly Place[] = ["model", "credential", "catalog"];
/** Besides its own, what a storage's refusal can amount to (clients/s3/classify.ts). */
const STORAGE_TOO: ReadonlySet<Reason> = new Set<Reason>(["bad_request", "not_found"]);

/** What the alert is, before its runbook. */
function bookOf(name: string): readonly Block[] {
  const found = alerts.find((one) => one.name === name);
  if (found === undefined) return [];
  const { severity, owner, summary } = found;
  const head = parseMarkdown(`# ${name}\n\n**${severity}**, owner ${owner ?? "as the fault says"}: ${summary}`);
  // The title stands above already.
  return [...head, ...(runbooks().get(name)?.blocks.slice(1) ?? NOT_INSTALLED)];
}

/** Where a fault with this reason can be: what fails between two sockets can be anybody's; the rest is what its vendor said. */
function placesOf(reason: Reason): readonly Place[] {
  const { owner } = reasons[reason];
  if (owner === "addressee" || owner === "answerer" || owner === "network") return [...kinds, "network"];
  const api: readonly Place[] = owner === "key" ? ["credential", ...OF_API.filter((place) => place !== "credential")] : OF_API;
  return STORAGE_TOO.has(reason) ? [...api, "bucket"] : api;
}

/** The alerts that take its faults, each with what they are then faults of; the commonest first. */
function alertsOf(reason: Reason): ReadonlyMap<string, readonly Place[]> {
  const byPlace = takenBy[reason];
  if (byPlace === null) return new Map();
  const all = placesOf(reason).flatMap((place) => {
    const taken = byPlace[place];
    return (typeof taken === "string" ? [taken] : [taken.down, taken.harmless]).map((name) => ({ name, place }));
  });
  return new Map([...Map.groupBy(all, ({ name }) => name)].map(([name, some]) => [name, some.map(({ place }) => place)]));
}

const firstAlertOf = (reason: Reason): string | undefined => alertsOf(reason).keys().next().value;

function alertsText(reason: Reason): string {
  const all = alertsOf(reason);
  if (all.size === 0) return "none";
  const links = [...all].map(([name, of]) => `[${name}](${name}.md)${all.size === 1 ? "" : ` (${of.join(", ")})`}`);
  return `${links.join(", ")}; the runbook of ${all.size === 1 ? "it" : "the first"} follows`;
}

/** Most reasons have one owner; some are whoever runs what was asked. */
function ownersOf(reason: Reason): string {
  const byOwner = Map.groupBy(kinds, (kind: Kind): Owner => ownerOf(reason, kind));
  if (byOwner.size === 1) return [...byOwner.keys()].join();
  return [...byOwner].map(([owner, some]) => `${owner} (${some.join(", ")})`).join(", ");
}

function ofReason(reason: Reason): readonly Block[] {
  const { says, remedy } = reasons[reason];
  const alert = firstAlertOf(reason);
  const lines = [
    `# ${reason}`,
    "",
    `What: ${says}.`,
    "",
    `- **owner**: ${reason === "ok" ? "nobody" : ownersOf(reason)}`,
    `- **remedy**: ${remedy}`,
    `- **alert**: ${alertsText(reason)}`,
  ];
  return [...parseMarkdown(lines.join("\n")), ...(alert === undefined ? [] : bookOf(alert))];
}

function ofCode(code: number): readonly Block[] | undefined {
  const known = codeEntry(code);
  if (known === undefined) return undefined;
  const rows = known.reasons.map((reason) => {
    const alert = firstAlertOf(reason);
    return `- **${reason}**: ${reasons[reason].says}${alert === undefined ? "" : ` → [${alert}](${alert}.md)`}`;
  });
  const [likeliest] = known.reasons;
  const first = likeliest === undefined ? undefined : firstAlertOf(likeliest);
  const head = `# ${code}\n\n${known.says.slice(0, 1).toUpperCase()}${known.says.slice(1)}. It can mean, the likeliest first:\n\n${rows.join("\n")}\n\n`;
  const next = "`llm-healthd check` tells which it is, `llm-healthd explain` explains any of these words.";
  return [
    ...parseMarkdown(`${head}${next}${first === undefined ? "" : ` The runbook of ${first}:`}`),
    ...(first === undefined ? [] : bookOf(first)),
  ];
}

const plain = (word: string): string => word.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** As a status code is written. */
export const isNumber = (word: string): boolean => /^[+-]?\d+$/.test(word);

/** Every word that can be explained, as it is written. */
export const explainable = (): readonly string[] => [...Object.keys(codes), ...reasonNames, ...alertNames];

/** What the word means; undefined when it means nothing. Case and `_` do not count. */
export function explanationOf(word: string): readonly Block[] | undefined {
  if (isNumber(word)) return ofCode(Number(word));
  const all = explainable();
  // As it stands first: `model_missing` is a reason, `ModelMissing` an alert.
  const name = all.find((one) => one === word) ?? all.find((one) => plain(one) === plain(word));
  if (name === undefined) return undefined;
  const reason = reasonNames.find((one) => one === name);
  return reason === undefined ? bookOf(name) : ofReason(reason);
}

/** What was probably meant: words that hold this one, or the one that is a slip of the hand away. */
export function proposalsFor(word: string): readonly string[] {
  const wanted = plain(word);
  // Of so few letters everything is a slip away.
  if (wanted.length < 3) return [];
  const holding = explainable().filter((one) => plain(one).includes(wanted));
  const slip = nearest(word, explainable());
  return [...new Set([...(slip === undefined ? [] : [slip]), ...holding])].slice(0, MOST_PROPOSED);
}
