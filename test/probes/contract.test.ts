import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { kinds, type Reason, reasonNames } from "../../src/core/reason.ts";
import type { FaultName, Scope } from "../../src/simulator/index.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.simulator.stop());
afterEach(() => world.simulator.faults.clear());

/** One target of each kind, and the service it talks to. */
const TARGETS = {
  model: ["qwen_coder", "openrouter"],
  credential: ["openrouter", "openrouter"],
  catalog: ["openrouter_catalog", "openrouter"],
  bucket: ["files", "s3"],
  app: ["frontend", "app"],
} as const;

type Row = readonly [fault: FaultName, scope: Scope];
const ROWS: readonly Row[] = [
  ["status", { status: 400 }],
  ["status", { status: 401 }],
  ["status", { status: 402 }],
  ["status", { status: 403 }],
  ["status", { status: 404 }],
  ["status", { status: 429 }],
  ["status", { status: 500 }],
  ["status", { status: 503 }],
  ["html", { status: 503 }],
  ["html", { status: 200 }],
  ["reset", {}],
  ["hang_up", {}],
  ["reset_body", {}],
  ["slow_headers", {}],
  ["stalled_body", {}],
  ["empty_body", {}],
  ["broken_json", {}],
  ["wrong_types", {}],
  ["huge_body", {}],
];

/** What an application may answer is its own affair: only status and transport are judged. */
const NO_FAULT_FOR_APP: ReadonlySet<string> = new Set(["html 200", "empty_body", "broken_json", "wrong_types"]);

describe.each(kinds)("every %s probe", (kind) => {
  const [target, service] = TARGETS[kind];

  test("is up when all is well", async () => {
    expect(await world.probe(target)).toMatchObject({ verdict: "up", reason: "ok" });
  });

  test.each(ROWS)("answers %s %j with an outcome, within its time, and says why", async (fault, scope) => {
    world.simulator.faults.on(fault, { service, ...scope });
    const slow = fault === "slow_headers" || fault === "stalled_body";
    const from = performance.now();
    const outcome = await world.probe(target, slow ? 300 : 5_000);
    expect(performance.now() - from).toBeLessThan(slow ? 4_000 : 5_000);
    const harmless = kind === "app" && NO_FAULT_FOR_APP.has([fault, scope.status].filter((part) => part !== undefined).join(" "));
    expect(outcome.verdict).toEqual(harmless ? "up" : expect.stringMatching(/^(?:down|degraded)$/));
    expect(reasonNames).toContain(outcome.reason);
    expect(outcome.reason).not.toBe<Reason>("prober_fault");
    const { statusCode, via, request } = outcome.evidence;
    expect(via === "none").toBe(statusCode === 0);
    expect(request).toBeDefined();
  });

  test("ends soon after it is aborted", async () => {
    world.simulator.faults.on("slow_headers", { service });
    const abort = new AbortController();
    const one = world.planned.find((planned) => planned.target.name === target);
    const running = one?.probe.run(abort.signal);
    const from = performance.now();
    abort.abort();
    expect((await running)?.verdict).toBe("down");
    expect(performance.now() - from).toBeLessThan(4_000);
  });
});
