/** What holds for every route: methods, headers, limits, closing. */
import { connect } from "node:net";
import { expect, test } from "vitest";
import { createWeb } from "../../src/web/server.ts";
import { ask, inOnePiece, serve, sound } from "./setup.ts";

const GETS = [
  "/",
  "/metrics",
  "/probe?target=kimi",
  "/api/v1/targets",
  "/api/v1/targets/kimi",
  "/config",
  "/-/healthy",
  "/-/ready",
  "/livez",
];

test.each(GETS)("GET and HEAD %s", async (path) => {
  await using served = await serve();
  const get = await ask(served.url + path);
  const head = await ask(served.url + path, { method: "HEAD" });
  expect([get.status, head.status]).toEqual([200, 200]);
  expect(get.body.length).toBeGreaterThan(5);
  expect(head.body.length).toBe(0);
  for (const name of ["content-type", "content-length"]) expect(head.headers[name]).toBe(get.headers[name]);
});

test.each(GETS)("a wrong method on %s", async (path) => {
  await using served = await serve();
  for (const method of ["POST", "DELETE", "OPTIONS", "PROPFIND"]) {
    const { status, headers } = await ask(served.url + path, {
      method,
      headers: { "content-type": "application/strange" },
      body: method === "POST" ? "x" : "",
    });
    expect([status, headers.allow]).toEqual([405, "GET, HEAD"]);
  }
});

test.each([
  "/nothing",
  "/metrics/",
  "/-/reloads",
  "/api/v2/targets",
  "/api/v1/targets/",
  "/api/v1/targets/kimi/more",
  "/../etc/passwd",
  "/METRICS",
])("nothing at %s", async (path) => {
  await using served = await serve();
  for (const method of ["GET", "POST", "HEAD"]) expect((await ask(served.url + path, { method })).status).toBe(404);
});

test("the API refuses in JSON, the rest in text, and neither repeats what was sent", async () => {
  await using served = await serve();
  const api = await ask(`${served.url}/api/v1/targets/%3Cscript%3E`);
  expect([api.status, api.headers["content-type"], JSON.parse(api.text)]).toEqual([
    404,
    "application/json; charset=utf-8",
    { error: "No such target." },
  ]);
  const page = await ask(`${served.url}/%3Cscript%3E`);
  expect([page.headers["content-type"], page.text]).toEqual(["text/plain; charset=utf-8", "Nothing here.\n"]);
});

test.each([...GETS, "/nothing", "/%zz"])("security headers on %s", async (path) => {
  await using served = await serve();
  const { headers } = await ask(served.url + path);
  expect(headers["x-content-type-options"]).toBe("nosniff");
  expect(headers["x-frame-options"]).toBe("DENY");
  const isPage = headers["content-type"] === "text/html; charset=utf-8";
  expect(headers["content-security-policy"]).toMatch(
    isPage
      ? /^default-src 'none'; style-src 'sha256-[\w+/=]+'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/
      : /^default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
  );
  expect(headers["cache-control"]).toBe("no-store");
});

test.each([
  ["a URL that cannot be read", "/%zz", 400, {}],
  ["a URL that is too long", `/metrics?${"x".repeat(3000)}`, 414, {}],
  ["a name that nobody has", `/api/v1/targets/${"x".repeat(1000)}`, 404, {}],
  ["headers that are too long", "/metrics", 431, { "x-long": "x".repeat(20_000) }],
] as const)("%s is refused", async (_, path, expected, headers) => {
  await using served = await serve();
  expect((await ask(served.url + path, { headers })).status).toBe(expected);
});

test("a route that fails is a 500 that tells nothing, and the server goes on", async () => {
  await using served = await serve({
    configText: () => {
      throw new Error("secret path /etc/x");
    },
  });
  const { status, text } = await ask(`${served.url}/config`);
  expect([status, text]).toEqual([500, "A bug in llm-healthd; see its log.\n"]);
  expect((await ask(`${served.url}/-/healthy`)).status).toBe(200);
});

test("an address that is taken is a rejection", async () => {
  await using served = await serve();
  const port = Number(new URL(served.url).port);
  await expect(createWeb(sound).listen("127.0.0.1", port)).rejects.toThrow(/EADDRINUSE/);
});

test("closing lets an answer under way end, and does not wait for idle connections", async () => {
  const rendering = Promise.withResolvers<string>();
  const asked = Promise.withResolvers<void>();
  const { url, web } = await serve({
    metrics: {
      render: () => {
        asked.resolve();
        return inOnePiece(rendering.promise);
      },
      contentType: "text/plain",
    },
  });
  const idle = connect(Number(new URL(url).port), "127.0.0.1");
  const dropped = new Promise((resolve) => idle.once("close", resolve));
  const scrape = ask(`${url}/metrics`, { headers: { connection: "keep-alive" } });
  await asked.promise;
  const closed = web.close();
  rendering.resolve("the last page");
  const { text, headers } = await scrape;
  expect([text, headers.connection]).toEqual(["the last page", "close"]);
  await closed;
  await dropped;
  await expect(ask(`${url}/metrics`)).rejects.toThrow(/ECONNREFUSED/);
});
