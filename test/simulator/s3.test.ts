import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { afterAll, expect, test } from "vitest";
import type { FaultName } from "../../src/simulator/index.ts";
import { unwrapAwsChunked } from "../../src/simulator/s3/payload.ts";
import { refusal, sign } from "../../src/simulator/s3/sigv4.ts";
import { asking, read } from "./asking.ts";

const from = asking();
const clients: S3Client[] = [];
afterAll(() => {
  for (const client of clients) client.destroy();
});

/** Amazon's own client: it knows nothing of ours. */
function client(config: Partial<S3ClientConfig> = {}): S3Client {
  const { accessKeyId, secretAccessKey, region } = from.simulator.credentials;
  const made = new S3Client({
    endpoint: from.simulator.s3Url,
    forcePathStyle: true,
    region,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
    ...config,
  });
  clients.push(made);
  return made;
}

const Bucket = "my-files";

/** The error's name and status, as the SDK reports it. */
async function failure(asked: Promise<unknown>): Promise<readonly [string, number | undefined]> {
  try {
    await asked;
    return ["none", 200];
  } catch (error) {
    return [(error as Error).name, (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode];
  }
}

test("an object goes in, is found, read, listed and deleted", async () => {
  const s3 = client();
  const Key = "canary/Привет +?& (1).txt";
  const put = await s3.send(
    new PutObjectCommand({ Bucket, Key, Body: "hello storage", ContentType: "text/plain", Metadata: { probe: "healthd" } }),
  );
  expect(put.ETag).toBe('"29dea3727325aec7b9c202be90431c71"');
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  expect(head).toMatchObject({ ETag: put.ETag, ContentLength: 13, ContentType: "text/plain", Metadata: { probe: "healthd" } });
  expect(head.LastModified).toBeInstanceOf(Date);
  const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
  expect(await got.Body?.transformToString()).toBe("hello storage");
  expect(got.ChecksumCRC32).toBe(put.ChecksumCRC32);
  const part = await s3.send(new GetObjectCommand({ Bucket, Key, Range: "bytes=6-8" }));
  expect([await part.Body?.transformToString(), part.ContentRange]).toEqual(["sto", "bytes 6-8/13"]);
  const listed = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "canary/" }));
  expect(listed.Contents).toMatchObject([{ Key, Size: 13, ETag: put.ETag }]);
  await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  expect(await failure(s3.send(new GetObjectCommand({ Bucket, Key })))).toEqual(["NoSuchKey", 404]);
  expect(await failure(s3.send(new HeadObjectCommand({ Bucket, Key })))).toEqual(["NotFound", 404]);
});

test("lists come in pages, in the order of their bytes", async () => {
  const s3 = client();
  for (const Key of ["page/b", "page/a", "page/c", "other"]) await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  const first = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "page/", MaxKeys: 2 }));
  expect([first.Contents?.map(({ Key }) => Key), first.IsTruncated, first.KeyCount]).toEqual([["page/a", "page/b"], true, 2]);
  const rest = await s3.send(
    new ListObjectsV2Command({ Bucket, Prefix: "page/", MaxKeys: 2, ContinuationToken: first.NextContinuationToken ?? "" }),
  );
  expect([rest.Contents?.map(({ Key }) => Key), rest.IsTruncated]).toEqual([["page/c"], false]);
});

test("the bucket is there and says where it lives", async () => {
  expect((await client().send(new HeadBucketCommand({ Bucket }))).BucketRegion).toBe("eu-1");
  expect(await failure(client().send(new HeadBucketCommand({ Bucket: "no-such" })))).toEqual(["NotFound", 404]);
  expect(await failure(client().send(new ListObjectsV2Command({ Bucket: "no-such" })))).toEqual(["NoSuchBucket", 404]);
});

test.each([
  ["a wrong secret", { credentials: { accessKeyId: "", secretAccessKey: "wrong" } }, ["SignatureDoesNotMatch", 403]],
  ["an unknown access key", { credentials: { accessKeyId: "AKIANOBODY", secretAccessKey: "x" } }, ["InvalidAccessKeyId", 403]],
  ["a wrong region", { region: "us-east-1" }, ["AuthorizationHeaderMalformed", 400]],
  ["a clock 20 minutes slow", { systemClockOffset: -20 * 60_000 }, ["RequestTimeTooSkewed", 403]],
] as const)("%s is refused", async (_, config, expected) => {
  const known = from.simulator.credentials.accessKeyId;
  const credentials = "credentials" in config && {
    credentials: { ...config.credentials, accessKeyId: config.credentials.accessKeyId || known },
  };
  expect(await failure(client({ ...config, ...credentials }).send(new ListObjectsV2Command({ Bucket })))).toEqual(expected);
});

test("a body of unknown length comes chunked, and every promise about it is held", async () => {
  const s3 = client({ requestHandler: { requestTimeout: 5_000 } });
  const body = Readable.from([Buffer.from("streamed "), Buffer.from("content")]);
  await s3.send(new PutObjectCommand({ Bucket, Key: "stream", Body: body, ContentLength: 16 }));
  expect(from.simulator.requests.at(-1)?.headers["x-amz-content-sha256"]).toBe("STREAMING-UNSIGNED-PAYLOAD-TRAILER");
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "stream" }));
  expect(await got.Body?.transformToString()).toBe("streamed content");
  const wrong = s3.send(new PutObjectCommand({ Bucket, Key: "sum", Body: "abc", ChecksumCRC32: "AAAAAA==" }));
  expect(await failure(wrong)).toEqual(["BadDigest", 400]);
});

const raw = async (
  method: string,
  path: string,
  headers: Record<string, string>,
  body: string,
): Promise<Awaited<ReturnType<typeof read>>> => {
  const url = new URL(from.simulator.s3Url + path);
  const { accessKeyId, secretAccessKey, region } = from.simulator.credentials;
  const request = { method, path: url.pathname, query: url.searchParams, headers: { host: url.host, ...headers } };
  const { host: _, ...signed } = sign(request, { accessKeyId, secretAccessKey, region }, Date.now());
  return read(await fetch(url, { method, headers: signed, body }));
};

test("a body other than its signed hash is refused; no signature, no entry; what is not there is said not to be", async () => {
  const changed = await raw("PUT", "/my-files/x", {}, "not empty");
  expect([changed.status, /<Code>(\w+)/.exec(changed.text)?.[1]]).toEqual([400, "XAmzContentSHA256Mismatch"]);
  const stranger = await read(await fetch(`${from.simulator.s3Url}/my-files/x`));
  expect([stranger.status, /<Code>(\w+)/.exec(stranger.text)?.[1]]).toEqual([403, "AccessDenied"]);
  expect(stranger.text).toContain(`<RequestId>${stranger.headers.get("x-amz-request-id")}</RequestId>`);
  const foreign = await raw("PUT", "/my-files/x?acl=", {}, "");
  expect([foreign.status, /<Code>(\w+)/.exec(foreign.text)?.[1]]).toEqual([501, "NotImplemented"]);
});

test("the signature is Amazon's own example", () => {
  // docs.aws.amazon.com, "Signature Calculations for the Authorization Header", GET Object with a range.
  const credentials = {
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    region: "us-east-1",
  };
  const headers = { host: "examplebucket.s3.amazonaws.com", range: "bytes=0-9" };
  const request = { method: "GET", path: "/test.txt", query: new URLSearchParams(), headers };
  const signed = sign(request, credentials, Date.parse("2013-05-24T00:00:00Z"));
  expect(signed.authorization).toContain("Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  const now = Date.parse("2013-05-24T00:14:00Z");
  expect(refusal({ ...request, headers: signed }, credentials, now)).toBeUndefined();
  expect(refusal({ ...request, headers: { ...signed, range: "bytes=0-8" } }, credentials, now)?.code).toBe("SignatureDoesNotMatch");
  expect(refusal({ ...request, headers: signed }, credentials, now + 120_000)?.code).toBe("RequestTimeTooSkewed");
});

test.each([
  ["5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", "hello"],
  ["3;chunk-signature=00\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"],
  ["9\r\nshort\r\n", undefined],
  ["no framing", undefined],
])("aws-chunked %j holds %j", (body, content) => {
  expect(unwrapAwsChunked(Buffer.from(body))?.bytes.toString()).toBe(content);
});

test.each<[FaultName, readonly [string, number]]>([
  ["storage", ["ServiceUnavailable", 503]],
  ["s3_slow_down", ["SlowDown", 503]],
  ["s3_no_such_bucket", ["NoSuchBucket", 404]],
  ["s3_access_denied", ["AccessDenied", 403]],
  ["s3_bad_credentials", ["InvalidAccessKeyId", 403]],
  ["s3_bad_secret", ["SignatureDoesNotMatch", 403]],
  ["s3_clock_skew", ["RequestTimeTooSkewed", 403]],
  ["s3_wrong_region", ["AuthorizationHeaderMalformed", 400]],
])("fault %s", async (name, expected) => {
  from.simulator.faults.on(name);
  expect(await failure(client().send(new PutObjectCommand({ Bucket, Key: "k", Body: "v" })))).toEqual(expected);
  expect(await failure(client().send(new ListObjectsV2Command({ Bucket })))).toEqual(expected);
  from.simulator.faults.off(name);
  expect(await failure(client().send(new PutObjectCommand({ Bucket, Key: "k", Body: "v" })))).toEqual(["none", 200]);
});

test("fault s3_clock_skew: the Date header is wrong as well", async () => {
  from.simulator.faults.on("s3_clock_skew", { ms: 7_200_000 });
  const { headers, text } = await read(await fetch(`${from.simulator.s3Url}/my-files`));
  expect(Date.parse(headers.get("date") ?? "") - Date.now()).toBeGreaterThan(7_000_000);
  expect(text).toMatch(/<ServerTime>[^<]+<\/ServerTime>/);
});

test("fault s3_integrity: other bytes of the same length, under the old ETag", async () => {
  const s3 = client();
  const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: "canary", Body: "the truth" }));
  from.simulator.faults.on("s3_integrity");
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "canary" }));
  const bytes = await got.Body?.transformToByteArray();
  expect(bytes).toHaveLength(9);
  expect(Buffer.from(bytes ?? []).toString()).not.toBe("the truth");
  expect(got.ETag).toBe(ETag);
});
