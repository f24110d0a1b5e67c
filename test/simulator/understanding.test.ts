/** What a model makes of what it is asked: tools, schemas, exact words; and when it does not. */
import { describe, expect, test } from "vitest";
import { exampleOf } from "../../src/simulator/openrouter/example-of.ts";
import { asking, eventsOf, FREE, hello, look } from "./asking.ts";

const from = asking();
const BLIND_TO_TOOLS = "google/gemma-3-27b-it:free";

const named = (name: string, properties: object): object => ({
  type: "function",
  function: { name, parameters: { type: "object", properties, required: Object.keys(properties) } },
});
const tools = [named("weather", { city: { type: "string" }, days: { type: "integer", minimum: 3 } }), named("clock", {})];

describe("tools", () => {
  test.each([
    ["no choice", undefined, "weather", { city: "text", days: 3 }],
    ["auto", "auto", "weather", { city: "text", days: 3 }],
    ["required", "required", "weather", { city: "text", days: 3 }],
    ["one by name", { type: "function", function: { name: "clock" } }, "clock", {}],
  ])("%s: a call, whole and streamed", async (_, tool_choice, name, args) => {
    const body = { model: FREE, messages: hello, tools, tool_choice };
    const { at } = await from.chat(body);
    expect([at("choices.0.finish_reason"), at("choices.0.message.content")]).toEqual(["tool_calls", null]);
    expect(at("choices.0.message.tool_calls.0.function.name")).toBe(name);
    expect(JSON.parse(String(at("choices.0.message.tool_calls.0.function.arguments")))).toEqual(args);
    const events = eventsOf((await from.chat({ ...body, stream: true })).text);
    const calls = events.map((event) => look(event, "choices.0.delta.tool_calls.0")).filter((call) => call !== undefined);
    expect(calls[0]).toMatchObject({ index: 0, id: expect.stringMatching(/^call_/), function: { name } });
    expect(JSON.parse(calls.map((call) => look(call, "function.arguments")).join(""))).toEqual(args);
    expect(look(events.at(-2), "choices.0.finish_reason")).toBe("tool_calls");
  });

  test("none is called when that is forbidden, when one has just answered, when they are ignored", async () => {
    const finish = async (body: object): Promise<unknown> =>
      (await from.chat({ model: FREE, messages: hello, tools, ...body })).at("choices.0.finish_reason");
    expect(await finish({ tool_choice: "none" })).toBe("stop");
    expect(await finish({ messages: [...hello, { role: "tool", tool_call_id: "call_1", content: "rain" }] })).toBe("stop");
    from.simulator.faults.on("tools_ignored");
    expect(await finish({ tool_choice: "required" })).toBe("stop");
  });

  test("arguments are cut by the token limit", async () => {
    const { at } = await from.chat({ model: FREE, messages: hello, tools, max_tokens: 2 });
    expect(at("choices.0.finish_reason")).toBe("length");
    expect(() => JSON.parse(String(at("choices.0.message.tool_calls.0.function.arguments")))).toThrow();
  });
});

describe("schemas", () => {
  const schema = { type: "object", properties: { ok: { type: "boolean" }, kind: { const: "reply" } }, required: ["ok", "kind"] };
  const response_format = { type: "json_schema", json_schema: { name: "reply", strict: true, schema } };
  const said = async (model: string, more: object = {}): Promise<string> => {
    const { text } = await from.chat({ model, messages: hello, response_format, stream: true, ...more });
    return eventsOf(text)
      .map((event) => look(event, "choices.0.delta.content") ?? "")
      .join("");
  };

  test("are kept to by models that know them, and by others only pretended to", async () => {
    expect(JSON.parse(await said(FREE))).toEqual({ ok: true, kind: "reply" });
    expect(JSON.parse(await said(FREE, { response_format: { type: "json_object" } }))).toEqual({ answer: "text" });
    expect(await said(BLIND_TO_TOOLS)).toMatch(/^The service answers/);
    from.simulator.faults.on("schema_ignored");
    expect(await said(FREE)).toMatch(/^The service answers/);
  });

  test("one that cannot, and must, is not routed to", async () => {
    const refused = await from.chat({
      model: BLIND_TO_TOOLS,
      messages: hello,
      response_format,
      provider: { require_parameters: true },
    });
    expect([refused.status, refused.at("error.metadata.failed_routing_step")]).toEqual([404, "Filter by Parameters"]);
  });

  test.each([
    [{ type: "string", minLength: 8 }, "text and"],
    [{ enum: ["a", "b"] }, "a"],
    [{ type: ["number", "null"] }, 1],
    [{ type: "array", items: { type: "integer", minimum: 4 }, minItems: 2 }, [4, 4]],
    [{ anyOf: [{ type: "null" }, { type: "string" }] }, null],
    [{ properties: { a: {}, b: {} }, required: ["b"] }, { b: "text" }],
    [undefined, "text"],
  ])("%j is met by %j", (given, expected) => {
    expect(exampleOf(given)).toEqual(expected);
  });
});

describe("words", () => {
  const say = async (content: string, more: object = {}): Promise<unknown> =>
    (await from.chat({ model: FREE, messages: [{ role: "user", content }], ...more })).at("choices.0.message.content");

  test.each([
    ["Reply with exactly: The sky is blue", "The sky is blue"],
    ['Reply with exactly: "ok then" and nothing else.', "ok then"],
    ["Say exactly:\npong\nThank you", "pong"],
    ["Answer with the word 'pong'.", "pong"],
  ])("%j is answered %j", async (prompt, answer) => {
    expect(await say(prompt)).toBe(answer);
  });

  test("as far as the token limit allows", async () => {
    expect(await say("Reply with exactly: one two three", { max_tokens: 2 })).toBe("one two");
  });

  test("wrong_answer: something else, whatever was asked, at the price of what was asked", async () => {
    const ask = { model: FREE, messages: [{ role: "user", content: "Reply with exactly: pong" }] };
    const promptTokens = (await from.chat(ask)).at("usage.prompt_tokens");
    from.simulator.faults.on("wrong_answer");
    const wrong = await from.chat(ask);
    expect([wrong.at("choices.0.message.content"), wrong.at("usage.prompt_tokens")]).toEqual(["banana", promptTokens]);
    from.simulator.faults.on("wrong_answer", { model: "other/model" });
    expect(await say("Reply with exactly: pong")).toBe("pong");
  });
});
