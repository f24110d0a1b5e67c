/** What an effective status code can mean: its reasons, the likeliest first. */
import type { Reason } from "../core/reason.ts";

export interface CodeEntry {
  /** What the code says, in plain words. */
  readonly says: string;
  readonly reasons: readonly Reason[];
}

const entry = (says: string, ...reasons: readonly Reason[]): CodeEntry => ({ says, reasons });

/** Codes that are not here: the classifiers know them by their hundred only. */
export const codes: Readonly<Record<number, CodeEntry>> = {
  0: entry(
    "nothing answered",
    "connect_timeout",
    "dns",
    "connect_refused",
    "proxy",
    "timeout_headers",
    "connection_reset",
    "tls",
    "tls_expired",
  ),
  200: entry(
    "answered, and still it may not be what was asked for (an error inside a 200 counts as the code that it names)",
    "ok",
    "empty_output",
    "wrong_answer",
    "timeout_first_token",
    "timeout_stall",
    "timeout_total",
    "stream_truncated",
    "stream_malformed",
    "body_malformed",
    "body_too_large",
    "app_body",
    "s3_integrity",
  ),
  301: entry("go elsewhere: of a storage, the bucket is in another region", "s3_wrong_region", "body_malformed"),
  400: entry("the request is wrong", "model_missing", "bad_request", "vision_unsupported", "s3_wrong_region", "s3_integrity"),
  401: entry("who is asking is not known", "unauthorized", "key_expired", "key_malformed", "s3_bad_credentials"),
  402: entry("there is no money for this", "payment_required", "key_limit", "rate_limited"),
  403: entry(
    "who is asking may not do this",
    "s3_access_denied",
    "s3_bad_credentials",
    "s3_clock_skew",
    "key_limit",
    "forbidden",
    "gateway_error",
  ),
  404: entry(
    "nothing there, or nothing that can do what was asked",
    "model_unavailable",
    "vision_unsupported",
    "model_no_longer_free",
    "model_missing",
    "forbidden",
    "s3_no_such_bucket",
    "s3_integrity",
    "not_found",
  ),
  408: entry("the upstream gave up waiting", "provider_error"),
  429: entry("too many requests", "rate_limited", "quota_exhausted", "s3_slow_down"),
  500: entry("the other side failed inside", "gateway_error", "provider_error", "s3_error"),
  502: entry("what stands behind the gateway failed", "provider_error", "gateway_error"),
  503: entry("unavailable or overloaded", "s3_slow_down", "provider_overloaded", "app_status", "gateway_error"),
  504: entry("what stands behind the gateway did not answer in time", "provider_error", "gateway_error"),
  524: entry("the edge waited too long for the API", "provider_error", "gateway_error"),
  529: entry("the provider is overloaded", "provider_overloaded"),
};
