/** When what the log holds goes into the database. */
import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type HistoryWorld, historyWorld, kimi, limited, recordAt } from "../support/history.ts";
import { until } from "../support/programs.ts";

let world: HistoryWorld;
beforeEach(() => {
  world = historyWorld();
});
afterEach(() => world.end());

test("the log of what was written goes into the database by itself, on a thread of its own", async () => {
  const history = world.open();
  history.take(recordAt(world.clock.wall(), kimi, limited()));
  await world.clock.advance(61_000);
  history.take(recordAt(world.clock.wall(), kimi, limited()));
  await world.clock.advance(1000);
  // As the file lies, without the log beside it.
  const bare = pathToFileURL(world.path);
  bare.searchParams.set("immutable", "1");
  await until(() => {
    const database = new DatabaseSync(bare, { readOnly: true });
    try {
      return Number(database.prepare("select count(*) as n from failure").get()?.n) === 2;
    } catch {
      return false;
    } finally {
      database.close();
    }
  }, "both in the database itself");
  history.take(recordAt(world.clock.wall(), kimi, limited()));
  expect(history.events({ limit: 5 })).toHaveLength(3);
  expect(world.failures()).toBe(0);
});

test("a log that long bodies fill does not wait for its minute", async () => {
  const history = world.open();
  const begun = statSync(world.path).size;
  for (let round = 0; round < 5; round++) {
    for (let at = 0; at < 150; at++) history.take(recordAt(world.clock.wall(), kimi, limited({ errorBody: "x".repeat(16_384) })));
    await world.clock.advance(250);
  }
  await until(() => statSync(world.path).size > begun + 8 * 2 ** 20, "the log to be carried over");
});
