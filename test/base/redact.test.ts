import { expect, test } from "vitest";
import { createRedactor } from "../../src/base/redact.ts";

const SECRET = "s3cr3t/with+odd=chars";

test("a taught secret is hidden in every spelling it travels in", () => {
  const redactor = createRedactor([SECRET]);
  const spellings = [SECRET, encodeURIComponent(SECRET), Buffer.from(SECRET).toString("base64"), JSON.stringify({ a: SECRET })];
  const text = redactor.text(spellings.join(" | "));
  for (const spelling of spellings.slice(0, 3)) expect(text).not.toContain(spelling);
});

test.each([
  ["key sk-or-v1-0123456789abcdef0123 was refused", "0123456789abcdef0123"],
  ['{"Authorization":"Bearer abcdefghijkl"}', "abcdefghijkl"],
  ["authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"],
  ["https://b.example/k?X-Amz-Signature=deadbeef&X-Amz-Credential=AKIA%2F1", "deadbeef"],
  ['{"user_id":"user_2abcDEFgh","error":{}}', "2abcDEFgh"],
  ['"metadata":{"flagged_input":"my private text"}', "my private text"],
  ["proxy http://bob:hunter22@proxy.example:3128", "hunter22"],
])("%s hides its secret by shape", (text, secret) => expect(createRedactor().text(text)).not.toContain(secret));

test("innocent text passes unchanged", () => {
  const text = '{"error":{"message":"qwen/qwen3-coder-480b is not a valid model ID","code":400}}';
  expect(createRedactor([SECRET]).text(text)).toBe(text);
});

test("a secret too short to be one does not blank out words", () => {
  expect(createRedactor(["abc"]).text("abcdef")).toBe("abcdef");
});
