import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { asking, eventsOf, FREE, hello, look, PAID, read } from "./asking.ts";

const from = asking();

const said = (text: string): string =>
  eventsOf(text)
    .map((event) => look(event, "choices.0.delta.content") ?? "")
    .join("");

test("S10: a whole answer", async () => {
  const { status, headers, at } = await from.chat({ model: PAID, messages: hello, max_tokens: 16 });
  expect(status).toBe(200);
  expect(headers.get("x-generation-id")).toBe(at("id"));
  expect(headers.get("cf-ray")).toBeTruthy();
  expect([...headers.keys()].filter((name) => name.startsWith("x-ratelimit"))).toEqual([]);
  expect(at("object")).toBe("chat.completion");
  expect(at("model")).toBe(PAID);
  expect(at("provider")).toEqual(expect.any(String));
  expect(at("choices.0.finish_reason")).toBe("length");
  expect(String(at("choices.0.message.content")).split(" ")).toHaveLength(16);
  expect(at("usage.completion_tokens")).toBe(16);
  expect(at("usage.cost")).toBeCloseTo(Number(at("usage.prompt_tokens")) * 0.00000022 + 16 * 0.00000095, 12);
});

test("S11: a stream has comments, a role, words, a reason to finish, usage without choices, and an end", async () => {
  const { status, headers, text } = await from.chat({ model: FREE, messages: hello, max_tokens: 20, stream: true });
  expect(status).toBe(200);
  expect(headers.get("content-type")).toBe("text/event-stream");
  expect(text.startsWith(": OPENROUTER PROCESSING\n\n")).toBe(true);
  expect(text.endsWith("\n\ndata: [DONE]\n\n")).toBe(true);
  const events = eventsOf(text);
  expect(look(events[0], "choices.0.delta")).toEqual({ role: "assistant", content: "" });
  expect(look(events[0], "id")).toBe(headers.get("x-generation-id"));
  expect(look(events.at(-2), "choices.0.finish_reason")).toBe("length");
  expect(events.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 20, cost: 0 } });
  expect(said(text).split(" ")).toHaveLength(20);
});

test("a model that is left to talk stops by itself", async () => {
  const { text } = await from.chat({ model: FREE, messages: hello, stream: true });
  expect(look(eventsOf(text).at(-2), "choices.0.finish_reason")).toBe("stop");
});

test("S11: events are cut at any byte, and still join to the same text", async () => {
  const response = await from.chatResponse({ model: FREE, messages: hello, stream: true });
  const pieces: Buffer[] = [];
  for await (const piece of response.body ?? []) pieces.push(Buffer.from(piece));
  const isWhole = (piece: Buffer): boolean => piece.toString().startsWith("data: ") && piece.toString().endsWith("\n\n");
  expect(pieces.some((piece) => !isWhole(piece))).toBe(true);
  expect(said(Buffer.concat(pieces).toString())).toContain("Привет from the other side");
});

test("tokens come at the pace that was asked for", async () => {
  from.simulator.faults.on("slow_first_token", { ms: 120 });
  const started = performance.now();
  const { text } = await from.chat({ model: FREE, messages: hello, max_tokens: 16, stream: true });
  expect(performance.now() - started).toBeGreaterThan(110);
  expect(text.match(/: OPENROUTER PROCESSING/g)?.length).toBeGreaterThan(1);
});

test("a model says the word it is told to", async () => {
  const { at } = await from.chat({ model: FREE, messages: [{ role: "user", content: "Reply with exactly: pong" }] });
  expect(at("choices.0.message.content")).toBe("pong");
  expect(at("choices.0.finish_reason")).toBe("stop");
});

test("S16: thinking eats the budget, and nothing is said", async () => {
  const { status, at } = await from.chat({ model: "deepseek/deepseek-r1:free", messages: hello, max_tokens: 16 });
  expect(status).toBe(200);
  expect(at("choices.0.message.content")).toBeNull();
  expect(at("choices.0.message.reasoning")).toEqual(expect.stringContaining("Okay"));
  expect(at("choices.0.finish_reason")).toBe("length");
  expect(at("usage.completion_tokens_details.reasoning_tokens")).toBe(16);
});

const R1 = "deepseek/deepseek-r1:free";
const MANDATORY = "openai/gpt-oss-20b";
const ON_REQUEST = "deepseek/deepseek-chat-v3.1:free";
test.each([
  ["thinks by default", R1, undefined, 40],
  ["is told not to", R1, { enabled: false }, 0],
  ["is told no effort", R1, { effort: "none" }, 0],
  ["must think", MANDATORY, { enabled: false }, 40],
  ["must think, briefly", MANDATORY, { effort: "low" }, 16],
  ["is not asked", ON_REQUEST, undefined, 0],
  ["is asked", ON_REQUEST, { enabled: true }, 40],
  ["cannot", FREE, { enabled: true }, 0],
])("a model that %s", async (_, model, reasoning, tokens) => {
  const { text } = await from.chat({ model, messages: hello, stream: true, ...(reasoning && { reasoning }) });
  const events = eventsOf(text);
  expect(look(events.at(-1), "usage.completion_tokens_details.reasoning_tokens")).toBe(tokens);
  expect(events.filter((event) => look(event, "choices.0.delta.reasoning"))).toHaveLength(tokens);
});

test.each(["qwen/qwen3-coder-480b", "moonshot/kimi-dev-72b", "deepseek/deepseek-r1-70b"])("S17: %s is no model", async (model) => {
  const { status, text, at } = await from.chat({ model, messages: hello });
  expect(status).toBe(400);
  expect(text.startsWith(`{"error":{"message":"${model} is not a valid model ID","code":400}`)).toBe(true);
  expect(at("user_id")).toMatch(/^user_/);
});

test("an alias is served by what it stands for", async () => {
  const { at } = await from.chat({ model: "~anthropic/claude-sonnet-latest", messages: hello });
  expect(at("model")).toBe("anthropic/claude-sonnet-4.5");
});

test.each([
  ["no model", { messages: hello }, "No models provided"],
  ["no messages", { model: FREE }, "Input required"],
  ["a token limit in words", { model: FREE, messages: hello, max_tokens: "16" }, "max_tokens"],
  ["a token limit of nothing", { model: FREE, messages: hello, max_tokens: 0 }, "max_tokens"],
])("400 for %s", async (_, body, message) => {
  const { status, at } = await from.chat(body);
  expect(status).toBe(400);
  expect(at("error.message")).toContain(message);
});

test("400 for a body that is not JSON", async () => {
  const { apiKey } = from.simulator.credentials;
  const response = await fetch(`${from.simulator.openrouterUrl}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}` },
    body: "{",
  });
  expect((await read(response)).at("error.code")).toBe(400);
});

test("S18: OpenAI refuses fewer than 16 tokens, others do not", async () => {
  const { status, at } = await from.chat({ model: "openai/gpt-4o-mini", messages: hello, max_tokens: 1 });
  expect(status).toBe(400);
  expect(at("error.message")).toBe("Provider returned error");
  expect(at("error.metadata.raw")).toContain("Expected a value >= 16, but got 1 instead.");
  expect(at("error.metadata.provider_name")).toBe("OpenAI");
  expect((await from.chat({ model: FREE, messages: hello, max_tokens: 1 })).status).toBe(200);
});

/** A square of one colour, RGB. */
function png(red: number, green: number, blue: number, side = 32): string {
  const chunk = (type: string, content: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    return Buffer.concat([length, Buffer.from(type), content, Buffer.alloc(4)]);
  };
  const header = Buffer.from([0, 0, 0, side, 0, 0, 0, side, 8, 2, 0, 0, 0]);
  const line = Buffer.concat([Buffer.from([0]), ...Array.from({ length: side }, () => Buffer.from([red, green, blue]))]);
  const pixels = deflateSync(Buffer.concat(Array.from({ length: side }, () => line)));
  const file = [Buffer.from("89504e470d0a1a0a", "hex"), chunk("IHDR", header), chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))];
  return `data:image/png;base64,${Buffer.concat(file).toString("base64")}`;
}

const picture = (url: string): unknown[] => [
  {
    role: "user",
    content: [
      { type: "text", text: "Which colour?" },
      { type: "image_url", image_url: { url } },
    ],
  },
];

test.each([
  ["red", png(250, 10, 5)],
  ["blue", png(0, 20, 240)],
  ["green", png(10, 170, 10)],
])("a vision model sees %s", async (colour, url) => {
  for (const model of ["google/gemini-2.0-flash-exp:free", "google/gemma-3-27b-it:free", "qwen/qwen2.5-vl-72b-instruct:free"]) {
    expect((await from.chat({ model, messages: picture(url) })).at("choices.0.message.content")).toBe(colour);
  }
});

test.each([
  [
    "an image to a blind model",
    { model: FREE, messages: picture(png(255, 0, 0)) },
    "No endpoints found that support image input",
    "Filter by Image Support",
  ],
  [
    "tools to a model without",
    { model: "google/gemma-3-27b-it:free", messages: hello, tools: [{ type: "function" }] },
    "No endpoints found that support tool use",
    "Filter by Tool Compatibility",
  ],
  [
    "parameters nobody takes",
    { model: "google/gemma-3-27b-it:free", messages: hello, response_format: {}, provider: { require_parameters: true } },
    "No endpoints found that can handle the requested parameters",
    "Filter by Parameters",
  ],
  [
    "a provider that does not serve it",
    { model: PAID, messages: hello, provider: { only: ["nobody"] } },
    "No allowed providers",
    "Filter by Allowed Providers",
  ],
  [
    "a price below its own",
    { model: PAID, messages: hello, provider: { max_price: { prompt: 0, completion: 0 } } },
    "max price",
    "Filter by Max Price",
  ],
])("S22: 404 for %s", async (_, body, message, step) => {
  const { status, at } = await from.chat(body);
  expect(status).toBe(404);
  expect(at("error.message")).toContain(message);
  expect(at("error.metadata.failed_routing_step")).toBe(step);
  expect((at("error.metadata.routing_funnel") as unknown[]).at(-1)).toEqual({ step, endpoint_count: 0 });
});

test("a free model passes a price cap of nothing; one that nobody serves is 404", async () => {
  const cap = { provider: { max_price: { prompt: 0, completion: 0 } } };
  expect((await from.chat({ model: FREE, messages: hello, ...cap })).status).toBe(200);
  const orphan = "cognitivecomputations/dolphin3.0-mistral-24b:free";
  expect((await from.chat({ model: orphan, messages: hello })).at("error.message")).toBe(`No endpoints found for ${orphan}.`);
});

test("a plain OpenAI client finds what it needs below /v1", async () => {
  const base = `${from.simulator.url}/v1`;
  const headers = { authorization: `Bearer ${from.simulator.credentials.apiKey}` };
  expect((await read(await fetch(`${base}/models`, { headers }))).at("data.0.id")).toEqual(expect.any(String));
  const body = JSON.stringify({ model: FREE, messages: hello });
  expect((await fetch(`${base}/chat/completions`, { method: "POST", headers, body })).status).toBe(200);
});

test("a caller that goes away ends the stream", async () => {
  from.simulator.faults.on("slow_tokens", { ms: 60_000 });
  const leaving = new AbortController();
  const response = await from.chatResponse({ model: FREE, messages: hello, stream: true }, leaving.signal);
  expect(response.status).toBe(200);
  const seen = from.simulator.requests.at(-1);
  expect(seen?.finishedAt).toBeUndefined();
  leaving.abort();
  await expect.poll(() => seen?.finishedAt).toBeDefined();
});
