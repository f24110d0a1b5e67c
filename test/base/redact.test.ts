import { describe, expect, test } from "vitest";
import { createRedactor, HIDDEN } from "../../src/base/redact.ts";

const SECRET = "s3cr3t/with+odd=chars&\"'<>";
const everyByte = (text: string, write: (code: number) => string): string => [...Buffer.from(text)].map(write).join("");
const hex = (code: number): string => code.toString(16).padStart(2, "0");

describe.each([SECRET, "sK9plain0nly0letters", "two words & more"])("a taught secret, %s, is hidden", (secret) => {
  const redactor = createRedactor([secret]);
  const bytes = Buffer.from(secret);
  test.each([
    ["as it is", secret],
    ["URL-encoded", encodeURIComponent(secret)],
    ["URL-encoded in small letters", encodeURIComponent(secret).replaceAll(/%../g, (code) => code.toLowerCase())],
    ["URL-encoded twice", encodeURIComponent(encodeURIComponent(secret))],
    ["in a form", new URLSearchParams({ a: secret }).toString().slice(2)],
    ["every byte URL-encoded", everyByte(secret, (code) => `%${hex(code)}`)],
    ["in JSON", JSON.stringify(secret).slice(1, -1)],
    ["in JSON within JSON", JSON.stringify(JSON.stringify(secret)).slice(3, -3)],
    ["in JSON as PHP writes it", JSON.stringify(secret).slice(1, -1).replaceAll("/", "\\/")],
    [
      "in JSON as Go writes it",
      JSON.stringify(secret)
        .slice(1, -1)
        .replaceAll(/[<>&]/g, (char) => `\\u00${hex(char.charCodeAt(0))}`),
    ],
    [
      "in HTML",
      secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;"),
    ],
    ["in HTML as Go writes it", secret.replaceAll(/[&<>"'+]/g, (char) => `&#${char.charCodeAt(0)};`)],
    ["in HTML within XML", secret.replaceAll(/[&<>"'+/=]/g, (char) => `&amp;#${char.charCodeAt(0)};`)],
    ["in HTML by hexadecimal references", everyByte(secret, (code) => `&#x${hex(code).toUpperCase()};`)],
    ["in base64", bytes.toString("base64")],
    ["in base64 with something before it", Buffer.from(`Bearer ${secret}`).toString("base64")],
    ["in base64 between two others", Buffer.from(`{"key":"${secret}","and":"more"}`).toString("base64")],
    ["as the password of Basic", Buffer.from(`u:${secret}`).toString("base64")],
    ["in base64 of URLs", Buffer.from(`x${secret}`).toString("base64url")],
    ["in base64 in a URL", encodeURIComponent(Buffer.from(`xy${secret}`).toString("base64"))],
    ["in hex", bytes.toString("hex")],
    ["in a hex dump", everyByte(secret, (code) => `${hex(code)} `).trim()],
    ["in capital hex", bytes.toString("hex").toUpperCase()],
  ])("%s", (_, spelled) => {
    const text = redactor.text(`before ${spelled} after`);
    expect(text).toContain("[hidden]");
    // What may be left of base64 is what the letters before and after the secret made of it.
    const longest = Math.max(...text.split(/\[hidden\]| /).map((part) => (/^(?:before|after)?$/.test(part) ? 0 : part.length)));
    expect(longest).toBeLessThanOrEqual(spelled.includes("%") || !/^[\w+/=-]+$/.test(spelled) ? 8 : 24);
    for (let at = 0; at + 6 <= secret.length; at += 1) expect(text).not.toContain(secret.slice(at, at + 6));
  });
});

test.each([
  ["key sk-or-v1-0123456789abcdef0123 was refused", "0123456789abcdef0123"],
  ['{"Authorization":"Bearer abcdefghijkl"}', "abcdefghijkl"],
  ['{"Authorization":["Bearer abcdefghijkl"]}', "abcdefghijkl"],
  [String.raw`{"raw":"{\"authorization\":\"Basic dXNlcjpwYXNz\"}"}`, "dXNlcjpwYXNz"],
  ["authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"],
  ["/login?next=Bearer%20abcdefghijkl", "abcdefghijkl"],
  ["https://b.example/k?X-Amz-Signature=deadbeef&X-Amz-Credential=AKIA%2F1", "deadbeef"],
  ["/r?to=https%3A%2F%2Fb%2Fk%3FX-Amz-Signature%3Ddeadbeef", "deadbeef"],
  ['{"user_id":"user_2abcDEFgh","error":{}}', "2abcDEFgh"],
  ['"metadata":{"flagged_input":"my private text"}', "my private text"],
  ['"metadata":{"flagged_input":"my \\"own\\" private text"}', "private text"],
  ['"flagged_input":"cut in the middle of priv', "priv"],
  [String.raw`{"raw":"{\"flagged_input\":\"my \\\"own\\\" private text\",\"a\":1}"}`, "private text"],
  [String.raw`{"raw":"{\"user_id\": \"org-1234\"}"}`, "org-1234"],
  ["proxy http://bob:hunter22@proxy.example:3128", "hunter22"],
  ["users: { bob: $2y$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234 }", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"],
  ["-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIKvFaXc9\n-----END EC PRIVATE KEY-----\n", "MHcCAQEEIIKvFaXc9"],
  [JSON.stringify({ key: "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n" }), "MIGHAgEAMBMGByqGSM49"],
  ["key: |\n  -----BEGIN PRIVATE KEY-----\n  MIGHAgEAMBMGByqGSM49 cut off", "MIGHAgEAMBMGByqGSM49"],
])("%s hides its secret by shape", (text, secret) => expect(createRedactor().text(text)).not.toContain(secret));

test("what stands around a personal value stays", () => {
  expect(createRedactor().text('{"user_id":"user_2abcDEFgh","error":{"code":400}}')).toBe('{"user_id":"[hidden]","error":{"code":400}}');
  expect(createRedactor().text(String.raw`{"raw":"{\"label\":\"x\\\"y\",\"code\":400}"}`)).toBe(
    String.raw`{"raw":"{\"label\":\"[hidden]\",\"code\":400}"}`,
  );
});

test.each([
  '{"error":{"message":"qwen/qwen3-coder-480b is not a valid model ID","code":400}}',
  "GET /a?b=c&d=100%25 answered 200 \\o/ &amp; was fine, Basic authentication aside",
])("innocent text passes unchanged: %s", (text) => expect(createRedactor([SECRET]).text(text)).toBe(text));

test("a secret too short to be one does not blank out words", () => {
  expect(createRedactor(["abc"]).text("abcdef")).toBe("abcdef");
});

test("no text makes the search run away: it would stand still with the whole daemon", () => {
  const redactor = createRedactor(Array.from({ length: 20 }, (_, at) => `sk-or-v1-${"0123456789abcdef".repeat(4)}${at}`));
  const runs = [
    "\\",
    '\\"user_id\\":\\"',
    "%25",
    "&#0000",
    '"label":"',
    "authorization:",
    "//a",
    "Bearer ",
    "sk-or-v1-0123",
    " ",
    "$2y$10$",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN A",
  ];
  for (const run of runs) expect(redactor.text(run.repeat(30_000 / run.length)).length).toBeGreaterThan(0);
});

describe("a taught secret of which an upstream repeats a part", () => {
  const digits = "1a7354814c1e9d0b6f2c83a75e4d90b11a7354814c1e9d0b6f2c83a75e4d90b1";
  const key = `sk-or-v1-${digits}`;
  const redactor = createRedactor([key, "CANARYbearer9876CANARY"]);
  test.each([
    ["the key without its prefix", digits],
    ["its first half and more", key.slice(0, 50)],
    ["its second half", key.slice(-37)],
    ["a line break in it", `${key.slice(0, 40)}\n${key.slice(40)}`],
    ["another secret, cut", "CANARYbearer9"],
  ])("%s", (_, said) => {
    const told = redactor.text(`no user for ${said} here`);
    for (let at = 0; at + 20 <= key.length; at += 1) expect(told).not.toContain(key.slice(at, at + 20));
    expect(told).not.toContain("CANARYbearer");
    expect(told).toMatch(/^no user for .* here$/s);
  });
});

test("what it learns later is hidden in what it has shown before", () => {
  const redactor = createRedactor();
  const line = "served by fine-provider-of-mine";
  expect(redactor.text(line)).toBe(line);
  redactor.learn("fine-provider-of-mine");
  expect(redactor.text(line)).toBe(`served by ${HIDDEN}`);
});

test("more texts than it remembers are each shown as they are", () => {
  const redactor = createRedactor(["a-secret-of-mine"]);
  const texts = Array.from({ length: 2000 }, (_, at) => `${at} of a-secret-of-mine`);
  for (const round of [1, 2]) {
    for (const [at, text] of texts.entries()) expect(redactor.text(text), `round ${round}`).toBe(`${at} of ${HIDDEN}`);
  }
});
