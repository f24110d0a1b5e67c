/** The bucket probe against versitygw: an S3 server that nobody here wrote, and that verifies signatures. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRedactor } from "../../src/base/redact.ts";
import type { S3Connection } from "../../src/clients/s3/connection.ts";
import { listObjects, putObject } from "../../src/clients/s3/operations.ts";
import { probeBucket } from "../support/bucket.ts";
import { answers, findProgram, freePort, missing, type Program, startProgram } from "../support/programs.ts";

const KEY = "E2EACCESSKEY00000001";
const SECRET = "e2e-secret-of-no-worth-0123456789abcdef";
const why = missing("versitygw");
const signal = AbortSignal.timeout(100_000);

describe.skipIf(why !== undefined)(`versitygw${why === undefined ? "" : `: ${why}`}`, () => {
  let root: string;
  let store: string;
  let endpoint: string;
  let server: Program;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "healthd-bucket-"));
    store = join(root, "store");
    for (const folder of ["store/files", "meta"]) mkdirSync(join(root, folder), { recursive: true });
    const port = await freePort();
    endpoint = `http://127.0.0.1:${port}`;
    const address = ["--port", `127.0.0.1:${port}`, "--health", "/health", "--region", "eu-test-1", "--quiet"];
    const env = { ROOT_ACCESS_KEY_ID: KEY, ROOT_SECRET_ACCESS_KEY: SECRET };
    // Metadata beside the files: not every file system under a temporary folder has extended attributes.
    const args = [...address, "posix", "--sidecar", join(root, "meta"), store];
    server = await startProgram(findProgram("versitygw") ?? "", args, () => answers(`${endpoint}/health`), { env });
  });
  afterAll(async () => {
    await server.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const entry = (more: object = {}) => ({
    bucket: "files",
    endpoint,
    region: "eu-test-1",
    access_key_id: KEY,
    secret_access_key: SECRET,
    ...more,
  });
  const connection = (more: Partial<S3Connection> = {}): S3Connection => ({
    bucket: "files",
    endpoint,
    region: "eu-test-1",
    accessKeyId: KEY,
    secretAccessKey: SECRET,
    pathStyle: true,
    redactor: createRedactor([SECRET]),
    ...more,
  });
  const files = (): string[] =>
    readdirSync(join(store, "files"), { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map(({ name }) => name);

  test("the canary goes through its whole life and leaves nothing behind", async () => {
    const outcome = await probeBucket(entry());
    expect(outcome).toMatchObject({ verdict: "up", reason: "ok", evidence: { statusCode: 200, via: "header" } });
    expect(outcome.evidence.operations?.map(({ operation, verdict }) => `${operation} ${verdict}`)).toEqual([
      "put up",
      "head up",
      "get up",
      "delete up",
      "confirm_gone up",
      "sweep up",
    ]);
    expect(files()).toEqual([]);
  });

  test("it sweeps what a crashed run left, and only that", async () => {
    const folder = join(store, "files/llm-healthd-canary/storage");
    mkdirSync(folder, { recursive: true });
    for (const name of ["old", "fresh"]) writeFileSync(join(folder, name), "left behind");
    const hourAgo = Date.now() / 1000 - 3600;
    utimesSync(join(folder, "old"), hourAgo, hourAgo);
    expect(await probeBucket(entry())).toMatchObject({ reason: "ok" });
    expect(files()).toEqual(["fresh"]);
    rmSync(folder, { recursive: true });
  });

  test("read_only looks and writes nothing", async () => {
    const outcome = await probeBucket(entry({ mode: "read_only" }));
    expect(outcome.evidence.operations?.map(({ operation }) => operation)).toEqual(["head_bucket", "list"]);
    expect(outcome).toMatchObject({ verdict: "up", reason: "ok" });
  });

  test.each([
    ["a wrong secret", { secret_access_key: "wrong-secret-0123456789abcdef" }, "s3_bad_credentials", 403],
    ["an unknown access key", { access_key_id: "NOBODYSKEY0000000001" }, "s3_bad_credentials", 404],
    ["a bucket that does not exist", { bucket: "nothing-here" }, "s3_no_such_bucket", 404],
    ["another region", { region: "us-west-2" }, "s3_wrong_region", 400],
  ] as const)("%s", async (_, wrong, reason, statusCode) => {
    for (const mode of ["canary", "read_only"] as const) {
      const outcome = await probeBucket(entry({ ...wrong, mode }));
      expect(outcome).toMatchObject({ verdict: "down", reason, evidence: { statusCode, via: "header" } });
      expect(JSON.stringify(outcome)).not.toContain(SECRET);
    }
    expect(files()).toEqual([]);
  });

  test("a clock an hour off is named, and not silently corrected by the answer", async () => {
    for (const clockOffsetMs of [3_600_000, -3_600_000]) {
      const late = connection({ clockOffsetMs });
      const made = [
        await putObject(late, "late", Buffer.from("x"), signal),
        await listObjects(late, { operation: "list", most: 1 }, signal),
      ];
      expect(made.map(({ reason }) => reason)).toEqual(["s3_clock_skew", "s3_clock_skew"]);
    }
    expect(files()).toEqual([]);
  });

  test("a server that is gone", async () => {
    const gone = `http://127.0.0.1:${await freePort()}`;
    expect(await probeBucket(entry({ endpoint: gone }))).toMatchObject({
      verdict: "down",
      reason: "connect_refused",
      evidence: { statusCode: 0, via: "none" },
    });
  });
});
