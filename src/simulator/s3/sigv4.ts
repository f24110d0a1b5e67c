/** AWS Signature Version 4 in the Authorization header, both ways: the service verifies with it, the simulated application signs with it. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { S3Error } from "./xml.ts";

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

/** What of a request is signed. */
export interface Signable {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
}

const ALGORITHM = "AWS4-HMAC-SHA256";
const LARGEST_SKEW_MS = 15 * 60_000;

export const sha256 = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** RFC 3986: stricter than encodeURIComponent. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

export const decodePath = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

function canonicalQuery(query: URLSearchParams): string {
  const pairs = [...query].map(([name, value]) => [encode(name), encode(value)] as const);
  // By name, then value: sorting "name=value" texts would put a-b before a.
  const order = (one: string, other: string): number => (one < other ? -1 : Number(one > other));
  return pairs
    .toSorted((one, other) => order(one[0], other[0]) || order(one[1], other[1]))
    .map((pair) => pair.join("="))
    .join("&");
}

function canonicalRequest(request: Signable, signedHeaders: readonly string[]): string {
  // S3 encodes each segment once and never tidies the path, unlike every other AWS service.
  const path = request.path.split("/").map((segment) => encode(decodePath(segment)));
  const headers = signedHeaders.map((name) => `${name}:${(request.headers[name] ?? "").trim().replace(/\s+/g, " ")}\n`);
  const payload = request.headers["x-amz-content-sha256"] ?? "UNSIGNED-PAYLOAD";
  return [request.method, path.join("/"), canonicalQuery(request.query), headers.join(""), signedHeaders.join(";"), payload].join("\n");
}

function signatureOf(request: Signable, signedHeaders: readonly string[], amzDate: string, credentials: S3Credentials): string {
  const scope = [amzDate.slice(0, 8), credentials.region, "s3", "aws4_request"];
  const toSign = [ALGORITHM, amzDate, scope.join("/"), sha256(canonicalRequest(request, signedHeaders))].join("\n");
  const key = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${credentials.secretAccessKey}`);
  return hmac(key, toSign).toString("hex");
}

export const amzDateOf = (ms: number): string => new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, "");

function timeOf(amzDate: string): number {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(amzDate) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** Headers that sign a request without a body. */
export function sign(request: Signable, credentials: S3Credentials, nowMs: number): Readonly<Record<string, string>> {
  const amzDate = amzDateOf(nowMs);
  const headers: Record<string, string> = { ...request.headers, "x-amz-date": amzDate, "x-amz-content-sha256": sha256("") };
  const names = Object.keys(headers).toSorted();
  const signature = signatureOf({ ...request, headers }, names, amzDate, credentials);
  const credential = `${credentials.accessKeyId}/${amzDate.slice(0, 8)}/${credentials.region}/s3/aws4_request`;
  return { ...headers, authorization: `${ALGORITHM} Credential=${credential}, SignedHeaders=${names.join(";")}, Signature=${signature}` };
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256\s+Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/s3\/aws4_request,\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$/;

export const tooSkewed = (amzDate: string, serverMs: number): S3Error => ({
  code: "RequestTimeTooSkewed",
  more: { RequestTime: amzDate, ServerTime: new Date(serverMs).toISOString(), MaxAllowedSkewMilliseconds: String(LARGEST_SKEW_MS) },
});

export const wrongRegion = (got: string, expected: string): S3Error => ({
  code: "AuthorizationHeaderMalformed",
  message: `The authorization header is malformed; the region '${got}' is wrong; expecting '${expected}'`,
  more: { Region: expected },
  headers: { "x-amz-bucket-region": expected },
});

/** Why the request may not enter, in the order Amazon looks; undefined when the signature holds. */
export function refusal(request: Signable, credentials: S3Credentials, nowMs: number): S3Error | undefined {
  const header = request.headers.authorization;
  if (header === undefined) return { code: "AccessDenied" };
  const [, accessKeyId, , region = "", names = "", signature = ""] = AUTHORIZATION.exec(header) ?? [];
  if (accessKeyId === undefined) return { code: "AuthorizationHeaderMalformed" };
  if (accessKeyId !== credentials.accessKeyId) return { code: "InvalidAccessKeyId", more: { AWSAccessKeyId: accessKeyId } };
  if (region !== credentials.region) return wrongRegion(region, credentials.region);
  const amzDate = request.headers["x-amz-date"] ?? "";
  // A date that cannot be read compares as too far away.
  if (!(Math.abs(timeOf(amzDate) - nowMs) <= LARGEST_SKEW_MS)) return tooSkewed(amzDate, nowMs);
  const expected = signatureOf(request, names.split(";"), amzDate, credentials);
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(signature)))
    return { code: "SignatureDoesNotMatch", more: { AWSAccessKeyId: accessKeyId } };
  return undefined;
}
