import { beforeEach, describe, expect, test } from "vitest";
import { degraded, down, type Probed, up } from "../../src/core/outcome.ts";
import type { Target } from "../../src/core/probe.ts";
import type { Reason } from "../../src/core/reason.ts";
import { createSecondLooks, type SecondLooks } from "../../src/schedule/second-look.ts";
import { createFakeClock, type FakeClock } from "../support/fake-clock.ts";
import { aTarget } from "../support/targets.ts";

const TARGETS: readonly Target[] = [
  aTarget({ name: "openrouter", kind: "credential", credential: "openrouter" }),
  aTarget({ name: "openrouter_catalog", kind: "catalog", credential: "openrouter" }),
  aTarget({ name: "other", kind: "credential", credential: "other" }),
  aTarget({ name: "qwen", kind: "model", credential: "openrouter" }),
  aTarget({ name: "kimi", kind: "model", credential: "openrouter" }),
  aTarget({ name: "files", kind: "bucket" }),
  aTarget({ name: "frontend", kind: "app", needs: ["files", "qwen"] }),
  aTarget({ name: "site", kind: "app", needs: ["frontend"] }),
];

let clock: FakeClock;
let looks: SecondLooks;
let targets: readonly Target[];
let asked: string[];
let running: Set<string>;
beforeEach(() => {
  clock = createFakeClock();
  targets = TARGETS;
  asked = [];
  running = new Set();
  const start = clock.wall();
  looks = createSecondLooks({
    clock,
    targets: () => targets,
    target: (name) => targets.find((one) => one.name === name),
    costs: (name) => targets.find((one) => one.name === name)?.kind === "model",
    running: (name) => running.has(name),
    again: (name, at) => asked.push(`${name} ${(at - start) / 1000}`),
  });
});

const answered = (statusCode: number) => ({ statusCode, via: statusCode === 0 ? "none" : "header" }) as const;
const is = (reason: Reason, statusCode: number): Probed => down(reason, answered(statusCode));

/** What is asked for because of this look. */
function sees(name: string, outcome: Probed, startedAt = clock.wall()): string[] {
  asked = [];
  const target = targets.find((one) => one.name === name);
  if (target === undefined) throw new Error(name);
  looks.take({ target, outcome, startedAt, durationSeconds: (clock.wall() - startedAt) / 1000 });
  return asked;
}

describe("the target itself", () => {
  test("is looked at again 15 s after a first failure, and not after a second", () => {
    expect(sees("files", is("s3_slow_down", 503))).toEqual(["files 15"]);
    expect(sees("files", is("s3_slow_down", 503))).toEqual([]);
    expect(sees("files", up(answered(200)))).toEqual([]);
    expect(sees("files", is("s3_slow_down", 503))).toEqual(["files 15"]);
  });
  test("three times where it is a key: two rejections do not convict it", () => {
    for (const more of [["openrouter 15"], ["openrouter 15"], []]) expect(sees("openrouter", is("unauthorized", 401))).toEqual(more);
  });
  test("costs a second request only where nothing free can tell", () => {
    expect(sees("qwen", is("provider_error", 502))).toEqual(["qwen 15", "openrouter 0"]);
    expect(sees("kimi", is("unauthorized", 401))).toEqual(["openrouter 0"]);
    sees("kimi", up(answered(200)));
    expect(sees("kimi", is("model_missing", 400))).toEqual(["openrouter 0", "openrouter_catalog 0"]);
    sees("kimi", up(answered(200)));
    expect(sees("kimi", degraded("rate_limited", answered(429)))).toEqual(["openrouter 0"]);
  });
});

describe("a model that the key is rejected at", () => {
  test("is looked at again once the key was found good since: it may be the model's own word", async () => {
    sees("qwen", is("unauthorized", 401));
    await clock.advance(3000);
    expect(sees("other", up(answered(200)))).toEqual([]);
    expect(sees("openrouter", up(answered(200)))).toEqual(["qwen 15"]);
    expect(sees("openrouter", up(answered(200)))).toEqual([]);
  });
  test("not by a look at the key that began before, nor where the key is rejected too, nor where the model is well by then", async () => {
    const before = clock.wall();
    await clock.advance(1000);
    sees("qwen", is("unauthorized", 401));
    expect(sees("openrouter", up(answered(200)), before)).toEqual([]);
    await clock.advance(1000);
    expect(sees("openrouter", is("unauthorized", 401))).not.toContain("qwen");
    sees("qwen", up(answered(200)));
    expect(sees("openrouter", up(answered(200)))).toEqual([]);
  });
});

describe("elsewhere", () => {
  test("what an application needs, down to the ground, is looked at at once", () => {
    expect(sees("site", is("app_status", 503))).toEqual(["site 15", "frontend 0", "files 0"]);
  });
  test("when nothing answers, everything that costs nothing is", () => {
    expect(sees("files", is("connect_timeout", 0))).toEqual([
      "files 15",
      "openrouter 0",
      "openrouter_catalog 0",
      "other 0",
      "frontend 0",
      "site 0",
    ]);
  });
  test("not what was looked at since, nor what is being looked at", async () => {
    const startedAt = clock.wall();
    await clock.advance(1000);
    sees("files", up(answered(200)));
    running.add("frontend");
    expect(sees("site", is("app_status", 503), startedAt)).toEqual(["site 16"]);
  });
  test("a storm of failures does not become a storm of questions", async () => {
    sees("openrouter", up(answered(200)));
    await clock.advance(1000);
    expect(sees("qwen", is("provider_error", 502))).toEqual(["qwen 16", "openrouter 5"]);
    expect(sees("kimi", is("provider_error", 502))).toEqual(["kimi 16", "openrouter 5"]);
  });
});

describe("of hundreds, when one gives no answer", () => {
  const many = (from: number, to: number): string[] => [...Array(to - from).keys()].map((at) => `a${from + at}`);
  const silent = is("connect_refused", 0);
  const withoutTimes = (): string[] => asked.map((one) => one.split(" ")[0] ?? "");
  beforeEach(() => {
    targets = many(0, 200).map((name) => aTarget({ name }));
  });

  test("32 are asked, and 32 more each second, for as long as nobody answers", async () => {
    expect(sees("a0", silent)).toEqual(["a0 15", ...many(1, 33).map((name) => `${name} 0`)]);
    asked = [];
    await clock.advance(2000);
    expect(withoutTimes()).toEqual(many(33, 97));
    sees("a40", up(answered(200)));
    await clock.advance(60_000);
    expect(asked).toEqual([]);
  });
  test("any answer will do, but not one to what was asked before", async () => {
    const before = clock.wall();
    await clock.advance(100);
    sees("a0", silent);
    sees("a1", is("app_status", 500), before);
    asked = [];
    await clock.advance(1000);
    expect(withoutTimes()).toEqual(many(33, 65));
    sees("a2", is("app_status", 500));
    await clock.advance(60_000);
    expect(asked).toEqual(["a2 16.1"]);
  });
  test("those that gave none are not asked again", async () => {
    for (const name of many(0, 200)) sees(name, silent);
    expect(asked).toEqual(["a199 15"]);
    asked = [];
    await clock.advance(60_000);
    expect(asked).toEqual([]);
  });
  test("an answer from before the latest failure does not speak for it: it is asked again, five seconds after the first time", async () => {
    sees("a0", silent);
    await clock.advance(500);
    sees("a150", silent);
    sees("a1", up(answered(200)), clock.wall() - 250);
    asked = [];
    await clock.advance(4499);
    expect(asked).toEqual([]);
    await clock.advance(1);
    expect(asked.slice(0, 2)).toEqual(["a1 5.25", "a2 5"]);
  });
  test("nobody is asked any more after the end", async () => {
    sees("a0", silent);
    looks.stop();
    expect(clock.pending).toBe(0);
  });
});

test("what is in doubt is looked at again, 32 at a time, but for what costs and what is being looked at", () => {
  targets = [aTarget({ name: "qwen", kind: "model" }), ...[...Array(40).keys()].map((at) => aTarget({ name: `a${at}` }))];
  sees("a0", up(answered(200)));
  running.add("a1");
  asked = [];
  looks.doubt(targets.map(({ name }) => name));
  expect(asked.slice(0, 3)).toEqual(["a0 5", "a2 0", "a3 0"]);
  expect(asked.filter((one) => one.endsWith(" 0"))).toHaveLength(31);
  expect(asked.slice(-2)).toEqual(["a38 1", "a39 1"]);
  expect(asked).toHaveLength(39);
});
