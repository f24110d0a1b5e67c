import type { Reply } from "../exchange.ts";
import { amzDateOf, tooSkewed, wrongRegion } from "../s3/sigv4.ts";
import { type S3ErrorCode, s3Error } from "../s3/xml.ts";
import type { Fault } from "./fault.ts";

const HOUR_MS = 3_600_000;

const always = (description: string, code: S3ErrorCode): Fault => ({ service: "s3", description, answer: () => s3Error({ code }) });

/** The server's clock is ahead; its Date header shows it too. */
function skewed(callerDate: string, serverMs: number): Reply {
  return s3Error({ ...tooSkewed(callerDate, serverMs), headers: { date: new Date(serverMs).toUTCString() } });
}

/** Same length, other content. */
const flipped = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => byte ^ 0xff));

function tampered(reply: Reply): Reply | undefined {
  if (!Buffer.isBuffer(reply.body)) return undefined;
  // Without the checksum header, as from most S3 look-alikes: the caller has to compare for itself.
  const headers = Object.fromEntries(Object.entries(reply.headers).filter(([name]) => !name.startsWith("x-amz-checksum-")));
  return { ...reply, headers, body: flipped(reply.body) };
}

export const s3Faults = {
  storage: always("S3 is down: 503 ServiceUnavailable to everything, so the application answers 503 too", "ServiceUnavailable"),
  s3_slow_down: always("S3 asks to slow down: 503 SlowDown", "SlowDown"),
  s3_no_such_bucket: always("The bucket is gone: 404 NoSuchBucket", "NoSuchBucket"),
  s3_access_denied: always("The credentials may not do this: 403 AccessDenied", "AccessDenied"),
  s3_bad_credentials: always("The access key does not exist: 403 InvalidAccessKeyId", "InvalidAccessKeyId"),
  s3_bad_secret: always("The secret is wrong: 403 SignatureDoesNotMatch", "SignatureDoesNotMatch"),
  s3_clock_skew: {
    service: "s3",
    description: "S3's clock is an hour ahead, or as scoped by ms: 403 RequestTimeTooSkewed",
    answer: ({ headers, receivedAtMs }, { ms = HOUR_MS }) => skewed(headers["x-amz-date"] ?? amzDateOf(receivedAtMs), receivedAtMs + ms),
  },
  s3_wrong_region: {
    service: "s3",
    description: "The bucket lives in another region: 400 AuthorizationHeaderMalformed naming it",
    answer: ({ headers }) => s3Error(wrongRegion(/\/([^/]+)\/s3\/aws4_request/.exec(headers.authorization ?? "")?.[1] ?? "", "us-west-2")),
  },
  s3_integrity: {
    service: "s3",
    description: "GET answers other bytes than were put",
    endpoints: ["get"],
    alter: (reply) => tampered(reply),
  },
} as const satisfies Readonly<Record<string, Fault>>;
