/**
 * `npm run bench` asks every question, prints tables, and writes docs/benchmarks.md and .json; `npm run bench -- accuracy` asks one and only prints.
 * Nothing is downloaded, nothing leaves this machine. Takes a quarter of an hour; nothing else should run meanwhile.
 */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { accuracy } from "./accuracy.ts";
import { cost } from "./cost.ts";
import { schedule } from "./schedule.ts";
import { scrapeQuestion } from "./scrape.ts";
import { startQuestion } from "./start.ts";
import { type Answer, goalTable, printed, type Question } from "./support/answer.ts";
import { page, surroundings } from "./support/page.ts";

const QUESTIONS: readonly Question[] = [startQuestion, scrapeQuestion, schedule, accuracy, cost];
const DOCS = resolve(import.meta.dirname, "../../docs");

const names = process.argv.slice(2);
const unknown = names.filter((name) => !QUESTIONS.some((question) => question.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no question ${unknown.join(", ")}; there are ${QUESTIONS.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}

const about = surroundings();
const answers: Answer[] = [];
/** After each answer: a run that is broken off leaves what it found. */
function write(): void {
  writeFileSync(join(DOCS, "benchmarks.md"), page(about, answers));
  writeFileSync(join(DOCS, "benchmarks.json"), `${JSON.stringify({ ...about, answers }, null, 2)}\n`);
}
for (const question of QUESTIONS) {
  if (names.length > 0 && !names.includes(question.name)) continue;
  const begin = performance.now();
  const answer = await question.ask();
  answers.push(answer);
  if (names.length === 0) write();
  for (const table of [...answer.tables, goalTable(answer.goals)]) process.stdout.write(`\n${printed(table)}`);
  process.stdout.write(`\n${question.name}: ${Math.round((performance.now() - begin) / 1000)} s\n`);
}
// What was started ends with the process.
process.exit(0);
