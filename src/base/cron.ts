/** Cron expressions of five or six fields in the local time zone. The only door to node-cron; it parses and computes, the clock ticks. */
import { createTask, validateDetailed } from "node-cron";

/** What is wrong with the expression, or undefined. */
export function cronProblem(expression: string): string | undefined {
  const { valid, errors } = validateDetailed(expression);
  return valid ? undefined : errors.map((error) => error.message).join("; ");
}

/** The next `count` runs as milliseconds since 1970, ascending. */
export function cronRuns(expression: string, count: number): number[] {
  const task = createTask(expression, () => undefined);
  const runs = task.getNextRuns(count).map((date) => date.getTime());
  void task.destroy();
  return runs;
}
