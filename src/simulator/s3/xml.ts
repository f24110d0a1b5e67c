import { randomBytes } from "node:crypto";
import type { Reply } from "../exchange.ts";

export const escapeXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

export const element = (name: string, text: string | number | boolean): string => `<${name}>${escapeXml(String(text))}</${name}>`;

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Every S3 answer has these two; its support asks for them. */
export const requestIds = (): { readonly "x-amz-request-id": string; readonly "x-amz-id-2": string } => ({
  "x-amz-request-id": randomBytes(8).toString("hex").toUpperCase(),
  "x-amz-id-2": randomBytes(48).toString("base64"),
});

export function xml(status: number, content: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: { "content-type": "application/xml", server: "AmazonS3", ...requestIds(), ...headers },
    body: DECLARATION + content,
  };
}

/** Status and text of each error S3 knows here; texts are Amazon's. */
const ERRORS = {
  AccessDenied: [403, "Access Denied"],
  AuthorizationHeaderMalformed: [400, "The authorization header is malformed."],
  BadDigest: [400, "The checksum you specified did not match the calculated checksum."],
  IncompleteBody: [400, "You did not provide the number of bytes specified by the Content-Length HTTP header"],
  InternalError: [500, "We encountered an internal error. Please try again."],
  InvalidAccessKeyId: [403, "The AWS Access Key Id you provided does not exist in our records."],
  InvalidRange: [416, "The requested range is not satisfiable"],
  NoSuchBucket: [404, "The specified bucket does not exist"],
  NoSuchKey: [404, "The specified key does not exist."],
  NotImplemented: [501, "A header or query you provided implies functionality that is not implemented."],
  RequestTimeTooSkewed: [403, "The difference between the request time and the current time is too large."],
  ServiceUnavailable: [503, "Service is unable to handle request."],
  SignatureDoesNotMatch: [
    403,
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
  ],
  SlowDown: [503, "Please reduce your request rate."],
  XAmzContentSHA256Mismatch: [400, "The provided 'x-amz-content-sha256' header does not match what was computed."],
} as const satisfies Readonly<Record<string, readonly [number, string]>>;
export type S3ErrorCode = keyof typeof ERRORS;

export interface S3Error {
  readonly code: S3ErrorCode;
  readonly message?: string;
  /** Further elements, such as Region or ServerTime. */
  readonly more?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export function s3Error({ code, message, more = {}, headers = {} }: S3Error): Reply {
  const [status, text] = ERRORS[code];
  const ids = requestIds();
  const elements = { Code: code, Message: message ?? text, ...more, RequestId: ids["x-amz-request-id"], HostId: ids["x-amz-id-2"] };
  const content = Object.entries(elements).map(([name, value]) => element(name, value));
  return xml(status, `<Error>${content.join("")}</Error>`, { ...ids, ...headers });
}
