import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { down, skipped } from "../../src/core/outcome.ts";
import { app, ask, bucket, model, recordOf, SECRET, serve, states } from "./setup.ts";

const PAGE = "healthd_probe_success 1\n";

test.each([
  ["gzip", true],
  ["gzip;q=0.5, identity", true],
  ["br, *", true],
  ["gzip;q=0", false],
  ["gzip;q=0, *", false],
  ["identity", false],
  ["", false],
])("metrics for Accept-Encoding %j", async (accepted, packed) => {
  await using served = await serve();
  const { headers, body } = await ask(`${served.url}/metrics`, { headers: { "accept-encoding": accepted } });
  expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(headers.vary).toBe("Accept-Encoding");
  expect(headers["content-encoding"]).toBe(packed ? "gzip" : undefined);
  expect((packed ? gunzipSync(body) : body).toString()).toBe(PAGE);
});

test.each([
  ["/-/ready", 200, "Ready\n", { ready: () => ({ ok: true }) as const }],
  [
    "/-/ready",
    503,
    "Not ready: 3 of 5 targets not probed yet\n",
    { ready: () => ({ ok: false, why: "3 of 5 targets not probed yet" }) as const },
  ],
  ["/livez", 200, "Alive\n", { alive: () => ({ ok: true }) as const }],
  ["/livez", 503, "Probing has stopped: no tick for 300s\n", { alive: () => ({ ok: false, why: "no tick for 300s" }) as const }],
  ["/-/healthy", 200, "Healthy\n", { alive: () => ({ ok: false }) as const, ready: () => ({ ok: false }) as const }],
])("%s answers %i", async (path, status, text, options) => {
  await using served = await serve(options);
  const answer = await ask(served.url + path);
  expect([answer.status, answer.text]).toEqual([status, text]);
});

test("the config is YAML without secrets", async () => {
  await using served = await serve();
  const { text, headers } = await ask(`${served.url}/config`);
  expect(headers["content-type"]).toBe("text/yaml; charset=utf-8");
  expect(text).toContain("password: [hidden]");
  expect(text).not.toContain(SECRET);
});

test("a reload, from programs and from the page itself", async () => {
  let reloads = 0;
  await using served = await serve({
    reload: async () => {
      reloads += 1;
      return { ok: true };
    },
  });
  const url = `${served.url}/-/reload`;
  for (const headers of [{}, { "sec-fetch-site": "same-origin" }, { origin: served.url }] as Record<string, string>[])
    expect((await ask(url, { method: "POST", headers })).status).toBe(200);
  const form = { "content-type": "application/x-www-form-urlencoded" };
  expect((await ask(url, { method: "POST", headers: form, body: "" })).status).toBe(200);
  expect((await ask(url, { method: "POST", headers: form, body: "a=b" })).status).toBe(200);
  expect(reloads).toBe(5);
  expect((await ask(url, { method: "POST", body: "x".repeat(5000) })).status).toBe(413);
  const get = await ask(url);
  expect([get.status, get.headers.allow]).toEqual([405, "POST"]);
  for (const headers of [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { origin: "https://evil.example" },
    { origin: "null" },
  ] as Record<string, string>[])
    expect((await ask(url, { method: "POST", headers })).status).toBe(403);
  expect(reloads).toBe(5);
});

test("a refused reload names every issue with its place", async () => {
  const issue = {
    file: "healthd.yaml",
    line: 7,
    column: 3,
    path: "models.kimi.every",
    found: "5x",
    expected: "a duration",
    fix: "write 5m",
  };
  await using served = await serve({
    reload: async () => ({ ok: false, issues: [issue, { ...issue, path: "credentials", found: SECRET }] }),
  });
  const { status, text } = await ask(`${served.url}/-/reload`, { method: "POST" });
  expect(status).toBe(400);
  expect(text).toContain("healthd.yaml:7:3  models.kimi.every  found 5x, expected a duration; write 5m\n");
  expect(text).toContain("credentials  found [hidden]");
});

const FIELDS = ["target", "kind", "verdict", "reason", "owner", "status_code", "via", "duration_seconds"];
const MODEL_FIELDS = ["first_token_seconds", "input_tokens", "output_tokens", "cost_usd", "served_model", "provider"];

test("the targets as JSON", async () => {
  await using served = await serve();
  const [first, second] = JSON.parse((await ask(`${served.url}/api/v1/targets`)).text);
  expect(Object.keys(first)).toEqual(expect.arrayContaining([...FIELDS, ...MODEL_FIELDS]));
  expect(first).toMatchObject({
    target: "kimi",
    verdict: "up",
    reason: "ok",
    owner: null,
    status_code: 200,
    via: "header",
    duration_seconds: 1.25,
  });
  expect(first).toMatchObject({ first_token_seconds: 0.5, output_tokens: 20, cost_usd: 0, provider: null, every: "5m" });
  expect(first.last_success_at).toBe("2027-01-15T08:00:00.000Z");
  expect(second).toMatchObject({
    target: "files",
    kind: "bucket",
    verdict: null,
    status_code: null,
    every: "*/5 * * * *",
    last_run_at: null,
  });
  expect(second.next_run_at).toMatch(/^\d{4}-/);
  expect(second).not.toHaveProperty("first_token_seconds");
});

test("one target as JSON, whatever its name and its error body", async () => {
  const evidence = {
    statusCode: 503,
    via: "body",
    message: `no "luck" with ${SECRET}`,
    errorBody: `{"error": "authorization: ${SECRET}"}`,
    request: { method: "GET", maxTokens: 5 },
    stack: "Error: at /home/x",
    key: { formatValid: true, expiresAt: 9e99 },
  } as const;
  const state = { target: app, last: recordOf(app, down("app_status", evidence)), consecutiveFailures: 3 };
  await using served = await serve({ targets: () => [state] });
  const { text } = await ask(`${served.url}/api/v1/targets/${encodeURIComponent(app.name)}`);
  expect(JSON.parse(text)).toMatchObject({
    target: "front end/1",
    verdict: "down",
    owner: "app",
    via: "body",
    consecutive_failures: 3,
    message: 'no "luck" with [hidden]',
    request: { method: "GET", maxTokens: 5 },
    key: { format_valid: true, expires_at: null },
    needs: ["files"],
    phases: null,
  });
  expect(text).not.toContain(SECRET);
  expect(text).not.toContain("/home/x");
});

test("a target's name may be long", async () => {
  const target = { ...app, name: "a".repeat(300) };
  await using served = await serve({ targets: () => [{ target, consecutiveFailures: 0 }] });
  expect(JSON.parse((await ask(`${served.url}/api/v1/targets/${target.name}`)).text)).toMatchObject({ target: target.name });
});

test("the status page shows each target by kind, what is wrong and what to do", async () => {
  const failing = {
    target: bucket,
    last: recordOf(bucket, down("s3_access_denied", { statusCode: 403, via: "header" })),
    consecutiveFailures: 2,
  };
  await using served = await serve({ targets: () => [...states.slice(0, 1), failing, { target: app, consecutiveFailures: 0 }] });
  const { text, headers } = await ask(`${served.url}/`);
  expect(headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(text).toContain("<title>1 down, 1 up, 1 waiting – llm-healthd</title>");
  for (const part of ["Models", "Buckets", "Applications", "moonshotai/kimi-k2:free", "1.25 s", "500 ms", "1m30s ago"])
    expect(text).toContain(part);
  expect(text).toContain("the credentials may not do this");
  expect(text).toContain("Check the bucket policy");
  for (const link of ["/metrics", "/config", "/api/v1/targets", "/api/v1/targets/front%20end%2F1"])
    expect(text).toContain(`href="${link}"`);
  expect(text).toContain('http-equiv="refresh"');
  expect(text).not.toMatch(/<script|\son\w+=|style="/);
});

test("a hostile message is text on the page, and a secret in it is hidden", async () => {
  const message = `</td><script>alert("1")</script><img src=x onerror='a'> & ${SECRET}`;
  const name = `"><b>x`;
  const target = { ...model, name };
  const state = {
    target,
    last: recordOf(target, down("bad_request", { statusCode: 400, via: "header", message })),
    consecutiveFailures: 1,
  };
  await using served = await serve({ targets: () => [state] });
  const { text } = await ask(`${served.url}/`);
  expect(text).toContain(
    "&lt;/td&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&lt;img src=x onerror=&#39;a&#39;&gt; &amp; [hidden]",
  );
  expect(text).not.toContain("<script");
  expect(text).not.toContain("<b>");
  expect(text).not.toContain(SECRET);
});

test("a target whose latest run was skipped is waiting, not broken", async () => {
  await using served = await serve({ targets: () => [{ target: model, last: recordOf(model, skipped("late")), consecutiveFailures: 0 }] });
  expect((await ask(`${served.url}/`)).text).toContain("not probed yet");
  expect((await ask(`${served.url}/api/v1/targets/kimi`)).status).toBe(200);
});

test("/api/v1/faults: what is really broken, whose it is, since when, what to do", async () => {
  await using served = await serve();
  const [fault] = (await (await fetch(`${served.url}/api/v1/faults`)).json()) as Record<string, unknown>[];
  expect(fault).toMatchObject({
    owner: "storage",
    reason: "s3_slow_down",
    subject: "files",
    down: true,
    explains: ["files", "front end/1"],
    alert: "StorageUnavailable",
    runbook: "/runbooks/StorageUnavailable",
  });
  expect((await ask(`${served.url}${fault?.runbook}`)).status).toBe(200);
  expect(fault?.since).toBe("2027-01-15T08:00:00.000Z");
  expect(fault?.remedy).toEqual(expect.stringContaining("storage"));
});

test("the status page begins with what is broken", async () => {
  await using served = await serve();
  const page = await (await fetch(served.url)).text();
  expect(page.indexOf("What is broken")).toBeGreaterThan(0);
  expect(page.indexOf("What is broken")).toBeLessThan(page.indexOf("Models"));
  expect(page).toContain("&lt;b&gt;503&lt;/b&gt;");
  expect(page).toContain('<a href="/runbooks/StorageUnavailable">Runbook: StorageUnavailable</a>');
  await using well = await serve({ faults: () => [] });
  expect(await (await fetch(well.url)).text()).not.toContain("What is broken");
});
