/** What the daemon knows of its own error: a loop that stands still is seen, and told from one that only waits. */
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { createLog } from "../../src/base/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { exchange } from "../../src/clients/http/exchange.ts";
import { down, unanswered, up } from "../../src/core/outcome.ts";
import { isSuspect, type ProbeRecord } from "../../src/core/probe.ts";
import { createRunner } from "../../src/schedule/runner.ts";
import { createStandstillWatch } from "../../src/schedule/standstill.ts";
import { model } from "../metrics/records.ts";
import { createFakeClock } from "../support/fake-clock.ts";

test("how long each measurement stood still, and none of the time before it", async () => {
  const clock = createFakeClock();
  const watch = createStandstillWatch(clock);
  const early = watch.begin();
  await clock.advance(15);
  clock.freeze(200);
  const late = watch.begin();
  await clock.advance(100);
  expect(early()).toBeGreaterThan(0.15);
  expect(late()).toBeLessThan(0.02);
  expect(clock.pending).toBe(0);
});

test("many short standstills are one long one", async () => {
  const clock = createFakeClock();
  const watch = createStandstillWatch(clock);
  const end = watch.begin();
  for (let stop = 0; stop < 5; stop++) {
    await clock.advance(15);
    clock.freeze(47);
    // A look between two ticks counts no part of it twice.
    watch.begin()();
    await clock.advance(15);
  }
  expect(end()).toBeGreaterThan(0.18);
  expect(end()).toBeLessThanOrEqual(0.235);
});

test("turns of the loop that take a few milliseconds are no standstill, however many", async () => {
  const clock = createFakeClock();
  const end = createStandstillWatch(clock).begin();
  for (let at = 0; at < 50; at++) {
    clock.freeze(8);
    await clock.advance(11);
  }
  expect(end()).toBe(0);
});

test("a standstill that no timer has told of yet counts too", async () => {
  const clock = createFakeClock();
  const end = createStandstillWatch(clock).begin();
  await clock.advance(5);
  clock.freeze(300);
  expect(end()).toBeGreaterThan(0.28);
});

test("a long run is looked at less and less often, as far as it can bear", async () => {
  const clock = createFakeClock();
  let woken = 0;
  const counting: Clock = {
    ...clock,
    after: (ms, callback) =>
      clock.after(ms, () => {
        woken += 1;
        callback();
      }),
  };
  const end = createStandstillWatch(counting).begin();
  await clock.advance(10_000);
  expect(woken).toBeLessThan(250);
  await clock.advance(100);
  clock.freeze(1200);
  await clock.advance(700);
  // A tenth of the run is what makes it suspect; a fiftieth of it may go unseen.
  expect(end()).toBeGreaterThan(0.96);
});

test("a short run that begins beside a long one is looked at as closely as alone", async () => {
  const clock = createFakeClock();
  const watch = createStandstillWatch(clock);
  watch.begin();
  await clock.advance(60_005);
  const end = watch.begin();
  await clock.advance(25);
  clock.freeze(80);
  await clock.advance(5);
  expect(end()).toBeGreaterThan(0.07);
});

test.each([
  ["nothing", 0, 1, false],
  ["less than a bucket", 0.02, 0.02, false],
  ["what brings a short one from one bucket to the next", 0.04, 0.07, true],
  ["more than a short probe bears", 0.06, 0.1, true],
  ["little of a long one", 0.9, 10, false],
  ["much of a long one", 1.1, 10, true],
])("%s is suspect or not", (_, standstillSeconds, durationSeconds, expected) => {
  expect(isSuspect({ standstillSeconds, durationSeconds } as ProbeRecord)).toBe(expected);
});

/** Blocks this process for real: the clock is the system's, and nothing else can run meanwhile. */
function block(ms: number): void {
  const end = systemClock.monotonic() + ms;
  while (systemClock.monotonic() < end);
}

test("a loop that is blocked during a probe marks its record, and only its", async () => {
  const records: ProbeRecord[] = [];
  const log = createLog({ level: "fatal", redactor: createRedactor() });
  const runner = createRunner({ clock: systemClock, log, sinks: [{ take: (record) => records.push(record) }] });
  const probing = (during: () => void) => ({
    target: model,
    probe: {
      run: async () => {
        await turn();
        during();
        return up(unanswered);
      },
    },
  });
  const blocked = await runner.now(probing(() => block(120)));
  expect(blocked.standstillSeconds).toBeGreaterThan(0.1);
  expect(isSuspect(blocked)).toBe(true);
  await runner.stop(1);
  expect(records).toHaveLength(1);
});

/** A server in a thread of its own: it answers while this one stands still. */
function startServer(answerAfterMs: number): { readonly worker: Worker; readonly port: Promise<number>; readonly asked: Promise<unknown> } {
  const code = `const { parentPort } = require("node:worker_threads");
    require("node:http").createServer((_, response) => {
      parentPort.postMessage("asked");
      setTimeout(() => response.end("ok"), ${answerAfterMs});
    }).listen(0, "127.0.0.1", function () { parentPort.postMessage(this.address().port); });`;
  const worker = new Worker(code, { eval: true });
  const port = once(worker, "message").then(([first]) => Number(first));
  return { worker, port, asked: port.then(() => once(worker, "message")) };
}

test("an answer that came while we stood still beyond the deadline is heard, and is no fault of who gave it", async () => {
  const { worker, port, asked } = startServer(50);
  const log = createLog({ level: "fatal", redactor: createRedactor() });
  const runner = createRunner({ clock: systemClock, log, sinks: [] });
  const url = `http://127.0.0.1:${await port}/`;
  const run = async (signal: AbortSignal) => {
    const { status, fault } = await exchange({ method: "GET", url }, signal);
    const evidence = { ...unanswered, statusCode: status };
    return fault === undefined ? up(evidence) : down(fault.reason, evidence);
  };
  const record = runner.now({ target: { ...model, timeoutSeconds: 0.3 }, probe: { run } });
  await asked;
  block(600);
  const seen = await record;
  expect(seen.outcome.verdict).toBe("up");
  expect(isSuspect(seen)).toBe(true);
  await runner.stop(1);
  await worker.terminate();
});
