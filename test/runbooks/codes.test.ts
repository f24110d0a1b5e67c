/** What `explain` says of a code against what the classifiers make of it. */
import { describe, expect, test } from "vitest";
import type { HttpExchange } from "../../src/clients/http/exchange.ts";
import { classify } from "../../src/clients/openrouter/classify.ts";
import { COMPLETIONS, readAnswer as readApi } from "../../src/clients/openrouter/connection.ts";
import { readAnswer as readStore, classify as storeReason } from "../../src/clients/s3/classify.ts";
import { codeEntry, codes } from "../../src/runbooks/codes.ts";

const PLAIN = '{"error":{"message":"no"}}';
const FROM_PROVIDER = '{"error":{"message":"no","metadata":{"provider_name":"Chutes"}}}';
const FROM_EDGE = "<html><body>cloudflare</body></html>";

const exchanged = (status: number, body: string): HttpExchange => ({
  status,
  headers: {},
  body: Buffer.from(body),
  durationSeconds: 1,
  phases: {},
});

function reasonsOf(status: number): readonly string[] {
  const api = [COMPLETIONS, "/models"].flatMap((path) =>
    [PLAIN, FROM_PROVIDER, FROM_EDGE].map((body) => classify(readApi(exchanged(status, body), { method: "GET", path }))),
  );
  const store = (["put", "get"] as const).map((operation) => storeReason(operation, readStore(exchanged(status, "")), "eu-1"));
  return [...new Set([...api, ...store, "app_status"])].filter((reason) => reason !== undefined);
}

const errors = Array.from({ length: 500 }, (_, index) => index + 100).filter((status) => Math.floor(status / 100) !== 2);

test.each(errors)("%i can mean whatever the classifiers make of it by its number", (status) => {
  const entry = codeEntry(status);
  expect(reasonsOf(status).filter((reason) => !entry?.reasons.some((known) => known === reason))).toEqual([]);
});

describe("a code of its own", () => {
  test.each(Object.keys(codes))("%s has no meaning twice", (code) => {
    const { reasons, says } = codeEntry(Number(code)) ?? { reasons: [], says: "" };
    expect(new Set(reasons).size).toBe(reasons.length);
    expect(says).not.toMatch(/\.$|^$/);
  });
});

test("what is no status has no meaning", () => {
  for (const code of [-1, 1, 99, 600, 1000, 404.5, Number.NaN, Number.POSITIVE_INFINITY]) expect(codeEntry(code)).toBeUndefined();
});
