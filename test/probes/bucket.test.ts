import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Probed } from "../../src/core/outcome.ts";
import type { Reason } from "../../src/core/reason.ts";
import { bucketKind } from "../../src/probes/bucket.ts";
import { type FaultName, type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { errorDocument, probeBucket, type Store, startStore } from "../support/bucket.ts";
import { freePort } from "../support/programs.ts";

const operations = ({ evidence }: Probed): string[] =>
  (evidence.operations ?? []).map(({ operation, verdict }) => `${operation} ${verdict}`);
const FOLDER = "llm-healthd-canary/storage/";
const WHOLE_LIFE = ["put up", "head up", "get up", "delete up", "confirm_gone up", "sweep up"];

describe("against the simulator", () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator();
  });
  afterAll(() => simulator.stop());

  const entry = (more: object = {}): object => {
    const { accessKeyId, secretAccessKey, bucket, region } = simulator.credentials;
    return { bucket, endpoint: simulator.s3Url, region, access_key_id: accessKeyId, secret_access_key: secretAccessKey, ...more };
  };

  test("a healthy bucket, with what each operation took and moved", async () => {
    const outcome = await probeBucket(entry());
    expect(outcome).toMatchObject({ verdict: "up", reason: "ok", evidence: { statusCode: 200, via: "header" } });
    expect(operations(outcome)).toEqual(WHOLE_LIFE);
    const { operations: made = [], durationSeconds = 0, request, phases } = outcome.evidence;
    expect(made.map(({ bytesSent, bytesReceived }) => [bytesSent, bytesReceived]).slice(0, 3)).toEqual([
      [1024, undefined],
      [undefined, undefined],
      [undefined, 1024],
    ]);
    const sum = made.reduce((total, one) => total + one.durationSeconds, 0);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThanOrEqual(durationSeconds);
    expect(phases).toMatchObject({ connect: expect.any(Number), first_byte: expect.any(Number) });
    expect(request).toMatchObject({ operation: "put", key: expect.stringMatching(`^${FOLDER}\\d{8}T\\d{9}Z-[0-9a-f]{12}$`) });
  });

  test("two runs never share a key", async () => {
    const keys = (await Promise.all([probeBucket(entry()), probeBucket(entry())])).map(({ evidence }) => evidence.request?.key);
    expect(new Set(keys).size).toBe(2);
  });

  test("read_only writes nothing", async () => {
    const before = simulator.requests.length;
    const outcome = await probeBucket(entry({ mode: "read_only" }));
    expect(outcome.verdict).toBe("up");
    expect(operations(outcome)).toEqual(["head_bucket up", "list up"]);
    expect(simulator.requests.slice(before).map(({ method }) => method)).toEqual(["HEAD", "GET"]);
  });

  test.each<readonly [FaultName, Reason, string]>([
    ["s3_no_such_bucket", "s3_no_such_bucket", "put"],
    ["s3_access_denied", "s3_access_denied", "put"],
    ["s3_bad_credentials", "s3_bad_credentials", "put"],
    ["s3_clock_skew", "s3_clock_skew", "put"],
    ["s3_wrong_region", "s3_wrong_region", "put"],
    ["s3_slow_down", "s3_slow_down", "put"],
    ["s3_integrity", "s3_integrity", "get"],
  ])("fault %s", async (fault, reason, operation) => {
    simulator.faults.on(fault);
    const outcome = await probeBucket(entry());
    simulator.faults.clear();
    expect(outcome).toMatchObject({ verdict: "down", reason, evidence: { request: { operation } } });
    expect(outcome.evidence.message).toMatch(new RegExp(`^${operation}: `));
  });
});

describe("read_only against a storage with whims", () => {
  let store: Store;
  beforeAll(async () => {
    store = await startStore();
  });
  afterAll(() => store.stop());
  beforeEach(() => store.reset());

  const entry = (more: object = {}): object => ({
    bucket: "files",
    endpoint: store.url,
    access_key_id: "AKIDEXAMPLE",
    secret_access_key: "secret-access-key-0123456789",
    ...more,
  });
  const asked = (): string[] => store.asked.map(({ method, query }) => (query.has("list-type") ? "LIST" : method));
  const readOnly = (): Promise<Probed> => probeBucket(entry({ mode: "read_only" }));

  test.each<readonly [headStatus: number, code: string, status: number, reason: Reason]>([
    [403, "InvalidAccessKeyId", 403, "s3_bad_credentials"],
    [403, "AccessDenied", 403, "s3_access_denied"],
    [404, "NoSuchBucket", 404, "s3_no_such_bucket"],
    [301, "PermanentRedirect", 301, "s3_wrong_region"],
    [400, "AuthorizationHeaderMalformed", 400, "s3_bad_credentials"],
  ])("a HEAD's %i is explained by the list: %s", async (headStatus, code, status, reason) => {
    store.whim = ({ method }) => (method === "HEAD" ? { status: headStatus } : { status, body: errorDocument(code) });
    const outcome = await readOnly();
    expect(outcome).toMatchObject({ verdict: "down", reason, evidence: { statusCode: status, message: `list: ${code}: About ${code}` } });
    expect(operations(outcome)).toEqual(["head_bucket down", "list down"]);
  });

  test("a HEAD that alone fails decides", async () => {
    store.whim = ({ method }) => (method === "HEAD" ? { status: 403 } : undefined);
    expect(await readOnly()).toMatchObject({
      reason: "s3_access_denied",
      evidence: { message: "head_bucket: answered 403 without a body" },
    });
  });

  test("a storage that is overloaded is not asked twice", async () => {
    store.whim = () => ({ status: 503 });
    expect(await readOnly()).toMatchObject({ verdict: "down", reason: "s3_slow_down" });
    expect(asked()).toEqual(["HEAD"]);
  });

  test("nobody listens", async () => {
    const outcome = await probeBucket(entry({ mode: "read_only", endpoint: `http://127.0.0.1:${await freePort()}` }));
    expect(outcome).toMatchObject({ verdict: "down", reason: "connect_refused", evidence: { statusCode: 0, via: "none" } });
    expect(operations(outcome)).toEqual(["head_bucket down"]);
  });
});

describe("the config entry", () => {
  const parse = (more: object) =>
    bucketKind.section?.entry.safeParse({ bucket: "my-files", access_key_id: "AKIDEXAMPLE", secret_access_key: "s3cret", ...more });

  test("defaults", () => {
    expect(parse({})).toMatchObject({ success: true, data: { region: "us-east-1", mode: "canary", prefix: "llm-healthd-canary/" } });
  });

  test.each([
    ["prefix", "no-slash"],
    ["prefix", "/leading/"],
    ["prefix", "double//slash/"],
    ["prefix", "up/../and/away/"],
    ["prefix", "./here/"],
    ["prefix", "пробы/"],
    ["prefix", "/"],
    ["region", "eu west"],
    ["region", "eu.1"],
    ["bucket", "s3://my-files"],
    ["endpoint", "storage.example.net"],
    ["secret_access_key", "two words"],
    ["mode", "readonly"],
    ["pathstyle", true],
  ])("%s: %s is refused", (key, value) => {
    expect(parse({ [key]: value })?.success).toBe(false);
  });

  test.each([
    ["prefix", "a/b.c/_d/"],
    ["prefix", "..a/b../"],
    ["region", "auto"],
    ["path_style", false],
    ["session_token", "token/with+signs=="],
  ])("%s: %s is taken", (key, value) => {
    expect(parse({ [key]: value })?.success).toBe(true);
  });
});
