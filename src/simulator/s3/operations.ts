/** S3, path style: one bucket and the operations an application's storage needs. Names and bodies are Amazon's. */
import type { Incoming, Reply } from "../exchange.ts";
import type { Route, Router } from "../route.ts";
import type { Bucket, StoredObject } from "./objects.ts";
import { readPayload } from "./payload.ts";
import { decodePath, refusal, type S3Credentials } from "./sigv4.ts";
import { element, requestIds, s3Error, xml } from "./xml.ts";

export interface S3World {
  readonly bucket: Bucket;
  readonly bucketName: string;
  readonly credentials: S3Credentials;
  readonly now: () => number;
}

interface Operation {
  readonly endpoint: string;
  readonly method: string;
  readonly onObject: boolean;
  reply(world: S3World, request: Incoming, key: string): Reply;
}

const bare = (status: number, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers: { server: "AmazonS3", ...requestIds(), ...headers },
  body: "",
});

function put({ bucket }: S3World, request: Incoming, key: string): Reply {
  const payload = readPayload(request);
  if (typeof payload === "string") return s3Error({ code: payload });
  const metadata = Object.fromEntries(Object.entries(request.headers).filter(([name]) => name.startsWith("x-amz-meta-")));
  const contentType = request.headers["content-type"] ?? "binary/octet-stream";
  const { etag } = bucket.put({ key, bytes: payload.bytes, contentType, metadata, checksum: payload.checksum });
  return bare(200, { etag, ...(payload.checksum && { [payload.checksum[0]]: payload.checksum[1] }) });
}

function objectHeaders(stored: StoredObject): Record<string, string> {
  return {
    etag: stored.etag,
    "last-modified": new Date(stored.modifiedMs).toUTCString(),
    "content-type": stored.contentType,
    "accept-ranges": "bytes",
    ...stored.metadata,
  };
}

function get({ bucket }: S3World, request: Incoming, key: string): Reply {
  const stored = bucket.get(key);
  if (stored === undefined) return s3Error({ code: "NoSuchKey", more: { Key: key } });
  const whole = bare(200, objectHeaders(stored));
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  if (first === undefined) {
    const checksum = request.headers["x-amz-checksum-mode"] === "ENABLED" && stored.checksum;
    return { ...whole, headers: { ...whole.headers, ...(checksum && { [checksum[0]]: checksum[1] }) }, body: stored.bytes };
  }
  const part = stored.bytes.subarray(Number(first), last ? Number(last) + 1 : undefined);
  if (part.length === 0) return s3Error({ code: "InvalidRange" });
  // No checksum here: it is of the whole, and the SDK would hold the part against it.
  const range = `bytes ${first}-${Number(first) + part.length - 1}/${stored.bytes.length}`;
  return { status: 206, headers: { ...whole.headers, "content-range": range }, body: part };
}

function list({ bucket, bucketName }: S3World, { query }: Incoming): Reply {
  if (query.get("list-type") !== "2") return s3Error({ code: "NotImplemented" });
  const prefix = query.get("prefix") ?? "";
  const limit = Math.min(1000, Number(query.get("max-keys") ?? 1000));
  const token = query.get("continuation-token");
  const after = token === null ? (query.get("start-after") ?? "") : Buffer.from(token, "base64").toString();
  const { objects, next } = bucket.list(prefix, after, limit);
  const show = query.get("encoding-type") === "url" ? encodeURIComponent : (text: string): string => text;
  const contents = objects.map(({ key, modifiedMs, etag, bytes }) => {
    const fields = [element("Key", show(key)), element("LastModified", new Date(modifiedMs).toISOString()), element("ETag", etag)];
    return `<Contents>${fields.join("")}${element("Size", bytes.length)}<StorageClass>STANDARD</StorageClass></Contents>`;
  });
  const head = [
    element("Name", bucketName),
    element("Prefix", show(prefix)),
    element("KeyCount", objects.length),
    element("MaxKeys", limit),
    element("IsTruncated", next !== undefined),
    next === undefined ? "" : element("NextContinuationToken", Buffer.from(next).toString("base64")),
  ];
  return xml(
    200,
    `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${head.join("")}${contents.join("")}</ListBucketResult>`,
  );
}

const OPERATIONS: readonly Operation[] = [
  { endpoint: "put", method: "PUT", onObject: true, reply: put },
  { endpoint: "get", method: "GET", onObject: true, reply: get },
  { endpoint: "head", method: "HEAD", onObject: true, reply: get },
  {
    endpoint: "delete",
    method: "DELETE",
    onObject: true,
    reply: ({ bucket }, _, key) => {
      bucket.delete(key);
      return bare(204);
    },
  },
  {
    endpoint: "head_bucket",
    method: "HEAD",
    onObject: false,
    reply: ({ credentials }) => bare(200, { "x-amz-bucket-region": credentials.region }),
  },
  { endpoint: "list", method: "GET", onObject: false, reply: list },
];

export const s3Endpoints: readonly string[] = OPERATIONS.map(({ endpoint }) => endpoint);

// Sub-resources turn an operation into another one (?acl, ?uploads, ?delete …): better refused than misunderstood.
const PLAIN_QUERY = /^(?:x-id|list-type|prefix|max-keys|continuation-token|start-after|encoding-type|fetch-owner)$/;

export function routeS3(world: S3World): Router {
  return (request): Route => {
    const [, bucketName = "", key = ""] = /^\/([^/]*)\/?(.*)$/s.exec(decodePath(request.path)) ?? [];
    const isPlain = [...request.query.keys()].every((name) => PLAIN_QUERY.test(name)) && request.headers["x-amz-copy-source"] === undefined;
    const operation = OPERATIONS.find(({ method, onObject }) => isPlain && method === request.method && onObject === (key !== ""));
    return {
      service: "s3",
      endpoint: operation?.endpoint ?? "none",
      reply() {
        const error = refusal(request, world.credentials, world.now());
        if (error !== undefined) return s3Error(error);
        if (bucketName !== world.bucketName) return s3Error({ code: "NoSuchBucket", more: { BucketName: bucketName } });
        return operation === undefined ? s3Error({ code: "NotImplemented" }) : operation.reply(world, request, key);
      },
    };
  };
}
