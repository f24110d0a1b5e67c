/** The canary's life against a storage with whims: what is decided, and that nothing is left behind. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createRedactor } from "../../src/base/redact.ts";
import type { Probed } from "../../src/core/outcome.ts";
import { type Asked, errorDocument, probeBucket, type Store, startStore } from "../support/bucket.ts";
import { until } from "../support/programs.ts";

const operations = ({ evidence }: Probed): string[] =>
  (evidence.operations ?? []).map(({ operation, verdict }) => `${operation} ${verdict}`);
const FOLDER = "llm-healthd-canary/storage/";
const WHOLE_LIFE = ["put up", "head up", "get up", "delete up", "confirm_gone up", "sweep up"];

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
const keyed = ({ key }: Asked): boolean => key !== "";

test("other bytes than were written: the body is shown, and the canary is still deleted", async () => {
  store.whim = ({ method, key }) => (method === "GET" && key !== "" ? { status: 200, body: "not what was sung" } : undefined);
  const outcome = await probeBucket(entry());
  expect(outcome).toMatchObject({
    verdict: "down",
    reason: "s3_integrity",
    evidence: { statusCode: 200, errorBody: "not what was sung" },
  });
  expect(outcome.evidence.message).toContain("1024 bytes were written, 17 came back");
  expect(operations(outcome)).toEqual(["put up", "head up", "get down", "delete up"]);
  expect([...store.objects]).toEqual([]);
});

test("a delete that is denied is named, and not tried again", async () => {
  store.whim = ({ method }) => (method === "DELETE" ? { status: 403, body: errorDocument("AccessDenied") } : undefined);
  const outcome = await probeBucket(entry());
  expect(outcome).toMatchObject({
    verdict: "down",
    reason: "s3_access_denied",
    evidence: { statusCode: 403, message: "delete: AccessDenied: About AccessDenied", request: { operation: "delete" } },
  });
  expect(asked()).toEqual(["PUT", "HEAD", "GET", "DELETE"]);
});

test("a put that is refused leaves nothing to delete", async () => {
  store.whim = () => ({ status: 403, body: errorDocument("AccessDenied") });
  expect(operations(await probeBucket(entry()))).toEqual(["put down"]);
  expect(asked()).toEqual(["PUT"]);
});

test("a put whose answer got lost is deleted all the same", async () => {
  store.whim = ({ method, key, body }) => {
    if (method !== "PUT") return undefined;
    store.objects.set(key, { body, modified: new Date() });
    return "reset";
  };
  const outcome = await probeBucket(entry());
  expect(outcome).toMatchObject({ reason: "connection_reset", evidence: { statusCode: 0, via: "none" } });
  expect(operations(outcome)).toEqual(["put down", "delete up"]);
  expect([...store.objects]).toEqual([]);
});

test("a run that is aborted midway still deletes its canary", async () => {
  const abort = new AbortController();
  store.whim = ({ method }) => {
    if (method !== "HEAD") return undefined;
    abort.abort();
    return "silence";
  };
  const outcome = await probeBucket(entry(), { signal: abort.signal });
  expect(outcome).toMatchObject({ verdict: "down", reason: "timeout_headers", evidence: { request: { operation: "head" } } });
  expect(operations(outcome)).toEqual(["put up", "head down", "delete up"]);
  expect([...store.objects]).toEqual([]);
});

test("a delete cut off by the abort gets a second try", async () => {
  const abort = new AbortController();
  store.whim = ({ method }) => {
    if (method !== "DELETE" || abort.signal.aborted) return undefined;
    abort.abort();
    return "silence";
  };
  expect(operations(await probeBucket(entry(), { signal: abort.signal }))).toEqual([
    "put up",
    "head up",
    "get up",
    "delete down",
    "delete up",
  ]);
  expect([...store.objects]).toEqual([]);
});

test("cleaning up ends before the runner loses its patience", async () => {
  const abort = new AbortController();
  store.whim = ({ method }) => (method === "PUT" ? undefined : "silence");
  const run = probeBucket(entry(), { signal: abort.signal });
  await until(() => store.asked.some(({ method }) => method === "HEAD"), "the HEAD");
  const start = performance.now();
  abort.abort();
  const outcome = await run;
  expect(operations(outcome)).toEqual(["put up", "head down", "delete down"]);
  expect(performance.now() - start).toBeLessThan(4_500);
  // What it takes is nobody's latency.
  expect(outcome.evidence.durationSeconds).toBeLessThan(1.5);
});

test("a version is deleted with the object it is of", async () => {
  store.whim = ({ method }) => (method === "PUT" ? { status: 200, headers: { etag: '"e"', "x-amz-version-id": "v7" } } : undefined);
  await probeBucket(entry());
  expect(store.asked.find(({ method }) => method === "DELETE")?.query.get("versionId")).toBe("v7");
});

test("an object that outlives its deletion", async () => {
  store.whim = ({ method }) => (method === "DELETE" ? { status: 204 } : undefined);
  const outcome = await probeBucket(entry());
  expect(outcome).toMatchObject({ verdict: "down", reason: "s3_integrity", evidence: { request: { operation: "confirm_gone" } } });
  expect(outcome.evidence.message).toContain("still there");
  expect(asked()).toEqual(["PUT", "HEAD", "GET", "DELETE", "GET", "GET"]);
});

test("one that is gone at the second look is forgiven", async () => {
  let looks = 0;
  store.whim = ({ method, key }) => {
    if (method !== "GET" || key === "") return undefined;
    looks += 1;
    return looks === 2 ? { status: 200, body: "a late cache" } : undefined;
  };
  const outcome = await probeBucket(entry());
  expect(operations(outcome)).toEqual(WHOLE_LIFE);
  expect(looks).toBe(3);
});

describe("sweep", () => {
  const leave = (count: number, minutes: number, name: string): void => {
    const modified = new Date(Date.now() - minutes * 60_000);
    for (let at = 0; at < count; at++)
      store.objects.set(`${FOLDER}${name}${String(at).padStart(3, "0")}`, { body: Buffer.alloc(1), modified });
  };
  const others = { body: Buffer.alloc(1), modified: new Date(0) };

  test("takes what is older than ten minutes, of this target alone", async () => {
    leave(3, 11, "old");
    leave(2, 9, "young");
    store.objects.set("llm-healthd-canary/storage2/old", others);
    store.objects.set("precious", others);
    expect((await probeBucket(entry())).verdict).toBe("up");
    expect([...store.objects.keys()].sort()).toEqual([
      `${FOLDER}young000`,
      `${FOLDER}young001`,
      "llm-healthd-canary/storage2/old",
      "precious",
    ]);
  });

  test("at most twenty in a run", async () => {
    leave(25, 60, "old");
    await probeBucket(entry());
    expect(store.objects.size).toBe(5);
    await probeBucket(entry());
    expect(store.objects.size).toBe(0);
  });

  test("what another instance took at the same moment is fine; what may not be deleted is not", async () => {
    leave(2, 60, "old");
    const answer =
      (status: number, code: string) =>
      ({ method, key }: Asked) =>
        method === "DELETE" && key.includes("old") ? { status, body: errorDocument(code) } : undefined;
    store.whim = answer(404, "NoSuchKey");
    expect((await probeBucket(entry())).verdict).toBe("up");
    store.whim = answer(403, "AccessDenied");
    const outcome = await probeBucket(entry());
    expect(outcome).toMatchObject({
      verdict: "down",
      reason: "s3_access_denied",
      evidence: { request: { operation: "sweep", key: `${FOLDER}old000` } },
    });
    expect(operations(outcome).at(-1)).toBe("sweep down");
  });
});

test("keys begin with the configured prefix, and no secret is told", async () => {
  const redactor = createRedactor(["secret-access-key-0123456789", "AKIDEXAMPLE"]);
  store.whim = () => ({ status: 403, body: errorDocument("InvalidAccessKeyId", "<AWSAccessKeyId>AKIDEXAMPLE</AWSAccessKeyId>") });
  const outcome = await probeBucket(entry({ prefix: "probes/eu/" }), { redactor });
  expect(store.asked.filter(keyed).every(({ key }) => key.startsWith("probes/eu/storage/"))).toBe(true);
  expect(outcome.evidence.errorBody).toContain("<AWSAccessKeyId>[hidden]</AWSAccessKeyId>");
  expect(JSON.stringify(outcome)).not.toMatch(/AKIDEXAMPLE|secret-access/);
});
