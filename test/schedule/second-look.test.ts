import { beforeEach, describe, expect, test } from "vitest";
import { degraded, down, type Probed, up } from "../../src/core/outcome.ts";
import type { Sink, Target } from "../../src/core/probe.ts";
import type { Reason } from "../../src/core/reason.ts";
import { createSecondLooks } from "../../src/schedule/second-look.ts";
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
let looks: Sink;
let asked: string[];
let running: Set<string>;
beforeEach(() => {
  clock = createFakeClock();
  asked = [];
  running = new Set();
  const start = clock.wall();
  looks = createSecondLooks({
    clock,
    targets: () => TARGETS,
    costs: (name) => TARGETS.find((one) => one.name === name)?.kind === "model",
    running: (name) => running.has(name),
    again: (name, at) => asked.push(`${name} ${(at - start) / 1000}`),
  });
});

const answered = (statusCode: number) => ({ statusCode, via: statusCode === 0 ? "none" : "header" }) as const;
const is = (reason: Reason, statusCode: number): Probed => down(reason, answered(statusCode));

/** What is asked for because of this look. */
function sees(name: string, outcome: Probed): string[] {
  asked = [];
  const target = TARGETS.find((one) => one.name === name);
  if (target === undefined) throw new Error(name);
  looks.take({ target, outcome, startedAt: clock.wall(), durationSeconds: 0.1 });
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

describe("elsewhere", () => {
  test("what an application needs, down to the ground, is looked at at once", () => {
    expect(sees("site", is("app_status", 503))).toEqual(["site 15", "files 0", "frontend 0"]);
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
    asked = [];
    const site = TARGETS.find(({ name }) => name === "site") ?? aTarget();
    looks.take({ target: site, outcome: is("app_status", 503), startedAt, durationSeconds: 2 });
    expect(asked).toEqual(["site 16"]);
  });
  test("a storm of failures does not become a storm of questions", async () => {
    sees("openrouter", up(answered(200)));
    await clock.advance(1000);
    expect(sees("qwen", is("provider_error", 502))).toEqual(["qwen 16", "openrouter 5"]);
    expect(sees("kimi", is("provider_error", 502))).toEqual(["kimi 16", "openrouter 5"]);
  });
});
