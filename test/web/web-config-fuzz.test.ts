import fc from "fast-check";
import { expect, test } from "vitest";
import { formatIssue } from "../../src/config/issue.ts";
import { loadWebConfig } from "../../src/web/web-config/load.ts";
import { BAD, GOOD, NEWER_BAD, NEWER_GOOD, STRICTER } from "./web-config-cases.ts";

/** In every test run a taste; `npm run fuzz` for more. */
const FACTOR = Number(process.env.FUZZ ?? 1);
const runs = (count: number) => ({ numRuns: count * FACTOR });
const texts = Object.values({ ...GOOD, ...BAD, ...STRICTER, ...NEWER_GOOD, ...NEWER_BAD });

/** Loads, or names at least one issue on one line each, inside the text. */
function holds(text: string): boolean {
  const loaded = loadWebConfig("/nowhere/web.yaml", text);
  if (loaded.ok) return loaded.files.length > 0;
  const last = text.split("\n").length;
  return (
    loaded.issues.length > 0 &&
    loaded.issues.every((issue) => !formatIssue(issue).includes("\n") && issue.fix !== "" && (issue.line ?? 1) <= last)
  );
}

// fast-check's own unit "binary" builds tables for seconds first.
const anything = fc.array(fc.nat(0x10ffff), { maxLength: 200 }).map((points) => String.fromCodePoint(...points));

test("any text at all", () => {
  fc.assert(fc.property(anything, holds), runs(100));
});

test("any object where a web config should be", () => {
  const key = fc.constantFrom(
    ...["tls_server_config", "http_server_config", "basic_auth_users", "rate_limit", "cert", "key", "cert_file", "client_ca", "headers"],
    ...[
      "client_auth_type",
      "client_allowed_sans",
      "min_version",
      "cipher_suites",
      "http2",
      "interval",
      "burst",
      "X-Frame-Options",
      "__proto__",
    ],
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(
        null,
        true,
        0,
        -1,
        1e300,
        "",
        "a",
        "1s",
        "TLS12",
        "deny",
        "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----",
      ),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(key, tree, { maxKeys: 5 }), (value) => holds(JSON.stringify(value))),
    runs(100),
  );
});

test("a web config with something cut, doubled or put in", () => {
  const put = fc.oneof(
    fc.string({ maxLength: 5 }),
    fc.constantFrom("\n", "\t", "  ", ": ", "- ", "&a ", "*a", "<<: *a", "2026-01-01", "1:30", "~", '"'),
  );
  const change = fc.record({
    text: fc.constantFrom(...texts),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat({ max: 30 }),
    put,
  });
  fc.assert(
    fc.property(change, ({ text, at, cut, put: added }) => {
      const place = Math.floor(at * text.length);
      return holds(text.slice(0, place) + added + text.slice(place + cut));
    }),
    runs(200),
  );
});

test.each([
  ["an anchor that holds itself", "basic_auth_users: &a { alice: *a }"],
  ["a merge of itself", "tls_server_config: &a { <<: *a }"],
  ["a date for a file", "tls_server_config: { cert_file: 2026-01-01, key_file: 1:30 }"],
  ["a key that is a mapping", "? { a: b }\n: c\n"],
  ["a user of a strange name", "basic_auth_users: { __proto__: x }"],
  ["half a certificate", 'tls_server_config: { cert: "-----BEGIN CERTIFICATE-----\\n", key: "-----BEGIN PRIVATE KEY-----" }'],
])("%s", (_, text) => {
  expect(holds(text)).toBe(true);
  expect(loadWebConfig("/nowhere/web.yaml", text).ok).toBe(false);
});
