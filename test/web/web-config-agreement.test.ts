/** Files that chance made of the format's keys and of values that may or may not belong there: promtool and the loader say the same of each. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { loadWebConfig } from "../../src/web/web-config/load.ts";
import { certificateFolder, makeAuthority } from "../support/pki.ts";
import { findProgram, missing } from "../support/programs.ts";
import { HASH } from "./web-config-cases.ts";

const FILES = 300;
const { path: folder, remove } = certificateFolder();
afterAll(() => remove());

// No minimum above a maximum, no suites of TLS 1.3 alone, no CA file without a certificate: there we are stricter by intention.
const ANYTHING = fc.constantFrom(
  ...[
    "",
    "~",
    "null",
    "true",
    "yes",
    "off",
    "'yes'",
    "1",
    "0.5",
    "0x10",
    "2026-01-01",
    "1:30",
    "server.crt",
    "server.key",
    "nope",
    "deny",
    "nosniff",
  ],
  ...[
    `"${HASH}"`,
    HASH,
    "[]",
    "{}",
    "[TLS12]",
    "[X25519]",
    "[CurveP256, X25519]",
    "NoClientCert",
    "RequestClientCert",
    "!!str 12",
    "&x deny",
    "TLS12",
    '""',
  ],
);
const SUITABLE: Readonly<Record<string, readonly string[]>> = {
  cert_file: ["server.crt"],
  key_file: ["server.key"],
  client_ca_file: ["ca.crt", "''"],
  client_auth_type: ["RequestClientCert", "VerifyClientCertIfGiven"],
  min_version: ["TLS10", "TLS12"],
  max_version: ["TLS13", "TLS12"],
  cipher_suites: ["[]", "[TLS_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]"],
  curve_preferences: ["[X25519]"],
  prefer_server_cipher_suites: ["true", "no"],
  http2: ["false", "on"],
  headers: ["{}", "{ X-Frame-Options: deny }", "{ X-XSS-Protection: 0 }", "{ X-XSS-Protection: ~ }", "{ X-Frame-Options: no }"],
};
const users = ["a", "yes", "012", "'a'", "1.0"];

const line = (key: string) =>
  fc
    .oneof({ weight: 4, arbitrary: fc.constantFrom(...(SUITABLE[key] ?? [HASH])) }, { weight: 1, arbitrary: ANYTHING })
    .filter((value) => key !== "client_ca_file" || !/server\.key/.test(value))
    .map((value) => `  ${key}: ${value}\n`);
const section = (name: string, keys: readonly string[]) =>
  fc.oneof(
    fc.constant(""),
    {
      weight: 5,
      arbitrary: fc
        .subarray([...keys], { maxLength: Math.min(5, keys.length) })
        .chain((chosen) => fc.tuple(...chosen.map(line)).map((lines) => `${name}:\n${lines.join("")}`)),
    },
    ANYTHING.map((value) => `${name}: ${value}\n`),
  );
const file = fc
  .tuple(
    section("tls_server_config", Object.keys(SUITABLE).slice(0, 9)),
    section("http_server_config", ["http2", "headers"]),
    section("basic_auth_users", users),
  )
  .map((parts) => parts.join(""));

const promtool = findProgram("promtool");
test.skipIf(missing("promtool") !== undefined)("three hundred files of chance (needs promtool)", () => {
  makeAuthority(folder, "ca").issue("DNS:localhost", "server");
  const texts = fc.sample(file, FILES);
  const files = texts.map((text, index) => {
    writeFileSync(join(folder, `${index}.yml`), text);
    return join(folder, `${index}.yml`);
  });
  const { stdout, stderr } = spawnSync(promtool ?? "", ["check", "web-config", ...files], { encoding: "utf8" });
  const verdicts = files.map((name, index) => ({
    text: texts[index],
    theirs: `${stdout}${stderr}`.includes(`${name} SUCCESS`),
    ours: loadWebConfig(name).ok,
  }));
  expect(verdicts.filter(({ theirs, ours }) => theirs !== ours)).toEqual([]);
  // Both kinds were there, or nothing was shown.
  expect(verdicts.filter(({ ours }) => ours).length).toBeGreaterThan(10);
  expect(verdicts.filter(({ ours }) => !ours).length).toBeGreaterThan(10);
});
