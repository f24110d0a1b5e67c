/** Wire truth by clients nobody here wrote: OpenRouter's SDK validates every answer with its own zod schemas, its AI SDK provider streams. */
import { createOpenRouter } from "@openrouter/ai-sdk-provider";
import { OpenRouter } from "@openrouter/sdk";
import { OpenRouterError } from "@openrouter/sdk/models/errors";
import { APICallError, generateText, isStepCount, jsonSchema, Output, streamText, tool } from "ai";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { FaultName, Scope } from "../../src/simulator/index.ts";
import { asking, FREE, PAID } from "./asking.ts";

let nowMs = Date.parse("2026-11-23T15:00:10Z");
const from = asking({ now: () => nowMs });
const VISION = "google/gemini-2.0-flash-exp:free";
const THINKER = "deepseek/deepseek-r1:free";
const messages = [{ role: "user" as const, content: "Reply with exactly: all is well" }];

const sdk = (apiKey = from.simulator.credentials.apiKey): OpenRouter =>
  new OpenRouter({ apiKey, serverURL: from.simulator.openrouterUrl, retryConfig: { strategy: "none" } });

const model = (id: string, apiKey = from.simulator.credentials.apiKey) =>
  createOpenRouter({ apiKey, baseURL: from.simulator.openrouterUrl }).chat(id);

describe("the SDK", () => {
  test("key, credits", async () => {
    const { data } = await sdk().apiKeys.getCurrentKeyMetadata();
    expect(data).toMatchObject({ isManagementKey: false, freeModelDailyRequests: { limit: 1000 }, rateLimit: { requests: -1 } });
    from.simulator.faults.on("key_expiring");
    from.simulator.faults.on("key_budget");
    expect((await sdk().apiKeys.getCurrentKeyMetadata()).data.expiresAt).toEqual(new Date(nowMs + 3 * 86_400_000));
    expect((await sdk().credits.getCredits()).data.totalCredits).toBe(25);
    expect((await sdk(from.simulator.credentials.managementKey).apiKeys.getCurrentKeyMetadata()).data.isManagementKey).toBe(true);
  });

  test("models: all of them, one, how many, those of the account, in pages", async () => {
    const { result } = await sdk().models.list();
    expect(result.data).toHaveLength(430);
    expect((await sdk().models.count()).data.count).toBe(430);
    expect((await sdk().models.listForUser({ bearer: from.simulator.credentials.apiKey })).result.data).toHaveLength(430);
    const [author = "", slug = ""] = FREE.split("/");
    expect((await sdk().models.get({ author, slug })).data.id).toBe(FREE);
    const seen: string[] = [];
    for await (const page of await sdk().models.list({ limit: 200 })) seen.push(...page.result.data.map(({ id }) => id));
    expect(seen).toEqual(result.data.map(({ id }) => id));
  });

  test("endpoints of every model, providers", async () => {
    const { result } = await sdk().models.list();
    const statuses = new Set<unknown>();
    for (const { id } of result.data.slice(0, 60)) {
      const [author = "", slug = ""] = id.split("/");
      const { data } = await sdk().endpoints.list({ author, slug });
      for (const { status } of data.endpoints) statuses.add(status);
    }
    expect(statuses).toEqual(new Set([0, -2]));
    expect((await sdk().providers.list()).data.map(({ slug }) => slug)).toContain("deepinfra");
  });

  test("a whole answer, and its accounting a moment later", async () => {
    const answer = await sdk().chat.send({ chatRequest: { model: PAID, messages, maxTokens: 32 }, xOpenRouterMetadata: "enabled" });
    if (!("choices" in answer)) throw new Error("streamed");
    expect(answer.choices[0]).toMatchObject({ finishReason: "stop", message: { content: "all is well" } });
    expect(answer.openrouterMetadata).toMatchObject({ attempt: 1, strategy: "direct", requested: PAID });
    const asked = sdk().generations.getGeneration({ id: answer.id });
    await expect(asked).rejects.toMatchObject({ statusCode: 404 });
    nowMs += 2_000;
    const { data } = await sdk().generations.getGeneration({ id: answer.id });
    expect(data).toMatchObject({ id: answer.id, tokensCompletion: 3, streamed: false, totalCost: answer.usage?.cost });
  });

  test.each([FREE, THINKER])("a stream of %s", async (id) => {
    const events = await sdk().chat.send({ chatRequest: { model: id, messages, stream: true }, xOpenRouterMetadata: "enabled" });
    if ("choices" in events) throw new Error("not streamed");
    const chunks = [];
    for await (const chunk of events) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe("all is well");
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { totalTokens: expect.any(Number) }, openrouterMetadata: { attempt: 1 } });
  });

  test("a stream that fails on its way", async () => {
    from.simulator.faults.on("stream_error");
    const events = await sdk().chat.send({ chatRequest: { model: FREE, messages, stream: true } });
    if ("choices" in events) throw new Error("not streamed");
    const chunks = [];
    for await (const chunk of events) chunks.push(chunk);
    expect(chunks.at(-1)).toMatchObject({ error: { code: 503 }, choices: [{ finishReason: "error" }] });
  });
});

const ERRORS: readonly [FaultName, Scope, number, string][] = [
  ["provider_rejects", {}, 400, "BadRequestResponseError"],
  ["model", {}, 400, "BadRequestResponseError"],
  ["key", {}, 401, "UnauthorizedResponseError"],
  ["credits", {}, 402, "PaymentRequiredResponseError"],
  ["in_flight", {}, 402, "PaymentRequiredResponseError"],
  ["key_limit", {}, 403, "ForbiddenResponseError"],
  ["moderation", {}, 403, "ForbiddenResponseError"],
  ["free_ended", {}, 404, "NotFoundResponseError"],
  ["model_guarded", {}, 404, "NotFoundResponseError"],
  ["operation_timeout", {}, 408, "RequestTimeoutResponseError"],
  ["free_daily", {}, 429, "TooManyRequestsResponseError"],
  ["shared_pool", {}, 429, "TooManyRequestsResponseError"],
  ["internal", {}, 500, "InternalServerResponseError"],
  ["provider", {}, 502, "BadGatewayResponseError"],
  ["provider_busy", {}, 503, "ServiceUnavailableResponseError"],
  ["provider", { status: 524 }, 524, "EdgeNetworkTimeoutResponseError"],
  ["provider", { status: 529 }, 529, "ProviderOverloadedResponseError"],
];

describe.each(ERRORS)("%s %o", (fault, scope, status, name) => {
  test(`the SDK knows it as ${status} ${name}`, async () => {
    from.simulator.faults.on(fault, scope);
    const error = await sdk()
      .chat.send({ chatRequest: { model: FREE, messages }, xOpenRouterMetadata: "enabled" })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenRouterError);
    expect([(error as OpenRouterError).statusCode, (error as OpenRouterError).name]).toEqual([status, name]);
  });

  test(`the AI SDK's provider surfaces ${status}`, async () => {
    from.simulator.faults.on(fault, scope);
    const error = await generateText({ model: model(FREE), prompt: "Hello", maxRetries: 0 }).catch((thrown: unknown) => thrown);
    expect(APICallError.isInstance(error) && error.statusCode).toBe(status);
  });
});

describe("the AI SDK's provider", () => {
  test.each([PAID, THINKER])("a whole answer of %s", async (id) => {
    const { text, finishReason, usage } = await generateText({
      model: model(id),
      prompt: "Reply with exactly: all is well",
      maxRetries: 0,
    });
    expect([text, finishReason]).toEqual(["all is well", "stop"]);
    expect(usage.outputTokens).toBeGreaterThanOrEqual(3);
  });

  test.each(["stream_crlf", "stream_late_usage", undefined] as const)("a stream, %s", async (fault) => {
    if (fault !== undefined) from.simulator.faults.on(fault);
    const { textStream, finishReason, usage } = streamText({
      model: model(FREE),
      prompt: "Reply with exactly: all is well",
      maxRetries: 0,
    });
    let text = "";
    for await (const piece of textStream) text += piece;
    expect([text, await finishReason, (await usage).outputTokens]).toEqual(["all is well", "stop", 3]);
  });

  test("an error in a 200 is seen, in the body and in the choice", async () => {
    const ask = () => generateText({ model: model(FREE), prompt: "Hello", maxRetries: 0 });
    from.simulator.faults.on("error_in_body");
    await expect(ask()).rejects.toThrow(/Service temporarily overloaded/);
    from.simulator.faults.clear();
    from.simulator.faults.on("error_in_choice");
    expect((await ask()).rawFinishReason).toBe("error");
  });

  const weather = tool({
    description: "The weather of a city",
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => `rain in ${city}`,
  });

  test("a tool is called, whole and streamed, and its answer ends the matter", async () => {
    const asked = { model: model(FREE), prompt: "Is it raining in Rome?", tools: { weather }, maxRetries: 0 };
    const { toolCalls, finishReason } = await generateText(asked);
    expect(finishReason).toBe("tool-calls");
    expect(toolCalls).toMatchObject([{ toolName: "weather", input: { city: "text" } }]);
    expect(await streamText(asked).toolCalls).toMatchObject([{ toolName: "weather", input: { city: "text" } }]);
    const { steps, text } = await generateText({ ...asked, stopWhen: isStepCount(5) });
    expect([steps.length, text.length > 0]).toEqual([2, true]);
  });

  test("an object of a schema comes, and does not when the schema is ignored", async () => {
    const schema = jsonSchema<{ verdict: string; score: number }>({
      type: "object",
      properties: { verdict: { enum: ["good", "bad"] }, score: { type: "number" } },
      required: ["verdict", "score"],
    });
    const ask = () => generateText({ model: model(FREE), prompt: "Judge", maxRetries: 0, output: Output.object({ schema }) });
    expect((await ask()).output).toEqual({ verdict: "good", score: 1 });
    from.simulator.faults.on("schema_ignored");
    await expect(ask().then(({ output }) => output)).rejects.toThrow(/No object generated|No output generated/);
  });

  test("a picture is seen", async () => {
    const red = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
    const content = [
      { type: "text" as const, text: "Which colour?" },
      { type: "file" as const, data: Buffer.from(red, "base64"), mediaType: "image/png" },
    ];
    const { text } = await generateText({ model: model(VISION), messages: [{ role: "user", content }], maxRetries: 0 });
    expect(text).toBe("red");
  });
});
