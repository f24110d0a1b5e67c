/** The web config loader against promtool, which reads the same files. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatIssue } from "../../src/config/issue.ts";
import { type LoadedWebConfig, loadWebConfig } from "../../src/web/web-config/load.ts";
import { certificateFolder, makeAuthority, RSA } from "../support/pki.ts";
import { findProgram, missing } from "../support/programs.ts";
import { BAD, GOOD, HASH, NEWER_BAD, NEWER_GOOD, STRICTER } from "./web-config-cases.ts";

const folder = certificateFolder();
const at = (file: string): string => join(folder.path, file);
let inline = { CERT: "", KEY: "", FOLDER: folder.path };

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync("openssl", args, { cwd: folder.path, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}

beforeAll(() => {
  const authority = makeAuthority(folder.path, "ca");
  const server = authority.issue("DNS:localhost,IP:127.0.0.1", "server");
  authority.issue("DNS:localhost", "other");
  const rsa = authority.issue("DNS:localhost", "rsa", RSA);
  openssl("rsa", "-in", rsa.key, "-traditional", "-out", "rsa-pkcs1.key");
  openssl("pkey", "-in", server.key, "-aes256", "-passout", "pass:secret-password", "-out", "locked.key");
  openssl("ecparam", "-name", "prime256v1", "-out", "parameters.pem");
  openssl("ec", "-in", server.key, "-out", "sec1.key");
  const { cert, key } = server.pem;
  writeFileSync(at("server-sec1.key"), readFileSync(at("parameters.pem"), "utf8") + readFileSync(at("sec1.key"), "utf8"), { mode: 0o600 });
  writeFileSync(at("chain.crt"), cert + authority.pem.cert);
  writeFileSync(at("reversed.crt"), authority.pem.cert + cert);
  writeFileSync(at("described.crt"), `Subject: CN=localhost\nüber alles\n${cert}`);
  writeFileSync(at("cas.crt"), authority.pem.cert + rsa.pem.cert);
  writeFileSync(at("cut.crt"), cert.replace(/^.*\n(?=-----END)/m, ""));
  writeFileSync(at("empty.crt"), "");
  mkdirSync(at("sub"));
  inline = { ...inline, CERT: JSON.stringify(cert), KEY: JSON.stringify(key) };
});
afterAll(() => folder.remove());

const filled = (yaml: string): string => yaml.replaceAll(/\$(CERT|KEY|FOLDER)\b/g, (_, name: keyof typeof inline) => inline[name]);

function load(yaml: string): LoadedWebConfig {
  writeFileSync(at("web.yaml"), filled(yaml), { mode: 0o600 });
  return loadWebConfig(at("web.yaml"));
}
const issuesOf = (yaml: string): string[] => {
  const loaded = load(yaml);
  return loaded.ok ? [] : loaded.issues.map(formatIssue).map((line) => line.replaceAll(at("web.yaml"), "web.yaml"));
};

test.each(Object.entries({ ...GOOD, ...NEWER_GOOD }))("good: %s", (_, yaml) => {
  expect(issuesOf(yaml)).toEqual([]);
  const loaded = load(yaml);
  expect(loaded.ok && loaded.warnings).toEqual([]);
});

test.each(Object.entries({ ...BAD, ...STRICTER, ...NEWER_BAD }))("bad: %s", (_, yaml) => {
  const issues = issuesOf(yaml);
  expect(issues.length).toBeGreaterThan(0);
  for (const issue of issues) {
    expect(issue).toMatch(/^web\.yaml:\d+:\d+ {2}.*found .+; expected .+; .+/);
    for (const secret of ["secret-password", "PRIVATE KEY-----\n", inline.KEY.slice(60, 100), HASH.slice(0, 40)])
      expect(issue).not.toContain(secret);
  }
});

const why = missing("promtool");
describe.skipIf(why !== undefined)(`promtool check web-config${why === undefined ? "" : `: ${why}`}`, () => {
  /** Names of those that it takes. */
  function taken(cases: Readonly<Record<string, string>>): string[] {
    const names = Object.keys(cases);
    const files = Object.values(cases).map((yaml, index) => {
      writeFileSync(at(`case-${index}.yml`), filled(yaml));
      return at(`case-${index}.yml`);
    });
    const { stdout, stderr } = spawnSync(findProgram("promtool") ?? "", ["check", "web-config", ...files], { encoding: "utf8" });
    return names.filter((_, index) => `${stdout}${stderr}`.includes(`case-${index}.yml SUCCESS`));
  }
  test("takes every good file", () => expect(taken(GOOD)).toEqual(Object.keys(GOOD)));
  test("refuses every bad one", () => expect(taken(BAD)).toEqual([]));
  test("takes those that we are stricter with, or they would belong to the bad ones", () =>
    expect(taken(STRICTER)).toEqual(Object.keys(STRICTER)));
  test("the table is as long as was promised", () => expect(Object.keys({ ...GOOD, ...BAD }).length).toBeGreaterThan(90));
});

test("every issue at once, each at its place", () => {
  const yaml = `tls_server_config:
  cert_file: none.crt
  client_auth_type: RequireAll
  min_version: TLS14
http_server_config: { http2: 1, headers: { X-Frame-Option: deny } }
basic_auth_users:
  alice: secret
  bob: ${HASH}
rate_limit: { interval: 1s }
`;
  expect(issuesOf(yaml).map((line) => line.split("  ").slice(0, 2).join("  "))).toEqual([
    "web.yaml:3:21  tls_server_config.client_auth_type",
    "web.yaml:4:16  tls_server_config.min_version",
    "web.yaml:5:30  http_server_config.http2",
    "web.yaml:5:44  http_server_config.headers.X-Frame-Option",
    "web.yaml:7:10  basic_auth_users.alice",
    "web.yaml:9:1  rate_limit",
  ]);
});

test.each([
  [
    "basic_auth_users: { alice: secret-password }",
    "1:28  basic_auth_users.alice  found a text of 15 characters that is no bcrypt hash; expected a bcrypt hash: $2y$, the cost, $ and 53 characters; make one with `htpasswd -nBC 12 NAME`, and write what stands behind the colon",
  ],
  [
    "tls_server_config: { cert_file: server.crt }",
    "1:1  tls_server_config  found TLS without key or key_file; expected a certificate and its key; add `key_file: server.key`",
  ],
  [
    "tls_server_config: { cert_file: server.crt, key_file: locked.key }",
    "1:55  tls_server_config.key_file  found a private key with a password; expected a private key in PEM, without a password; take the password off: openssl pkey -in KEY -out NEW",
  ],
  [
    "tls_server_config: { cert_file: server.crt, key_file: other.key }",
    "1:55  tls_server_config.key_file  found a key of another certificate; expected the certificate's own; name the two files that were made together; in the first, the server's certificate comes first",
  ],
  [
    "http_server_config: { headers: { x-frame-options: deny } }",
    '1:34  http_server_config.headers.x-frame-options  found unknown key "x-frame-options"; expected one of Content-Security-Policy, X-Frame-Options, X-Content-Type-Options, X-XSS-Protection, Strict-Transport-Security; did you mean X-Frame-Options?',
  ],
  [
    `http_server_config: { headers: { X-Frame-Options: "${HASH}" } }`,
    '1:51  http_server_config.headers.X-Frame-Options  found "[hidden]"; expected one of deny, sameorigin; write one of these',
  ],
])("%s", (yaml, message) => expect(issuesOf(yaml)).toEqual([`web.yaml:${message}`]));

test("what a file becomes", () => {
  const loaded =
    load(`tls_server_config: { cert_file: chain.crt, key_file: server.key, client_auth_type: RequireClientCert, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256], curve_preferences: [X25519, CurveP256] }
http_server_config: { headers: { X-XSS-Protection: 0, Content-Security-Policy: "" } }
basic_auth_users: { yes: ${HASH}, 007: ${HASH} }
rate_limit: { interval: 1m0.5s, burst: 3 }
`);
  expect(loaded.ok && loaded.config).toMatchObject({
    tls: {
      clientAuth: "RequireAnyClientCert",
      context: { minVersion: "TLSv1.2", maxVersion: "TLSv1.3", ecdhCurve: "X25519:P-256", honorCipherOrder: true },
    },
    http2: true,
    headers: { "x-xss-protection": "0" },
    users: new Map([
      ["yes", HASH],
      ["007", HASH],
    ]),
    rateLimit: { intervalSeconds: 60.5, burst: 3 },
  });
  expect(loaded.ok && loaded.config.headers).not.toHaveProperty("content-security-policy");
  expect(loaded.files).toEqual(["web.yaml", "chain.crt", "server.key"].map(at));
});

test("a file with secrets that others may read, and a name that no client can send, are warnings", () => {
  writeFileSync(
    at("open.yaml"),
    `basic_auth_users: { "a:b": ${HASH} }\ntls_server_config: { cert_file: server.crt, key_file: open.key }\n`,
  );
  writeFileSync(at("open.key"), readFileSync(at("server.key")));
  chmodSync(at("open.yaml"), 0o644);
  chmodSync(at("open.key"), 0o640);
  const loaded = loadWebConfig(at("open.yaml"));
  expect(loaded.ok && loaded.warnings.map(({ path, found }) => [path, found])).toEqual([
    ["", "a file with secrets that others may read"],
    ["basic_auth_users.a:b", "a user name with a colon"],
    ["tls_server_config.key_file", "a file with secrets that others may read"],
  ]);
});

test("the example in config/ loads, beside the files it names", () => {
  const example = readFileSync(join(import.meta.dirname, "../../config/web.yaml"), "utf8");
  writeFileSync(at("client-ca.crt"), readFileSync(at("ca.crt")));
  expect(issuesOf(example)).toEqual([]);
  const loaded = load(example);
  expect(loaded.ok && loaded.config).toMatchObject({
    tls: { clientAuth: "RequireAndVerifyClientCert", allowedSans: ["prometheus.example.net"] },
    rateLimit: { intervalSeconds: 0.1, burst: 50 },
  });
});

test("no file at all", () => {
  const loaded = loadWebConfig(at("nowhere.yaml"));
  expect(!loaded.ok && loaded.issues.map(({ found, fix }) => [found, fix])).toEqual([["no such file", "make it, or correct its name"]]);
});
