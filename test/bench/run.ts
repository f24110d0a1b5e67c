/**
 * `npm run bench` asks every question, prints tables, and writes docs/benchmarks.md and .json; `npm run bench -- accuracy` asks one anew,
 * and `hour` is asked only by name. Nothing leaves this machine. Takes an hour and a quarter, half of it the accuracy; nothing else should run meanwhile.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { accuracy } from "./accuracy.ts";
import { cost } from "./cost.ts";
import { hour } from "./hour.ts";
import { schedule } from "./schedule.ts";
import { scrapeQuestion } from "./scrape.ts";
import { startQuestion } from "./start.ts";
import { goalTable, printed, type Question } from "./support/answer.ts";
import { type Found, page, peers, surroundings } from "./support/page.ts";
import { tokens } from "./tokens.ts";

const USUAL: readonly Question[] = [startQuestion, scrapeQuestion, schedule, accuracy, tokens, cost];
const QUESTIONS: readonly Question[] = [...USUAL, hour];
const DOCS = resolve(import.meta.dirname, "../../docs");

const names = process.argv.slice(2);
const unknown = names.filter((name) => !QUESTIONS.some((question) => question.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no question ${unknown.join(", ")}; there are ${QUESTIONS.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}

const JSON_FILE = join(DOCS, "benchmarks.json");
const found: Record<string, Found> = existsSync(JSON_FILE) ? JSON.parse(readFileSync(JSON_FILE, "utf8")) : {};

for (const { name, ask } of names.length === 0 ? USUAL : QUESTIONS.filter((question) => names.includes(question.name))) {
  process.stderr.write(`asking ${name}\n`);
  const about = surroundings();
  const begin = performance.now();
  const answer = await ask();
  for (const table of [...answer.tables, goalTable(answer.goals)]) process.stdout.write(`\n${printed(table)}`);
  process.stdout.write(`\n${name}: ${Math.round((performance.now() - begin) / 1000)} s\n`);
  // After each answer: a run that is broken off leaves what it found.
  found[name] = { about: { ...about, peers: peers() }, ...answer };
  writeFileSync(JSON_FILE, `${JSON.stringify(found, null, 2)}\n`);
  writeFileSync(join(DOCS, "benchmarks.md"), page(QUESTIONS.flatMap((question) => found[question.name] ?? [])));
}
// What was started ends with the process.
process.exit(0);
