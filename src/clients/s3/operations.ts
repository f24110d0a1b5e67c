/** The operations a bucket is probed with. Each is one request and comes home as a value: a reason, its evidence, and what was learnt. */
import type { S3 } from "@aws-sdk/client-s3";
import { systemClock } from "../../base/clock.ts";
import type { BucketOperationName } from "../../core/outcome.ts";
import type { S3Connection } from "./connection.ts";
import { type Performed, perform, type Verified } from "./perform.ts";

const accept = (): Verified<undefined> => ({ value: undefined });

export function headBucket(connection: S3Connection, signal: AbortSignal): Promise<Performed> {
  const send = (s3: S3) => s3.headBucket({ Bucket: connection.bucket });
  return perform(connection, { operation: "head_bucket", send, verify: accept }, signal);
}

export interface StoredObject {
  readonly key: string;
  /** By the storage's own clock. */
  readonly ageSeconds: number;
}

/** The first `most` objects under the prefix, in the order of their keys. */
export function listObjects(
  connection: S3Connection,
  { operation, prefix, most }: { operation: BucketOperationName; prefix?: string; most: number },
  signal: AbortSignal,
): Promise<Performed<readonly StoredObject[]>> {
  const input = { Bucket: connection.bucket, MaxKeys: most, ...(prefix === undefined ? {} : { Prefix: prefix }) };
  return perform(
    connection,
    {
      operation,
      send: (s3) => s3.listObjectsV2(input),
      verify({ body, clockSkewSeconds }, output) {
        // The SDK also reads a proxy's HTML as a list, an empty one.
        if (output === undefined || !body.includes("<ListBucketResult")) return { reason: "body_malformed", message: "200, but no list" };
        const now = systemClock.wall() + (clockSkewSeconds ?? 0) * 1000;
        return {
          value: (output.Contents ?? []).flatMap(({ Key, LastModified }) =>
            Key === undefined || LastModified === undefined ? [] : [{ key: Key, ageSeconds: (now - LastModified.getTime()) / 1000 }],
          ),
        };
      },
    },
    signal,
  );
}

export interface Written {
  readonly etag: string;
  /** Only where the bucket keeps versions. */
  readonly versionId?: string;
}

export function putObject(connection: S3Connection, key: string, body: Uint8Array, signal: AbortSignal): Promise<Performed<Written>> {
  return perform(
    connection,
    {
      operation: "put",
      key,
      bytesSent: body.length,
      send: (s3) => s3.putObject({ Bucket: connection.bucket, Key: key, Body: body, ContentType: "text/plain" }),
      verify(_, output) {
        if (output?.ETag === undefined) return { reason: "body_malformed", message: "no ETag: this is no S3 answer" };
        return { value: { etag: output.ETag, ...(output.VersionId === undefined ? {} : { versionId: output.VersionId }) } };
      },
    },
    signal,
  );
}

export function headObject(connection: S3Connection, key: string, bytes: number, signal: AbortSignal): Promise<Performed> {
  return perform(
    connection,
    {
      operation: "head",
      key,
      send: (s3) => s3.headObject({ Bucket: connection.bucket, Key: key }),
      verify(_, output) {
        if (output?.ETag === undefined) return { reason: "body_malformed", message: "no ETag: this is no S3 answer" };
        if (output.ContentLength === bytes) return { value: undefined };
        return { reason: "s3_integrity", message: `${bytes} bytes were written, the storage tells of ${output.ContentLength}` };
      },
    },
    signal,
  );
}

/** Reads the object and compares it with what was written. */
export function getObject(connection: S3Connection, key: string, expected: Buffer, signal: AbortSignal): Promise<Performed> {
  return perform(
    connection,
    {
      operation: "get",
      key,
      send: (s3) => s3.getObject({ Bucket: connection.bucket, Key: key }),
      verify({ body, headers }) {
        if (expected.equals(body)) return { value: undefined };
        const differs = expected.findIndex((byte, at) => byte !== body[at]);
        const where = differs < 0 ? `${body.length - expected.length} bytes too many` : `different from byte ${differs} on`;
        const message = `${expected.length} bytes were written, ${body.length} came back, ${where}; ETag ${headers.etag ?? "none"}`;
        return { reason: "s3_integrity", message };
      },
    },
    signal,
  );
}

/** Of a bucket that keeps versions, name the version: else the object stays, behind a delete marker. */
export function deleteObject(
  connection: S3Connection,
  { key, versionId, operation = "delete" }: { key: string; versionId?: string; operation?: "delete" | "sweep" },
  signal: AbortSignal,
): Promise<Performed> {
  const input = { Bucket: connection.bucket, Key: key, ...(versionId === undefined ? {} : { VersionId: versionId }) };
  // Another instance may sweep at the same moment: then it is gone, which is all we want.
  const gone = operation === "sweep" ? "fine" : "fault";
  return perform(connection, { operation, key, gone, send: (s3) => s3.deleteObject(input), verify: accept }, signal);
}

/** The object must not be there. A GET, because a HEAD's 403 or 404 does not say what is missing. */
export function confirmGone(connection: S3Connection, key: string, signal: AbortSignal): Promise<Performed> {
  return perform(
    connection,
    {
      operation: "confirm_gone",
      key,
      gone: "fine",
      send: (s3) => s3.getObject({ Bucket: connection.bucket, Key: key }),
      verify: () => ({ reason: "s3_integrity", message: "the object is still there after its deletion" }),
    },
    signal,
  );
}
