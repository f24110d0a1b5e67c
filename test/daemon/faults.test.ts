import { beforeEach, expect, test } from "vitest";
import { createLog } from "../../src/base/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { down, type Probed, up } from "../../src/core/outcome.ts";
import type { Target } from "../../src/core/probe.ts";
import type { Reason } from "../../src/core/reason.ts";
import { createFaults, type Faults } from "../../src/daemon/faults.ts";
import { createLatest, type Latest } from "../../src/daemon/latest.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { aTarget } from "../support/targets.ts";

const model = (name: string): Target => aTarget({ name, kind: "model", credential: "openrouter" });
const TARGETS = [
  aTarget({ name: "openrouter", kind: "credential", credential: "openrouter" }),
  ...["qwen", "kimi", "gemini", "gemma"].map(model),
  aTarget({ name: "files", kind: "bucket" }),
  aTarget({ name: "frontend", needs: ["files"] }),
];
const fine = up({ statusCode: 200, via: "header" });
const silent = down("connect_timeout", { statusCode: 0, via: "none" });
const is = (reason: Reason, statusCode: number): Probed => down(reason, { statusCode, via: "header" });

let clock: FakeClock;
let latest: Latest;
let faults: Faults;
let doubted: string[];
let reviews: number;
/** How long one takes. */
let reviewMs: number;
beforeEach(async () => {
  doubted = [];
  reviews = 0;
  reviewMs = 0;
  clock = createFakeClock();
  latest = createLatest();
  const log = createLog({ level: "fatal", redactor: createRedactor() });
  const onChange = (): void => {
    reviews += 1;
    clock.freeze(reviewMs);
  };
  faults = createFaults({ clock, log, latest, onChange, onDoubt: (names) => doubted.push(...names) });
  for (const target of TARGETS) latest.add(target);
  for (const { name } of TARGETS) await sees(name, fine);
});

/** One probe, and time enough for its review: as in life, where targets are looked at minutes apart. */
async function sees(name: string, outcome: Probed): Promise<void> {
  const target = TARGETS.find((one) => one.name === name);
  if (target === undefined) throw new Error(name);
  const record = { target, outcome, startedAt: clock.wall(), durationSeconds: 0.1 };
  latest.take(record);
  faults.take(record);
  await clock.advance(60_000);
}
const open = (): string[] => faults.open().map(({ reason, subject, explains }) => `${reason} ${subject}: ${explains.join(" ")}`);

test("an outage that is seen model by model grows into one fault", async () => {
  await sees("qwen", is("provider_error", 502));
  expect(open()).toEqual(["provider_error qwen: qwen"]);
  await sees("kimi", is("provider_error", 502));
  expect(open()).toEqual(["provider_error openrouter: qwen kimi"]);
  await sees("gemini", is("provider_error", 502));
  expect(open()).toEqual(["provider_error openrouter: qwen kimi gemini"]);
});

test("while it passes model by model, what is left of it is no new fault; what still fails when looked at again is", async () => {
  for (const name of ["qwen", "kimi", "gemini", "gemma"]) await sees(name, is("provider_error", 502));
  for (const name of ["qwen", "kimi", "gemini"]) await sees(name, fine);
  expect(open()).toEqual([]);
  await sees("gemma", is("provider_error", 502));
  expect(open()).toEqual(["provider_error gemma: gemma"]);
});

test("an application whose bucket has healed is no news before it is looked at again", async () => {
  await sees("files", is("s3_slow_down", 503));
  await sees("frontend", is("app_status", 503));
  expect(open()).toEqual(["s3_slow_down files: files frontend"]);
  await sees("files", fine);
  expect(open()).toEqual([]);
  expect(doubted).toEqual(["frontend"]);
  await sees("frontend", is("app_status", 503));
  expect(open()).toEqual(["app_status frontend: frontend"]);
});

test("an application that fails before its bucket is looked at is explained as soon as it is", async () => {
  await sees("frontend", is("app_status", 503));
  expect(open()).toEqual(["app_status frontend: frontend"]);
  await sees("files", is("s3_slow_down", 503));
  expect(open()).toEqual(["s3_slow_down files: files frontend"]);
});

test("when one answers again, the others are looked at, and what still gives no answer has a fault of its own", async () => {
  for (const { name } of TARGETS) await sees(name, silent);
  expect(open()).toEqual(["connect_timeout network: openrouter qwen kimi gemini gemma files frontend"]);
  await sees("openrouter", fine);
  expect(open()).toEqual([]);
  expect(doubted).toEqual(["qwen", "kimi", "gemini", "gemma", "files", "frontend"]);
  await sees("files", silent);
  await sees("frontend", fine);
  expect(open()).toEqual(["connect_timeout files: files"]);
});

test("that the only one which answers is looked at no more does not end the others' faults", async () => {
  for (const { name } of TARGETS) if (name !== "files") await sees(name, silent);
  expect(
    faults
      .open()
      .flatMap(({ explains }) => explains)
      .toSorted(),
  ).toEqual(["frontend", "gemini", "gemma", "kimi", "openrouter", "qwen"]);
  latest.remove("files");
  faults.forget?.("files");
  faults.review();
  expect(open()).toEqual(["connect_timeout network: openrouter qwen kimi gemini gemma frontend"]);
  expect(doubted).toEqual([]);
});

test.each([
  ["a quarter of a second", 0, 250],
  ["twenty times as long as the last review took", 40, 800],
  ["two seconds at most", 10_000, 2_000],
])("what was seen is judged after %s", async (_, took, waits) => {
  reviewMs = took;
  await sees("qwen", is("provider_error", 502));
  const before = reviews;
  const target = model("qwen");
  faults.take({ target, outcome: is("provider_error", 502), startedAt: clock.wall(), durationSeconds: 0.1 });
  await clock.advance(waits - 1);
  expect(reviews).toBe(before);
  await clock.advance(1);
  expect(reviews).toBe(before + 1);
});

const rejected = is("unauthorized", 401);

test("one model that is refused, with a key that is good elsewhere, is one fault of that model for as long as it lasts", async () => {
  await sees("qwen", rejected);
  expect(open()).toEqual(["unauthorized openrouter: qwen"]);
  await sees("openrouter", fine);
  const own = faults.open();
  expect(own).toMatchObject([
    { reason: "unauthorized", subject: "qwen", kind: "model", owner: "request", explains: ["qwen"], sightings: 1 },
  ]);
  for (const [name, outcome] of [
    ["kimi", fine],
    ["qwen", rejected],
    ["openrouter", fine],
    ["qwen", rejected],
    ["gemini", fine],
  ] as const) {
    await sees(name, outcome);
    expect(faults.open()).toMatchObject([{ subject: "qwen", since: own[0]?.since }]);
  }
  expect(faults.open()).toMatchObject([{ sightings: 3 }]);
  await sees("qwen", fine);
  expect(open()).toEqual([]);
});

test("a key whose own page takes anybody's is bad where no model lets it in", async () => {
  const models = ["qwen", "kimi", "gemini", "gemma"];
  for (const name of [...models, "openrouter", ...models, "openrouter", ...models, "openrouter"])
    await sees(name, name === "openrouter" ? fine : rejected);
  expect(open()).toEqual([`unauthorized openrouter: ${models.join(" ")}`]);
  expect(faults.open()[0]?.sightings).toBeGreaterThanOrEqual(3);
});

test("what models saw of a key that was bad says nothing once it is good again", async () => {
  for (const name of ["openrouter", "qwen", "kimi"]) await sees(name, rejected);
  expect(open()).toEqual(["unauthorized openrouter: openrouter qwen kimi"]);
  await sees("openrouter", fine);
  expect(open()).toEqual([]);
  await sees("kimi", fine);
  await sees("openrouter", fine);
  expect(open()).toEqual([]);
  // Looked at again, it is refused although the key is good.
  await sees("qwen", rejected);
  await sees("openrouter", fine);
  expect(open()).toEqual(["unauthorized qwen: qwen"]);
});
