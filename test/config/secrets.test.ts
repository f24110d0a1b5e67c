import { chmodSync } from "node:fs";
import { expect, test } from "vitest";
import { formatIssue } from "../../src/config/issue.ts";
import { configOf, issuesOf, KEY, load, warningsOf, write } from "./loading.ts";

test("a secret comes from a file beside the config, without its last line break", () => {
  write("key.txt", "sk-or-v1-from-its-file\r\n");
  const file = write("with-file.yaml", "credentials: { openrouter: { api_key_file: key.txt } }\n", 0o644);
  const loaded = load({ file });
  expect(configOf(loaded).credentials[0]?.apiKey).toBe("sk-or-v1-from-its-file");
  expect(configOf(loaded).secrets).toContain("sk-or-v1-from-its-file");
  expect(warningsOf(loaded)).toEqual([]);
});

test.each([
  ["empty", "\n", "found an empty file"],
  ["two lines", "sk-or-v1-one\ntwo\n", "a line break"],
  ["another API's key", "sk-proj-abcdefghijklmnop", "this looks like an OpenAI key"],
])("a secret file that is %s is named at its place", (_, content, expected) => {
  write("bad-key.txt", content);
  const file = write("bad-key.yaml", "credentials:\n  openrouter:\n    api_key_file: bad-key.txt\n");
  const told = issuesOf(load({ file }));
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/bad-key\.yaml:3:\d+ {2}credentials\.openrouter\.api_key_file/);
  expect(told[0]).toContain(expected);
});

test("beside a variable that is not set a file is one too many, and no unknown key", () => {
  const file = write("both.yaml", `credentials:\n  openrouter:\n    api_key: "\${NOT_SET}"\n    api_key_file: key.txt\n`);
  const told = issuesOf(load({ file, env: {} }));
  expect(told).toHaveLength(2);
  expect(told[1]).toContain("found api_key and api_key_file; expected one of them");
});

test("a literal one is a warning, and so is the file that others may read", () => {
  const file = write("literal.yaml", "credentials:\n  openrouter:\n    api_key: sk-or-v1-0123456789abcdef\n", 0o640);
  const warnings = warningsOf(load({ file })).map(formatIssue);
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toContain(`chmod 600 ${file}`);
  expect(warnings[1]).toContain(`${file}:3:14  credentials.openrouter.api_key  found a secret in the config itself`);
  chmodSync(file, 0o600);
  expect(warningsOf(load({ file }))).toHaveLength(1);
});

test("an env file with secrets that others may read is a warning", () => {
  const file = write("open.env", "KEY=sk-or-v1-0123456789abcdef\n", 0o644);
  expect(warningsOf(load({ text: KEY, env: {}, envFiles: [file] })).map(({ fix }) => fix)).toEqual([`chmod 600 ${file}`]);
  const harmless = write("harmless.env", "HOST=a.example\n", 0o644);
  expect(warningsOf(load({ text: KEY, env: { KEY: "sk-or-v1-0123456789" }, envFiles: [harmless] }))).toEqual([]);
});

test.each([
  ["a token in a header", "apps: { site: { url: 'https://a.example/', headers: { X-Team-Auth: t0ken-of-the-team } } }", 1],
  ["a token in a query", "apps: { site: { url: 'https://a.example/?k=t0ken-of-the-team' } }", 1],
  ["only a variable's name", KEY, 0],
  ["nothing to hide", "apps: { site: { url: 'https://a.example/', headers: { X-Team: search } } }", 0],
])("a config that others may read, with %s", (_, text, count) => {
  const file = write("open.yaml", `${text}\n`, 0o644);
  const warnings = warningsOf(load({ file, env: { KEY: "sk-or-v1-0123456789abcdef" } }));
  expect(warnings.map(({ fix }) => fix)).toEqual(Array.from({ length: count }, () => `chmod 600 ${file}`));
});

test("an env file that others may read, with a secret whose name does not tell", () => {
  const file = write("odd.env", "ANTHROPIC=sk-or-v1-0123456789abcdef\n", 0o604);
  const text = KEY.replace("KEY}", "ANTHROPIC}");
  expect(warningsOf(load({ text, env: {}, envFiles: [file] })).map(({ fix }) => fix)).toEqual([`chmod 600 ${file}`]);
});

test("headers and variables that hold one are known to the redactor", () => {
  const text = `apps: { site: { url: "https://a.example/?t=\${TOKEN}", headers: { Authorization: Bearer abcdefgh } } }`;
  const { secrets } = configOf(load({ text, env: { TOKEN: "t0ps3cret" } }));
  expect(secrets).toEqual(expect.arrayContaining(["t0ps3cret", "abcdefgh", "Bearer abcdefgh"]));
});

test("so are the password of a Basic header and its pair, as servers repeat them", () => {
  const packed = Buffer.from("bob:h4rd-to-guess").toString("base64");
  const { secrets } = configOf(
    load({ text: `apps: { site: { url: "https://a.example/", headers: { authorization: basic ${packed} } } }` }),
  );
  expect(secrets).toEqual(expect.arrayContaining([packed, "bob:h4rd-to-guess", "h4rd-to-guess"]));
});

const SECRET = "sk-proj-Zx81mQpLw0aBcDeF";
const DIGITS = "8123456789012345";
const PLAIN = "Zq93-correct-horse";

test.each([
  ["as the key", `credentials: { openrouter: { api_key: ${SECRET} } }`],
  ["as the key, from a variable", `credentials: { openrouter: { api_key: "\${KEY}" } }`],
  ["as base_url", `credentials: { openrouter: { api_key: x, base_url: "\${KEY}" } }`],
  ["as a duration", `defaults: { every: "\${ANY}" }`],
  ["as a key of the file", `${SECRET}: 1`],
  ["as a name", `models: { ${SECRET}: 5 }`],
  ["in a URL", `apps: { site: { url: "ftp://bob:${SECRET}@a.example/" } }`],
  ["in broken YAML", `credentials: { openrouter: { api_key: "a" ${PLAIN} } }`],
  ["as a list", `credentials: { openrouter: { api_key: [${SECRET}] } }`],
  ["as a number", `credentials: { openrouter: { api_key: ${DIGITS} } }`],
  ["of no known shape", `credentials: { openrouter: { api_key: ${PLAIN} } }`],
  ["of no known shape, twice", `credentials: { openrouter: { api_key: ${PLAIN}, base_url: ${PLAIN} } }`],
  ["of no known shape, in a wrong place, from a variable", `apps: { site: { url: "\${HOST}" } }`],
  ["in a header", `credentials: { openrouter: { api_key: x, headers: { X-Any: "${PLAIN}\\n" } } }`],
])("a secret never stands in an issue: %s", (_, text) => {
  const told = issuesOf(load({ text, env: { KEY: SECRET, ANY: SECRET, HOST: PLAIN } })).join("\n");
  expect(told).not.toBe("");
  for (const secret of [SECRET.slice(8), DIGITS, PLAIN]) expect(told).not.toContain(secret);
});
