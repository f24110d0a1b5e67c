import { connect } from "node:net";
import { expect, test } from "vitest";
import { startSimulator } from "../../src/simulator/index.ts";
import { asking, eventsOf, FREE, hello, PAID, read } from "./asking.ts";

const from = asking();

/** The wire's own word for what happened, as Node's sockets have it. */
async function codeOf(asked: Promise<unknown>): Promise<unknown> {
  try {
    await asked;
    return "answered";
  } catch (error) {
    const cause = (error as Error).cause as { code?: string } | undefined;
    return cause?.code ?? (error as Error).message;
  }
}

const URLS = {
  openrouter: () => `${from.simulator.openrouterUrl}/models/count`,
  s3: () => `${from.simulator.s3Url}/my-files`,
  app: () => from.simulator.appUrl,
};
const services = ["openrouter", "s3", "app"] as const;

test.each(services)("status: %s answers an error in its own form", async (service) => {
  from.simulator.faults.on("status", { service, status: 503 });
  const { status, headers, text } = await read(await fetch(URLS[service]()));
  expect(status).toBe(503);
  expect(headers.get("content-type")).toBe(service === "s3" ? "application/xml" : "application/json");
  expect(text).toContain(service === "s3" ? "<Code>ServiceUnavailable</Code>" : '"code":503');
});

test.each(services)("html: S27, Cloudflare answers for %s", async (service) => {
  from.simulator.faults.on("html", { service, status: 403 });
  const { status, headers, text } = await read(await fetch(URLS[service]()));
  expect(status).toBe(403);
  expect(headers.get("content-type")).toContain("text/html");
  expect(text).toContain(headers.get("cf-ray"));
});

test.each(services)("reset: %s tears the connection down before any header", async (service) => {
  from.simulator.faults.on("reset", { service });
  expect(await codeOf(fetch(URLS[service]()))).toBe("ECONNRESET");
  expect(from.simulator.requests.at(-1)).toMatchObject({ service, status: 0 });
});

test("hang_up: the connection is closed without an answer", async () => {
  from.simulator.faults.on("hang_up", { service: "openrouter" });
  expect(await codeOf(fetch(URLS.openrouter()))).toBe("UND_ERR_SOCKET");
});

test("reset_body: half of what was promised arrives, then a reset", async () => {
  from.simulator.faults.on("reset_body", { service: "openrouter" });
  const response = await fetch(`${from.simulator.openrouterUrl}/models`);
  expect(response.status).toBe(200);
  expect(Number(response.headers.get("content-length"))).toBeGreaterThan(500_000);
  expect(await codeOf(response.text())).not.toBe("answered");
});

test("reset_body: a stream breaks off after a few words", async () => {
  from.simulator.faults.on("reset_body");
  const response = await from.chatResponse({ model: FREE, messages: hello, stream: true });
  let text = "";
  const reading = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const piece of response.body ?? []) text += decoder.decode(piece, { stream: true });
  };
  expect(await codeOf(reading())).not.toBe("answered");
  expect(text).toContain('"role":"assistant"');
  expect(text).not.toContain('"finish_reason":"');
});

test("slow_headers: nothing for as long as was asked", async () => {
  from.simulator.faults.on("slow_headers", { service: "openrouter", ms: 150 });
  const started = performance.now();
  expect((await fetch(URLS.openrouter())).status).toBe(200);
  expect(performance.now() - started).toBeGreaterThan(140);
});

test("stalled_body: headers and half the body come, the end does not", async () => {
  from.simulator.faults.on("stalled_body", { service: "openrouter" });
  const leaving = new AbortController();
  const response = await fetch(URLS.openrouter(), { signal: leaving.signal });
  const first = await response.body?.getReader().read();
  expect(first?.done).toBe(false);
  expect(first?.value?.length).toBeLessThan(Number(response.headers.get("content-length")));
  const seen = from.simulator.requests.at(-1);
  expect(seen?.finishedAt).toBeUndefined();
  leaving.abort();
  await expect.poll(() => seen?.finishedAt).toBeDefined();
});

test("empty_body, broken_json, wrong_types", async () => {
  from.simulator.faults.on("empty_body", { service: "openrouter" });
  const empty = await from.get("/key");
  expect([empty.status, empty.text]).toEqual([200, ""]);
  from.simulator.faults.clear();
  from.simulator.faults.on("broken_json", { service: "openrouter" });
  const broken = await from.get("/key");
  expect(broken.text.startsWith('{"data":')).toBe(true);
  expect(() => JSON.parse(broken.text)).toThrow();
  from.simulator.faults.clear();
  from.simulator.faults.on("wrong_types", { service: "openrouter" });
  expect((await from.get("/models")).at("data")).toBe("yes");
});

test("broken_json and wrong_types in a stream", async () => {
  const streamed = async (): Promise<string> => (await from.chat({ model: PAID, messages: hello, stream: true })).text;
  from.simulator.faults.on("broken_json");
  const broken = await streamed();
  expect(() => eventsOf(broken)).toThrow();
  from.simulator.faults.clear();
  from.simulator.faults.on("wrong_types");
  expect(eventsOf(await streamed())).toMatchObject([{ choices: { 0: 42 } }]);
});

test("huge_body: fifty megabytes, or as many as the caller takes", async () => {
  from.simulator.faults.on("huge_body", { service: "openrouter" });
  const leaving = new AbortController();
  const response = await fetch(URLS.openrouter(), { signal: leaving.signal });
  const reader = response.body?.getReader();
  let bytes = 0;
  while (bytes < 1_000_000) bytes += (await reader?.read())?.value?.length ?? Number.NaN;
  expect(bytes).toBeGreaterThanOrEqual(1_000_000);
  const seen = from.simulator.requests.at(-1);
  expect(seen?.finishedAt).toBeUndefined();
  leaving.abort();
  await expect.poll(() => seen?.finishedAt).toBeDefined();
});

/** Whether the kernel takes a connection: the port itself, without HTTP or pools. */
const knock = (url: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => {
      socket.destroy();
      resolve("open");
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
  });

test.each([
  ["s3", () => from.simulator.s3Url],
  ["openrouter", () => from.simulator.url],
] as const)("refuse: the port of %s is closed, and open again on the same port", async (service, url) => {
  from.simulator.faults.on("refuse", { service });
  await expect.poll(() => knock(url())).toBe("ECONNREFUSED");
  expect(await knock(service === "s3" ? from.simulator.url : from.simulator.s3Url)).toBe("open");
  from.simulator.faults.off("refuse");
  await expect.poll(() => knock(url())).toBe("open");
});

test("stop cuts what hangs and frees the ports", async () => {
  const other = await startSimulator();
  other.faults.on("slow_headers", { ms: 60_000 });
  const hanging = codeOf(fetch(`${other.openrouterUrl}/models`));
  await expect.poll(() => other.requests.length).toBe(1);
  await other.stop();
  expect(await hanging).not.toBe("answered");
  expect(await knock(other.url)).toBe("ECONNREFUSED");
  expect(await knock(other.s3Url)).toBe("ECONNREFUSED");
});

test("a taken port is an error, and leaves the other closed", async () => {
  const before = await startSimulator();
  await before.stop();
  const taken = Number(new URL(from.simulator.url).port);
  await expect(startSimulator({ port: Number(new URL(before.url).port), s3Port: taken })).rejects.toThrow(/EADDRINUSE/);
  expect(await knock(before.url)).toBe("ECONNREFUSED");
});
