/**
 * A daemon's history and nothing else, under load: `node writer.ts FILE ROUND`. Says on stdout, a line each, what may not be forgotten any more:
 * `spent N` when the N-th run was begun, `shown N` when N failures of this round were read back. Ends only when it is killed.
 */
import { writeSync } from "node:fs";
import { systemClock } from "../../src/base/clock.ts";
import { openHistory } from "../../src/history/history.ts";
import { cause, fine, kimi, limited, recordAt, spend } from "../support/history.ts";

const STDOUT = 1;
const [, , path = "", round = ""] = process.argv;
const history = openHistory({
  path,
  clock: systemClock,
  keeping: { seconds: 30 * 86_400 },
  redact: (text) => text,
  tell: (_, message) => writeSync(STDOUT, `told ${message}\n`),
  onFailure: () => undefined,
});

let begun = 0;
let taken = 0;
function turn(): void {
  const now = systemClock.wall();
  const settle = history.ledger.begin("kimi", { ...spend, credential: `round-${round}` }, now);
  writeSync(STDOUT, `spent ${++begun}\n`);
  for (let at = 0; at < 20; at++) history.take(recordAt(now, kimi, fine));
  for (let at = 0; at < 5; at++)
    history.take(recordAt(now, kimi, limited({ requestId: `${round}-${taken++}`, errorBody: "x".repeat(500) })));
  history.follow(begun % 2 === 0 ? [] : [{ ...cause, since: now }]);
  settle(0.5);
  // As a client of /api/v1/events does.
  if (begun % 3 === 0 && history.events({ limit: 1 })[0]?.request_id === `${round}-${taken - 1}`) writeSync(STDOUT, `shown ${taken}\n`);
  setImmediate(turn);
}
turn();
