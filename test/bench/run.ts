/** `npm run bench [-- QUESTION…]`: asks every question, or those named; prints tables; all together also write docs/benchmarks.md and .json. */
import { accuracy } from "./accuracy.ts";
import { cost } from "./cost.ts";
import { schedule } from "./schedule.ts";
import { scrapeQuestion } from "./scrape.ts";
import { startQuestion } from "./start.ts";
import { goalTable, printed, type Question } from "./support/answer.ts";

const questions: readonly Question[] = [accuracy, cost, scrapeQuestion, schedule, startQuestion];
const names = process.argv.slice(2);
for (const question of questions.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const answer = await question.ask();
  for (const table of [...answer.tables, goalTable(answer.goals)]) process.stdout.write(`\n${printed(table)}`);
}
process.exit(0);
