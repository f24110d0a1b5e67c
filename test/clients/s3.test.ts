import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createRedactor } from "../../src/base/redact.ts";
import type { S3Connection } from "../../src/clients/s3/connection.ts";
import { confirmGone, deleteObject, getObject, headBucket, headObject, listObjects, putObject } from "../../src/clients/s3/operations.ts";
import type { Performed } from "../../src/clients/s3/perform.ts";
import type { Reason } from "../../src/core/reason.ts";
import { errorDocument, type Reply, type Store, startStore, type Whim } from "../support/bucket.ts";
import { freePort } from "../support/programs.ts";

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
const list = (): Promise<Performed> => listObjects(connection(), { operation: "list", most: 1 }, signal());
const get = (): Promise<Performed> => getObject(connection(), "a/b.txt", BODY, signal());

describe("an error document", () => {
  type Row = readonly [code: string, status: number, reason: Reason];
  const TABLE: readonly Row[] = [
    ["NoSuchBucket", 404, "s3_no_such_bucket"],
    ["AccessDenied", 403, "s3_access_denied"],
    ["AllAccessDisabled", 403, "s3_access_denied"],
    ["InvalidAccessKeyId", 403, "s3_bad_credentials"],
    ["SignatureDoesNotMatch", 403, "s3_bad_credentials"],
    ["ExpiredToken", 400, "s3_bad_credentials"],
    ["InvalidToken", 400, "s3_bad_credentials"],
    ["Unauthorized", 401, "s3_bad_credentials"],
    ["XAdminUserNotFound", 404, "s3_bad_credentials"],
    ["AuthorizationHeaderMalformed", 400, "s3_bad_credentials"],
    ["RequestTimeTooSkewed", 403, "s3_clock_skew"],
    ["PermanentRedirect", 301, "s3_wrong_region"],
    ["TemporaryRedirect", 307, "s3_wrong_region"],
    ["IllegalLocationConstraintException", 400, "s3_wrong_region"],
    ["SlowDown", 503, "s3_slow_down"],
    ["SlowDownWrite", 503, "s3_slow_down"],
    ["ServiceUnavailable", 503, "s3_slow_down"],
    ["TooManyRequests", 429, "s3_slow_down"],
    ["BadDigest", 400, "s3_integrity"],
    ["InternalError", 500, "s3_error"],
    ["NotImplemented", 501, "s3_error"],
    ["InvalidRequest", 400, "bad_request"],
    ["Brand-New", 404, "not_found"],
    ["Brand-New", 403, "s3_access_denied"],
  ];
  test.each<Row>(TABLE)("%s with %i is %s", async (code, status, reason) => {
    store.whim = () => ({ status, body: errorDocument(code), headers: { "x-amz-request-id": "REQ1" } });
    const { evidence, operation, ...rest } = await put();
    expect(rest).toEqual({ reason });
    expect(operation).toMatchObject({ operation: "put", verdict: "down", bytesSent: BODY.length });
    expect(evidence).toMatchObject({ statusCode: status, via: "header", requestId: "REQ1" });
    expect(evidence.message).toMatch(`put: ${code}: About ${code}`);
    expect(evidence.errorBody).toContain(`<Code>${code}</Code>`);
    expect(evidence.request).toEqual({ operation: "put", bucket: "files", key: "a/b.txt", endpoint: store.url });
  });

  test.each([
    [errorDocument("AuthorizationHeaderMalformed", "<Region>us-west-2</Region>"), "s3_wrong_region"],
    [errorDocument("AuthorizationHeaderMalformed", "<Region>eu-1</Region>"), "s3_bad_credentials"],
  ])("it depends on the region named: %s", async (body, reason) => {
    store.whim = () => ({ status: 400, body });
    expect(await put()).toMatchObject({ reason });
  });

  test("its region is told", async () => {
    store.whim = () => ({ status: 301, body: errorDocument("PermanentRedirect"), headers: { "x-amz-bucket-region": "ap-south-1" } });
    expect((await put()).evidence.message).toBe("put: PermanentRedirect: About PermanentRedirect (region ap-south-1)");
  });

  test("cut after its code it still says why", async () => {
    store.whim = () => ({ status: 403, body: "<Error><Code>InvalidAccessKeyId</Code><Mess" });
    expect(await put()).toMatchObject({ reason: "s3_bad_credentials" });
  });

  test("inside a 200 it is an error too", async () => {
    store.whim = () => ({ status: 200, body: errorDocument("InternalError") });
    expect(await list()).toMatchObject({ reason: "s3_error", evidence: { statusCode: 500, via: "body" } });
  });

  test.each(["SignatureDoesNotMatch", "AccessDenied"])("%s while the clocks are far apart is the clock's fault", async (code) => {
    const date = new Date(Date.now() - 3_600_000).toUTCString();
    store.whim = () => ({ status: 403, body: errorDocument(code), headers: { date } });
    const { reason, evidence } = await put();
    expect(reason).toBe("s3_clock_skew");
    expect(evidence.clockSkewSeconds).toBeGreaterThan(-3605);
    expect(evidence.clockSkewSeconds).toBeLessThan(-3595);
  });

  test("no secret leaves with it, in no spelling", async () => {
    const hex = Buffer.from(`x-amz-security-token:${TOKEN}`).toString("hex");
    const more = `<CanonicalRequest>x-amz-security-token:${TOKEN}</CanonicalRequest><CanonicalRequestBytes>${hex}</CanonicalRequestBytes>`;
    store.whim = () => ({ status: 403, body: errorDocument("SignatureDoesNotMatch", more) });
    const text = JSON.stringify(await put({ sessionToken: TOKEN }));
    expect(text).toContain("CanonicalRequest");
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain(hex);
    expect(text).not.toContain(SECRET);
  });
});

describe("an answer without an error document", () => {
  const HTML = "<!doctype html><html><body>Bad gateway</body></html>";
  const elsewhere = { "x-amz-bucket-region": "us-west-2" };
  type Row = readonly [what: string, ask: () => Promise<Performed>, reply: Reply, reason: Reason];
  const head = (): Promise<Performed> => headBucket(connection(), signal());
  const headKey = (): Promise<Performed> => headObject(connection(), "a/b.txt", BODY.length, signal());
  const remove = (): Promise<Performed> => deleteObject(connection(), { key: "a/b.txt" }, signal());
  const gone = (): Promise<Performed> => confirmGone(connection(), "a/b.txt", signal());
  const TABLE: readonly Row[] = [
    ["HTML with 502", put, { status: 502, body: HTML }, "body_malformed"],
    ["HTML with 403", put, { status: 403, body: HTML }, "body_malformed"],
    ["HTML with 200 for a put", put, { status: 200, body: HTML }, "body_malformed"],
    ["HTML with 200 for a list", list, { status: 200, body: HTML }, "body_malformed"],
    ["a list that breaks off", list, { status: 200, body: "<ListBucketResult><Contents><Key>a" }, "body_malformed"],
    ["XML broken before its code", put, { status: 403, body: "<?xml version='1.0'?><Error><Co" }, "body_malformed"],
    ["a redirect to elsewhere", put, { status: 302, headers: { location: "/login" } }, "body_malformed"],
    ["500 without a body", put, { status: 500 }, "s3_error"],
    ["503 without a body", put, { status: 503 }, "s3_slow_down"],
    ["429 without a body", put, { status: 429 }, "s3_slow_down"],
    ["403 without a body", put, { status: 403 }, "s3_access_denied"],
    ["404 without a body for a put", put, { status: 404 }, "s3_no_such_bucket"],
    ["404 for a HEAD of the bucket", head, { status: 404 }, "s3_no_such_bucket"],
    ["403 for a HEAD of the bucket", head, { status: 403 }, "s3_access_denied"],
    ["301 for a HEAD of the bucket", head, { status: 301, headers: elsewhere }, "s3_wrong_region"],
    ["400 for a HEAD of the bucket in another region", head, { status: 400, headers: elsewhere }, "s3_wrong_region"],
    ["400 for a HEAD of the bucket", head, { status: 400 }, "bad_request"],
    ["404 for a HEAD of an object that was put", headKey, { status: 404 }, "s3_integrity"],
    ["another length than was put", headKey, { status: 200, headers: { etag: '"x"', "content-length": "3" } }, "s3_integrity"],
    ["a HEAD without an ETag", headKey, { status: 200, headers: { "content-length": "14" } }, "body_malformed"],
    ["the key missing for a get", get, { status: 404, body: errorDocument("NoSuchKey") }, "s3_integrity"],
    ["other bytes", get, { status: 200, body: "a canary sinks" }, "s3_integrity"],
    ["too many bytes", get, { status: 200, body: `${BODY} loudly` }, "s3_integrity"],
    ["too few bytes", get, { status: 200, body: "a canary" }, "s3_integrity"],
    ["a body without end", get, { status: 200, body: Buffer.alloc(2 * 1024 * 1024) }, "body_too_large"],
    ["204 for a delete", remove, { status: 204 }, "ok"],
    ["404 for a delete of what was put", remove, { status: 404 }, "s3_integrity"],
    ["404 for what must be gone", gone, { status: 404, body: errorDocument("NoSuchKey") }, "ok"],
    ["404 without a body for what must be gone", gone, { status: 404 }, "ok"],
    ["the bucket missing", gone, { status: 404, body: errorDocument("NoSuchBucket") }, "s3_no_such_bucket"],
    ["200 for what must be gone", gone, { status: 200, body: "still" }, "s3_integrity"],
  ];
  test.each(TABLE)("%s", async (_, ask, reply, reason) => {
    store.whim = () => reply;
    const { reason: found, evidence } = await ask();
    expect(found).toBe(reason);
    expect(evidence).toMatchObject({ statusCode: reply.status, via: "header" });
    expect(evidence.message === undefined).toBe(reason === "ok");
  });

  test("a mismatch says where it begins", async () => {
    store.whim = () => ({ status: 200, body: "a canary sinks", headers: { etag: '"e1"' } });
    const { evidence, operation } = await get();
    expect(evidence.message).toBe('get: 14 bytes were written, 14 came back, different from byte 12 on; ETag "e1"');
    expect(evidence.errorBody).toBe("a canary sinks");
    expect(operation).toMatchObject({ verdict: "down", bytesReceived: 14 });
  });
});

describe("the way there", () => {
  test.each<readonly [Whim, () => Promise<Performed>, Reason, number]>([
    ["reset", put, "connection_reset", 0],
    ["cut", get, "connection_reset", 200],
  ])("%s", async (whim, ask, reason, statusCode) => {
    store.whim = () => whim;
    expect(await ask()).toMatchObject({ reason, evidence: { statusCode, message: expect.any(String) }, operation: { verdict: "down" } });
    expect(store.asked).toHaveLength(1);
  });

  test("nobody listens", async () => {
    const refused = await put({ endpoint: `http://127.0.0.1:${await freePort()}` });
    expect(refused).toMatchObject({ reason: "connect_refused", evidence: { statusCode: 0, via: "none" } });
    expect(refused.evidence.message).toMatch(/^put: .*ECONNREFUSED/);
  });

  test("no answer before the signal", async () => {
    const abort = new AbortController();
    store.whim = () => {
      abort.abort();
      return "silence";
    };
    expect(await putObject(connection(), "k", BODY, abort.signal)).toMatchObject({
      reason: "timeout_headers",
      evidence: { statusCode: 0, via: "none", phases: { connect: expect.any(Number) } },
    });
  });
});
