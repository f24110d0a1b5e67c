/** Who may ask: rate limit, host name, password, in this order and for every path. */

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { hash } from "@node-rs/bcrypt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLog } from "../../src/base/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { isOurs } from "../../src/web/host.ts";
import { createWeb } from "../../src/web/server.ts";
import { createTokenBucket } from "../../src/web/token-bucket.ts";
import { NO_WEB_CONFIG, type WebConfig } from "../../src/web/web-config/web-config.ts";
import { http2Get, makePki, type Pki, secureGet, serveSecure } from "./secure.ts";
import { ask, serve, sound } from "./setup.ts";

const PASSWORD = "correct-horse-battery";
let pki: Pki;
let users: string;
beforeAll(async () => {
  pki = makePki();
  users = `basic_auth_users: { alice: "${await hash(PASSWORD, 4)}" }\n`;
});
afterAll(() => pki.remove());

const authorization = (password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`alice:${password}`).toString("base64")}`,
});
const PATHS = [
  "/",
  "/metrics",
  "/probe?target=kimi",
  "/api/v1/targets",
  "/config",
  "/-/healthy",
  "/-/ready",
  "/livez",
  "/nothing",
  "/%zz",
  "//metrics",
];

describe("basic auth", () => {
  test.each(PATHS)("%s", async (path) => {
    await using served = await serveSecure(pki, users);
    const open = await serve();
    const expected = (await ask(open.url + path)).status;
    await open.web.close();
    for (const headers of [{}, authorization("wrong")] as Record<string, string>[]) {
      const { status, text, headers: got } = await ask(served.url + path, { headers });
      expect([status, text.includes("Unauthorized"), got["www-authenticate"]]).toEqual([
        401,
        true,
        'Basic realm="llm-healthd", charset="UTF-8"',
      ]);
      expect(got["content-security-policy"]).toContain("default-src 'none'");
    }
    expect((await ask(served.url + path, { headers: authorization(PASSWORD) })).status).toBe(expected);
  });

  test("no method and no odd spelling goes round it", async () => {
    await using served = await serveSecure(pki, users);
    for (const method of ["HEAD", "POST", "OPTIONS", "DELETE", "PROPFIND"])
      expect((await ask(`${served.url}/metrics`, { method })).status).toBe(401);
    expect((await ask(`${served.url}/-/reload`, { method: "POST" })).status).toBe(401);
    for (const path of ["/metrics?", "/%6detrics", "/-/healthy/../../metrics", "/metrics%00", "/metrics;a=b", "/-/healthy#/metrics"])
      expect((await ask(served.url + path)).status).toBe(401);
  });

  test("over HTTP/2 too", async () => {
    await using served = await serveSecure(pki, `${users}tls_server_config: { cert_file: server.crt, key_file: server.key }\n`);
    const paths = ["/metrics", "/-/healthy", "/nothing"];
    expect((await http2Get(served.url, pki.authority.pem.cert, paths)).map(({ status }) => status)).toEqual([401, 401, 401]);
    expect((await http2Get(served.url, pki.authority.pem.cert, paths, authorization(PASSWORD))).map(({ status }) => status)).toEqual([
      200, 200, 404,
    ]);
  });
});

describe("a file that changes", () => {
  test("users and headers are those of the moment", async () => {
    await using served = await serveSecure(pki, users);
    const status = async (): Promise<number> => (await ask(`${served.url}/metrics`)).status;
    expect(await status()).toBe(401);
    served.write("http_server_config: { headers: { X-Frame-Options: sameorigin, Strict-Transport-Security: max-age=60 } }\n");
    const { status: open, headers } = await ask(`${served.url}/metrics`);
    expect([open, headers["x-frame-options"], headers["strict-transport-security"]]).toEqual([200, "sameorigin", "max-age=60"]);
    served.write(users);
    expect(await status()).toBe(401);
    expect((await ask(`${served.url}/metrics`)).headers["x-frame-options"]).toBe("DENY");
    expect(served.readings).toEqual([true, true]);
  });

  test.each([
    ["broken", (file: string) => writeFileSync(file, "basic_auth_users: [\n")],
    ["gone", (file: string) => rmSync(file)],
    ["a plain password", (file: string) => writeFileSync(file, `basic_auth_users: { alice: ${PASSWORD} }\n`)],
  ])("%s: the one before stays in force, it is told once, and mended it counts again", async (_, spoil) => {
    await using served = await serveSecure(pki, users);
    spoil(join(pki.folder, "web.yaml"));
    for (let index = 0; index < 3; index += 1) expect((await ask(`${served.url}/metrics`)).status).toBe(401);
    expect((await ask(`${served.url}/metrics`, { headers: authorization(PASSWORD) })).status).toBe(200);
    expect(served.readings).toEqual([false]);
    served.write("");
    expect((await ask(`${served.url}/metrics`)).status).toBe(200);
    expect(served.readings).toEqual([false, true]);
  });
});

describe("rate limit", () => {
  test("over it everything is 429, the right password too", async () => {
    await using served = await serveSecure(pki, `${users}rate_limit: { interval: 1h, burst: 3 }\n`);
    const statuses: number[] = [];
    for (let index = 0; index < 5; index += 1)
      statuses.push((await ask(`${served.url}/metrics`, { headers: authorization(PASSWORD) })).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    const refused = await ask(`${served.url}/-/healthy`);
    expect([refused.status, refused.headers["retry-after"], refused.headers["x-content-type-options"]]).toEqual([429, "1", "nosniff"]);
  });

  test("the bucket fills again with time, to its brim and no further", () => {
    let now = 0;
    const take = createTokenBucket(
      { monotonic: () => now, wall: () => 0, after: () => () => undefined },
      { intervalSeconds: 0.1, burst: 2 },
    );
    expect([take(), take(), take()]).toEqual([true, true, false]);
    now = 100;
    expect([take(), take()]).toEqual([true, false]);
    now = 60_000;
    expect([take(), take(), take()]).toEqual([true, true, false]);
  });
});

describe("host names", () => {
  test.each([
    ["127.0.0.1:10556", "127.0.0.1", [], true],
    ["localhost:10556", "127.0.0.1", [], true],
    ["LOCALHOST.", "127.0.0.1", [], true],
    ["a.localhost", "::1", [], true],
    ["[::1]:10556", "::1", [], true],
    ["192.0.2.7", "127.0.0.1", [], true],
    [undefined, "127.0.0.1", [], true],
    ["evil.example", "127.0.0.1", [], false],
    ["evil.example:10556", "localhost", [], false],
    ["127.0.0.1.evil.example", "127.0.0.1", [], false],
    ["localhost.evil.example", "127.0.0.1", [], false],
    ["", "127.0.0.1", [], false],
    ["evil.example", "0.0.0.0", [], true],
    ["health.example.net", "127.0.0.1", ["health.example.net"], true],
    ["Health.Example.Net:443", "0.0.0.0", ["health.example.net"], true],
    ["evil.example", "0.0.0.0", ["health.example.net"], false],
    ["192.0.2.7:10556", "0.0.0.0", ["health.example.net"], true],
  ] as const)("%s on %s with %j: %s", (header, listening, hosts, ours) => expect(isOurs(header, listening, hosts)).toBe(ours));

  test("a page that gave its own name our address reads nothing and reloads nothing", async () => {
    let reloads = 0;
    const reload = async () => {
      reloads += 1;
      return { ok: true as const };
    };
    await using served = await serve({ reload });
    const headers = { host: "evil.example", origin: "http://evil.example", "sec-fetch-site": "same-origin" };
    for (const path of ["/config", "/metrics", "/api/v1/targets"]) expect((await ask(served.url + path, { headers })).status).toBe(421);
    expect((await ask(`${served.url}/-/reload`, { method: "POST", headers })).status).toBe(421);
    expect(reloads).toBe(0);
  });
});

test("listening beyond loopback without users or TLS is a warning", async () => {
  const warnings = async (config: Partial<WebConfig>, host: string): Promise<string[]> => {
    const stream = new PassThrough();
    let written = "";
    stream.on("data", (chunk) => {
      written += String(chunk);
    });
    const log = createLog({ level: "warn", redactor: createRedactor(), stream });
    const web = createWeb({ ...sound, log, webConfig: () => ({ ...NO_WEB_CONFIG, ...config }) });
    await web.listen(host, 0);
    await web.close();
    return written.split("\n").flatMap((line) => (line === "" ? [] : [String(JSON.parse(line).msg).split(":")[0] ?? ""]));
  };
  const some = new Map([["alice", "x"]]);
  const { cert, key } = pki.server.pem;
  expect(await warnings({}, "127.0.0.1")).toEqual([]);
  expect(await warnings({}, "0.0.0.0")).toEqual([
    "everyone who can reach 0.0.0.0 may look and reload",
    "0.0.0.0 is served without TLS, and passwords can be overheard",
  ]);
  expect(await warnings({ users: some }, "0.0.0.0")).toEqual(["0.0.0.0 is served without TLS, and passwords can be overheard"]);
  expect(await warnings({ tls: { context: { cert, key }, clientAuth: "NoClientCert" } }, "0.0.0.0")).toEqual([
    "everyone who can reach 0.0.0.0 may look and reload",
  ]);
  expect(await warnings({ users: some, tls: { context: { cert, key }, clientAuth: "NoClientCert" } }, "0.0.0.0")).toEqual([]);
  expect(await warnings({ tls: { context: { cert, key }, clientAuth: "RequireAndVerifyClientCert" } }, "0.0.0.0")).toEqual([]);
});

test("a password and a client certificate are both asked for", async () => {
  const yaml = `${users}tls_server_config: { cert_file: server.crt, key_file: server.key, client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert }\n`;
  await using served = await serveSecure(pki, yaml);
  const client = { ca: pki.authority.pem.cert, ...pki.friend.pem };
  expect((await secureGet(`${served.url}/metrics`, client)).status).toBe(401);
  expect((await secureGet(`${served.url}/metrics`, { ...client, headers: authorization(PASSWORD) })).status).toBe(200);
  await expect(secureGet(`${served.url}/metrics`, { ca: pki.authority.pem.cert, headers: authorization(PASSWORD) })).rejects.toThrow();
});
