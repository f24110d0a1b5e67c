/** What the S3 client puts on the wire, and what it leaves out. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createRedactor } from "../../src/base/redact.ts";
import type { S3Connection } from "../../src/clients/s3/connection.ts";
import { deleteObject, headBucket, listObjects, putObject } from "../../src/clients/s3/operations.ts";
import type { Performed } from "../../src/clients/s3/perform.ts";
import { errorDocument, type Store, startStore } from "../support/bucket.ts";

let store: Store;
beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());
beforeEach(() => store.reset());

const SECRET = "secret-access-key-0123456789";
const TOKEN = "session-token-0123456789";
const BODY = Buffer.from("a canary sings");
const signal = (): AbortSignal => AbortSignal.timeout(5_000);
const connection = (more: Partial<S3Connection> = {}): S3Connection => ({
  bucket: "files",
  endpoint: store.url,
  region: "eu-1",
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: SECRET,
  pathStyle: true,
  redactor: createRedactor([SECRET, TOKEN]),
  ...more,
});

const put = (more?: Partial<S3Connection>): Promise<Performed> => putObject(connection(more), "a/b.txt", BODY, signal());

describe("what is sent", () => {
  const OUTSIDE = [
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_MAX_ATTEMPTS",
  ] as const;
  afterEach(() => {
    for (const name of OUTSIDE) delete process.env[name];
  });

  test("nothing of the SDK's own that older storages refuse, and our name", async () => {
    expect(await put({ sessionToken: TOKEN })).toMatchObject({ reason: "ok", value: { etag: expect.stringMatching(/^"[0-9a-f]{32}"$/) } });
    const [{ headers, body } = { headers: {}, body: Buffer.alloc(0) }] = store.asked;
    expect(body.equals(BODY)).toBe(true);
    expect(headers).toMatchObject({
      "user-agent": "llm-healthd",
      "content-length": String(BODY.length),
      "accept-encoding": "identity",
      "x-amz-security-token": TOKEN,
    });
    expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-1\/s3\/aws4_request/);
    const surprises = Object.keys(headers).filter((name) => /checksum|trailer|^expect$|x-amz-user-agent|content-encoding/.test(name));
    expect(surprises).toEqual([]);
  });

  test("no word of the environment counts", async () => {
    for (const name of OUTSIDE) process.env[name] = name.includes("URL") ? "http://127.0.0.1:1" : "3";
    store.whim = () => ({ status: 503, body: errorDocument("SlowDown") });
    expect(await put()).toMatchObject({ reason: "s3_slow_down" });
    expect(store.asked.map(({ headers }) => headers.authorization)).toEqual([expect.stringContaining("AKIDEXAMPLE/")]);
    // Cancelled before it begins: what would have been asked is known, nothing is.
    const { endpoint: _, ...aws } = connection({ pathStyle: false });
    const nowhere = await headBucket(aws, AbortSignal.abort());
    expect(nowhere.evidence.request).toMatchObject({ endpoint: "https://files.s3.eu-1.amazonaws.com" });
  });

  test("a version is deleted by its id", async () => {
    await deleteObject(connection(), { key: "a", versionId: "v 1/2" }, signal());
    expect(store.asked[0]?.query.get("versionId")).toBe("v 1/2");
  });

  test("keys keep their letters, and a list its prefix", async () => {
    const key = "a b/!_.*'()-/q";
    await putObject(connection(), key, BODY, signal());
    const found = await listObjects(connection(), { operation: "list", prefix: "a b/", most: 5 }, signal());
    expect(found.value).toEqual([{ key, ageSeconds: expect.any(Number) }]);
    expect(Math.abs(found.value?.[0]?.ageSeconds ?? 99)).toBeLessThan(5);
  });
});
