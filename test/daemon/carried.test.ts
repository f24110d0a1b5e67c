/** Faults from before a start: they go on until enough was looked at to tell what became of them. */
import { beforeEach, expect, test } from "vitest";
import { createLog } from "../../src/base/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { down, type Probed, up } from "../../src/core/outcome.ts";
import type { Target } from "../../src/core/probe.ts";
import type { Reason } from "../../src/core/reason.ts";
import { createFaults, type Faults, type OpenFault } from "../../src/daemon/faults.ts";
import { createLatest, type Latest } from "../../src/daemon/latest.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { aTarget } from "../support/targets.ts";

const model = (name: string): Target => aTarget({ name, kind: "model", credential: "openrouter" });
const TARGETS = [
  aTarget({ name: "openrouter", kind: "credential", credential: "openrouter" }),
  ...["qwen", "kimi"].map(model),
  aTarget({ name: "files", kind: "bucket" }),
  aTarget({ name: "frontend", needs: ["files"] }),
];
const fine = up({ statusCode: 200, via: "header" });
const is = (reason: Reason, statusCode: number): Probed => down(reason, { statusCode, via: "header" });

const HOUR = 3_600_000;
let clock: FakeClock;
let since: number;
let latest: Latest;
let faults: Faults;
let shown: (readonly OpenFault[])[];
beforeEach(() => {
  clock = createFakeClock();
  since = clock.wall() - HOUR;
  latest = createLatest();
  shown = [];
  for (const target of TARGETS) latest.add(target);
});

function startWith(...before: readonly OpenFault[]): void {
  const log = createLog({ level: "fatal", redactor: createRedactor() });
  faults = createFaults({ clock, log, latest, before, onChange: (open) => shown.push(open) });
}
async function sees(name: string, outcome: Probed): Promise<void> {
  const target = TARGETS.find((one) => one.name === name);
  if (target === undefined) throw new Error(name);
  const record = { target, outcome, startedAt: clock.wall(), durationSeconds: 0.1 };
  latest.take(record);
  faults.take(record);
  await clock.advance(60_000);
}
const open = (): string[] =>
  faults.open().map((one) => `${one.reason} ${one.subject}: ${one.explains.join(" ")} ${clock.wall() - one.since}`);
const fault = (over: Partial<OpenFault>): OpenFault => ({
  owner: "storage",
  reason: "s3_slow_down",
  subject: "files",
  explains: ["files", "frontend"],
  sightings: 4,
  down: true,
  since,
  ...over,
});
const MINUTE = 60_000;

test("it is there from the first moment, with its length and its sightings", async () => {
  startWith(fault({}));
  expect(faults.open()).toEqual([fault({})]);
  faults.review();
  await clock.advance(1000);
  expect(shown).toEqual([[fault({})]]);
});

test("what is seen again goes on with the time it had", async () => {
  startWith(fault({}));
  await sees("files", is("s3_slow_down", 503));
  expect(open()).toEqual([`s3_slow_down files: files ${HOUR + MINUTE}`]);
  await sees("frontend", is("app_status", 503));
  expect(open()).toEqual([`s3_slow_down files: files frontend ${HOUR + 2 * MINUTE}`]);
});

test("it is over as soon as what it is about is well", async () => {
  startWith(fault({}));
  await sees("files", fine);
  expect(open()).toEqual([]);
});

test("one that is about no target of its own waits for all that it explains, and shows once", async () => {
  startWith(fault({ owner: "provider", reason: "provider_error", subject: "openrouter", explains: ["qwen", "kimi"] }));
  await sees("qwen", is("provider_error", 502));
  expect(open()).toEqual([`provider_error openrouter: qwen kimi ${HOUR + MINUTE}`]);
  await sees("kimi", is("provider_error", 502));
  expect(open()).toEqual([`provider_error openrouter: qwen kimi ${HOUR + 2 * MINUTE}`]);
  await sees("qwen", fine);
  await sees("kimi", fine);
  expect(open()).toEqual([]);
});

test("when all were looked at, what one of them has left is no news before it is looked at again", async () => {
  startWith(fault({ owner: "provider", reason: "provider_error", subject: "openrouter", explains: ["qwen", "kimi"] }));
  await sees("qwen", is("provider_error", 502));
  await sees("kimi", fine);
  expect(open()).toEqual([]);
  await sees("qwen", is("provider_error", 502));
  expect(faults.open()).toEqual([expect.objectContaining({ subject: "qwen", explains: ["qwen"] })]);
});

test("another fault of the same targets shows at once", async () => {
  startWith(fault({ owner: "provider", reason: "provider_error", subject: "openrouter", explains: ["qwen", "kimi"] }));
  await sees("qwen", is("model_missing", 404));
  expect(
    faults
      .open()
      .map(({ reason, subject }) => `${reason} ${subject}`)
      .toSorted(),
  ).toEqual(["model_missing qwen", "provider_error openrouter"]);
});

test("it ends when its targets left the config meanwhile", async () => {
  startWith(fault({ subject: "old", explains: ["old"] }));
  faults.review();
  await clock.advance(1000);
  expect(open()).toEqual([]);
});

test("that nothing answers says little before something was seen at each place", async () => {
  const silent = down("connect_refused", { statusCode: 0, via: "none" });
  const carried = fault({ reason: "connect_refused", explains: ["files"] });
  startWith(carried, { ...carried, owner: "app", subject: "frontend", explains: ["frontend"] });
  await sees("files", silent);
  await sees("frontend", silent);
  const both = (length: number) => [`connect_refused files: files frontend ${length}`];
  expect(open()).toEqual(both(HOUR + 2 * MINUTE));
  await sees("openrouter", fine);
  expect(open()).toEqual(both(HOUR + 3 * MINUTE));
});
