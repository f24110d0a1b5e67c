/** Which reason a storage's answer amounts to: its error code first, then its status. Codes without a source are of the S3 API reference, "Error responses". */
import type { BucketOperationName } from "../../core/outcome.ts";
import type { Reason } from "../../core/reason.ts";
import type { HttpExchange } from "../http/exchange.ts";

/** The error document, `<Error><Code>…`; empty where something was not told. */
export interface StoreError {
  readonly code: string;
  readonly message: string;
  /** Where the bucket is, by the document or the x-amz-bucket-region header. */
  readonly region: string;
  readonly requestId: string;
}

const TABLE: readonly (readonly [codes: RegExp, reason: Reason])[] = [
  [/^(?:NoSuchBucket|InvalidBucketName)$/, "s3_no_such_bucket"],
  [/^(?:AccessDenied|AllAccessDisabled|AccountProblem)$/, "s3_access_denied"],
  [/^(?:InvalidAccessKeyId|SignatureDoesNotMatch|AuthorizationHeaderMalformed|NotSignedUp|InvalidSecurity)$/, "s3_bad_credentials"],
  // Unauthorized: R2's error list, 401; XAdminUserNotFound: versitygw's word for an unknown key id, with a 404
  [/^(?:ExpiredToken|InvalidToken|TokenRefreshRequired|Unauthorized|XAdminUserNotFound)$/, "s3_bad_credentials"],
  // ExpiredRequest: R2's error list, "request signature has expired"
  [/^(?:RequestTimeTooSkewed|ExpiredRequest)$/, "s3_clock_skew"],
  // InvalidRegionName: R2, as users report it; InvalidRegion: MinIO's error table
  [
    /^(?:PermanentRedirect|TemporaryRedirect|Redirect|IllegalLocationConstraintException|InvalidRegionName|InvalidRegion)$/,
    "s3_wrong_region",
  ],
  // Beside S3's own: the SDK's list of throttling codes, and MinIO's SlowDownRead and SlowDownWrite
  [/^(?:SlowDown\w*|ServiceUnavailable|TooManyRequests|RequestLimitExceeded|BandwidthLimitExceeded|Throttl\w+)$/, "s3_slow_down"],
  // The storage found other bytes than were signed or announced.
  [/^(?:BadDigest|InvalidDigest|IncompleteBody|XAmzContentSHA256Mismatch)$/, "s3_integrity"],
];

const BY_STATUS: Readonly<Record<number, Reason>> = {
  301: "s3_wrong_region",
  307: "s3_wrong_region",
  308: "s3_wrong_region",
  401: "s3_bad_credentials",
  403: "s3_access_denied",
  429: "s3_slow_down",
  503: "s3_slow_down",
};

// S3 refuses requests whose clock differs by more (RequestTimeTooSkewed); some storages only say that the signature is wrong.
const SKEW_LIMIT_SECONDS = 15 * 60;
const ERROR_DOCUMENT = /^\uFEFF?\s*(?:<\?xml[^>]*\?>\s*)?<Error[\s>]/;
const FIELD = /<(Code|Message|Region|RequestId)>([^<]*)</g;
const ENTITIES: ReadonlyMap<string, string> = new Map(
  Object.entries({ lt: "<", gt: ">", amp: "&", quot: '"', apos: "'", "#34": '"', "#39": "'" }),
);

const decode = (text: string): string => text.replace(/&(\w+|#\d+);/g, (whole, name: string) => ENTITIES.get(name) ?? whole);
const first = (header: string | string[] | undefined): string => [header ?? ""].flat()[0] ?? "";

/** Reads the error document, also one that broke off after its code. Undefined when the body is none. */
function readError({ body, headers }: HttpExchange): StoreError | undefined {
  const text = body.toString("utf8");
  if (!ERROR_DOCUMENT.test(text)) return undefined;
  const fields = Object.fromEntries([...text.matchAll(FIELD)].map(([, name, value]) => [name, decode(value ?? "")]));
  return {
    code: fields.Code ?? "",
    message: fields.Message ?? "",
    region: fields.Region || first(headers["x-amz-bucket-region"]),
    requestId: fields.RequestId ?? "",
  };
}

/** What the table looks at. */
export interface Answer {
  readonly exchange: HttpExchange;
  readonly error?: StoreError;
  /** By its status, or by an error document inside a 2xx (S3 sends one where the work outlasts the status line). */
  readonly failed: boolean;
}

export function readAnswer(exchange: HttpExchange): Answer {
  const error = readError(exchange);
  const failed = exchange.status < 200 || exchange.status >= 300 || error !== undefined;
  return { exchange, failed, ...(error === undefined ? {} : { error }) };
}

/** An object that was put and cannot be found was lost; for the others a bucket is all that can be missing. */
function missing(operation: BucketOperationName): Reason {
  return ["head", "get", "delete", "confirm_gone"].includes(operation) ? "s3_integrity" : "s3_no_such_bucket";
}

function byCode(operation: BucketOperationName, error: StoreError, region: string): Reason | undefined {
  if (error.code === "NoSuchKey") return missing(operation);
  // It stands for a bad key id as well as for a wrong region; only the latter names one.
  const elsewhere = error.region !== "" && error.region !== region;
  if (error.code === "AuthorizationHeaderMalformed" && (elsewhere || /region/i.test(error.message))) return "s3_wrong_region";
  return TABLE.find(([codes]) => codes.test(error.code))?.[1];
}

function byStatus(operation: BucketOperationName, { status, headers, body }: HttpExchange, region: string): Reason {
  const told = first(headers["x-amz-bucket-region"]);
  // HeadBucket in the wrong region is 400 or 301 with this header and no body.
  if (status === 400 && told !== "" && told !== region) return "s3_wrong_region";
  if (status === 404) return body.length === 0 ? missing(operation) : "not_found";
  const listed = BY_STATUS[status];
  if (listed !== undefined) return listed;
  if (status >= 400 && status < 500) return "bad_request";
  // S3 has no other redirects; an error inside a 2xx is to be taken for a 500.
  return status >= 300 && status < 400 ? "body_malformed" : "s3_error";
}

/** The reason of an answer that failed or broke off; undefined when it is a whole 2xx. */
export function classify(operation: BucketOperationName, answer: Answer, region: string): Reason | undefined {
  const { exchange, error, failed } = answer;
  const { status, fault, body, clockSkewSeconds } = exchange;
  if (status === 0) return fault?.reason ?? "connection_reset";
  if (!failed) return fault?.reason;
  const unreadable = body.length > 0 && !error?.code ? "body_malformed" : undefined;
  const reason = (error && byCode(operation, error, region)) ?? fault?.reason ?? unreadable ?? byStatus(operation, exchange, region);
  const refused = reason === "s3_bad_credentials" || reason === "s3_access_denied";
  return refused && Math.abs(clockSkewSeconds ?? 0) > SKEW_LIMIT_SECONDS ? "s3_clock_skew" : reason;
}
