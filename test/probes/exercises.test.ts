import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { formatIssue } from "../../src/config/issue.ts";
import { loadConfig } from "../../src/config/load.ts";
import { sections } from "../../src/probes/index.ts";
import { startWorld, type World } from "../support/world.ts";

/** A paid model with every ability, and one whose abilities are each a target of its own. */
const YAML = `credentials:
  openrouter: { api_key: $KEY, base_url: "$API" }
  plain: { flavor: openai, api_key: $KEY, base_url: "$API" }
models:
  elsewhere: { credential: plain, id: openai/gpt-4o-mini, expect: { tools: true } }
  able: { credential: openrouter, id: openai/gpt-4o-mini, expect: { vision: true, tools: true, schema: true, answer: pong } }
  whole: { credential: openrouter, id: openai/gpt-4o-mini, stream: false, expect: { tools: true } }
  echo: { credential: openrouter, id: openai/gpt-4o-mini, expect: { answer: "the quick brown fox" } }
  asked: { credential: openrouter, id: openai/gpt-4o-mini, prompt: "Reply with exactly: forty two", expect: { answer: "forty two" } }
  blind: { credential: openrouter, id: "deepseek/deepseek-chat-v3.1:free", expect: { vision: true } }
`;

let world: World;
beforeAll(async () => {
  world = await startWorld(YAML);
});
afterAll(() => world.simulator.stop());
afterEach(() => world.simulator.faults.clear());

test("the first ability is the model's own target, each further one has its own", () => {
  const models = world.planned.filter(({ target }) => target.kind === "model").map(({ target }) => target.name);
  expect(models).toEqual(["elsewhere", "able", "able_tools", "able_schema", "able_answer", "whole", "echo", "asked", "blind"]);
  expect(new Set(world.planned.filter(({ target }) => target.name.startsWith("able")).map(({ target }) => target.model))).toEqual(
    new Set(["openai/gpt-4o-mini"]),
  );
});

test.each(["able", "able_tools", "able_schema", "able_answer", "whole", "echo", "asked"])("%s can do what is expected", async (name) => {
  expect(await world.probe(name)).toMatchObject({ verdict: "up", reason: "ok" });
});

describe("an ability that is lost is a wrong answer of its own", () => {
  test.each([
    ["wrong_answer", "able", /expected red, got/],
    ["tools_ignored", "able_tools", /expected a call of report_status, got/],
    ["tools_ignored", "whole", /expected a call of report_status, got/],
    ["schema_ignored", "able_schema", /expected \{"status":"ok"\}, got/],
    ["wrong_answer", "able_answer", /expected "pong", got/],
    ["wrong_answer", "echo", /expected "the quick brown fox", got/],
  ] as const)("%s on %s", async (fault, name, message) => {
    world.simulator.faults.on(fault);
    const outcome = await world.probe(name);
    expect(outcome).toMatchObject({ verdict: "down", reason: "wrong_answer", evidence: { statusCode: 200 } });
    expect(outcome.evidence.message).toMatch(message);
    // Tokens were spent and timed all the same.
    expect(outcome.evidence.completion?.outputTokens).toBeGreaterThan(0);
  });

  test("the others are not touched by it", async () => {
    world.simulator.faults.on("tools_ignored");
    for (const name of ["able", "able_schema", "able_answer"]) expect((await world.probe(name)).verdict).toBe("up");
  });
});

test("a model that takes no images says so, not that the answer is wrong", async () => {
  expect(await world.probe("blind")).toMatchObject({ reason: "vision_unsupported", evidence: { statusCode: 404 } });
});

test("no provider may be used that would drop the feature silently", async () => {
  await world.probe("able_schema");
  expect(world.simulator.requests.at(-1)?.body).toMatchObject({ provider: { require_parameters: true } });
});

test("another API is asked for nothing that only OpenRouter knows", async () => {
  expect(await world.probe("elsewhere")).toMatchObject({ verdict: "up" });
  expect(world.simulator.requests.at(-1)?.body).not.toHaveProperty("provider");
});

test("a name that such a target would take is refused to others", () => {
  const text = `credentials: { a: { api_key: "sk-or-v1-0123456789abcdef" } }
models:
  m: { id: x/y, expect: { vision: true, tools: true } }
  m_tools: x/z
`;
  const loaded = loadConfig({ file: "x.yaml", text, sections, env: {} });
  expect(loaded.ok ? [] : loaded.issues.map(formatIssue)).toEqual([
    "x.yaml:3:3  models.m  found the name m_tools, which models.m_tools has; expected a name of its own for every target; rename one",
  ]);
});

test("a parameter that has an option of its own is refused: plan and budget count with the option", () => {
  const text = `credentials: { a: { api_key: "sk-or-v1-0123456789abcdef" } }
models: { m: { id: x/y, parameters: { max_tokens: 100000 } } }
`;
  const loaded = loadConfig({ file: "x.yaml", text, sections, env: {} });
  expect(loaded.ok ? [] : loaded.issues.map(formatIssue)).toEqual([
    "x.yaml:2:51  models.m.parameters.max_tokens  found max_tokens among the parameters; expected the option max_tokens of the model for it; use max_tokens",
  ]);
});
