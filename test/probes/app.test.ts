import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createRedactor } from "../../src/base/redact.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Probed } from "../../src/core/outcome.ts";
import { createContext, planProbes, sections } from "../../src/probes/index.ts";

let server: Server;
afterEach(() => void server.close());

/** Probes an application that answers so. */
async function probe(
  answer: (url: string) => { status: number; body: string; location?: string },
  entry: (url: string) => string,
): Promise<Probed> {
  server = createServer((request, response) => {
    const { status, body, location } = answer(request.url ?? "");
    response.writeHead(status, location === undefined ? {} : { location }).end(body);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", () => done()));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const loaded = loadConfig({ file: "x.yaml", text: `apps: { a: ${entry(url)} }`, sections, env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
  const outcome = await planProbes(loaded.config, createContext(createRedactor(loaded.config.secrets)))[0]?.probe.run(
    AbortSignal.timeout(3_000),
  );
  if (outcome === undefined || outcome.verdict === "skipped") throw new Error("no outcome");
  return outcome;
}

test.each([
  ["the expected status", "{ url: $ }", 200, "ok", "up", "ok"],
  ["another status", "{ url: $ }", 503, "down", "down", "app_status"],
  ["one of several", "{ url: $, expect: { status: [200, 204, 503] } }", 503, "x", "up", "ok"],
  ["the expected text", '{ url: $, expect: { body: "ready" } }', 200, "all ready", "up", "ok"],
  ["without the expected text", '{ url: $, expect: { body: "ready" } }', 200, "starting", "down", "app_body"],
])("%s", async (_, entry, status, body, verdict, reason) => {
  expect(
    await probe(
      () => ({ status, body }),
      (url) => entry.replace("$", url),
    ),
  ).toMatchObject({ verdict, reason });
});

test("what stands in the URL's query is hidden, also where the application echoes it", async () => {
  const { evidence } = await probe(
    (url) => ({ status: 500, body: `cannot serve ${url}` }),
    (url) => `{ url: "${url}/health?token=planted-token-555&page=2" }`,
  );
  expect(JSON.stringify(evidence)).not.toContain("planted-token-555");
  expect(evidence.request).toMatchObject({ url: expect.stringMatching(/\/health\?token=hidden&page=hidden$/) });
});

test("a hostile answer cannot steer a terminal", async () => {
  const { evidence } = await probe(
    () => ({ status: 500, body: "\u001b[2Jgone\u202e" }),
    (url) => `{ url: "${url}" }`,
  );
  expect(evidence.errorBody).toBe("\\u001b[2Jgone\\u202e");
});

test.each([
  ["is followed", "{ url: $ }", "ok"],
  ["is the answer where one is expected", "{ url: $, expect: { status: [301, 302] } }", "ok"],
  ["is not where another one is expected", "{ url: $, expect: { status: 308 } }", "app_status"],
])("a redirect %s", async (_, entry, reason) => {
  const answer = (url: string) => (url === "/there" ? { status: 200, body: "ok" } : { status: 302, body: "", location: "/there" });
  expect(await probe(answer, (url) => entry.replace("$", url))).toMatchObject({ reason });
});
