/** What an effective status code can mean: its reasons, the likeliest first. */
import type { Reason } from "../core/reason.ts";

export interface CodeEntry {
  /** What the code says, in plain words. */
  readonly says: string;
  readonly reasons: readonly Reason[];
}

const entry = (says: string, ...reasons: readonly Reason[]): CodeEntry => ({ says, reasons });

const MOVED = "go elsewhere: of a storage, the bucket is in another region";
const EDGE = "the edge (Cloudflare) answers in place of the API:";

/** For an application, any status but the expected one is that and no more. */
const refusal = (says: string, ...reasons: readonly Reason[]): CodeEntry => entry(says, ...reasons, "app_status");

/** Those that mean more than others of their hundred. */
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
  301: refusal(MOVED, "s3_wrong_region", "body_malformed"),
  307: refusal(MOVED, "s3_wrong_region", "body_malformed"),
  308: refusal(MOVED, "s3_wrong_region", "body_malformed"),
  400: refusal("the request is wrong", "model_missing", "bad_request", "vision_unsupported", "s3_wrong_region", "s3_integrity"),
  401: refusal("who is asking is not known", "unauthorized", "key_expired", "key_malformed", "s3_bad_credentials"),
  402: refusal("there is no money for this", "payment_required", "key_limit", "rate_limited", "bad_request"),
  403: refusal(
    "who is asking may not do this",
    "s3_access_denied",
    "s3_bad_credentials",
    "s3_clock_skew",
    "key_limit",
    "forbidden",
    "gateway_error",
  ),
  404: refusal(
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
  405: refusal("the address is there, but not for this method: most often base_url or a url is wrong", "bad_request"),
  408: refusal("the upstream gave up waiting", "provider_error", "gateway_error", "bad_request"),
  409: refusal("somebody else changes the same thing at this moment", "bad_request"),
  413: refusal("the request is too large for the API, or for a proxy on the way", "bad_request"),
  422: refusal("the request can be read, but a value in it is wrong", "bad_request"),
  429: refusal("too many requests", "rate_limited", "quota_exhausted", "s3_slow_down"),
  499: refusal("a proxy's word (nginx): whoever asked it hung up before the answer came", "bad_request"),
  500: refusal("the other side failed inside", "gateway_error", "provider_error", "s3_error"),
  501: refusal("the other side does not know how to do this", "s3_error", "gateway_error", "provider_error"),
  502: refusal("what stands behind the gateway failed", "provider_error", "gateway_error", "s3_error"),
  503: entry("unavailable or overloaded", "s3_slow_down", "provider_overloaded", "app_status", "gateway_error"),
  504: refusal("what stands behind the gateway did not answer in time", "provider_error", "gateway_error", "s3_error"),
  520: refusal(`${EDGE} what it got from there was no answer`, "gateway_error", "provider_error", "s3_error"),
  521: refusal(`${EDGE} it is refused there`, "gateway_error", "provider_error", "s3_error"),
  522: refusal(`${EDGE} it cannot connect to it`, "gateway_error", "provider_error", "s3_error"),
  523: refusal(`${EDGE} it finds no way there`, "gateway_error", "provider_error", "s3_error"),
  524: refusal("the edge waited too long for the API", "provider_error", "gateway_error", "s3_error"),
  529: refusal("the provider is overloaded", "provider_overloaded", "gateway_error", "s3_error"),
  530: refusal(`${EDGE} the page names an error from 1000 on`, "gateway_error", "provider_error", "s3_error"),
};

/** What any other code of a hundred amounts to: the classifiers know it by its first digit only. */
const hundreds: Readonly<Record<string, CodeEntry>> = {
  1: refusal("not an answer yet, and nothing that is ever sent here as one", "body_malformed", "s3_error"),
  2: refusal("answered, though not as usual", "ok", "body_malformed", "app_body"),
  3: refusal("go elsewhere, which no API or storage says here; an application is followed five times", "body_malformed"),
  4: refusal("the request was refused as it is, so repeating it does not help", "bad_request"),
  5: refusal("the other side failed, and most often it is not yours to mend", "gateway_error", "provider_error", "s3_error"),
};

/** Of 0, and of any status from 100 to 599; undefined for what is none. */
export function codeEntry(code: number): CodeEntry | undefined {
  const known = codes[code];
  if (known !== undefined || !Number.isInteger(code) || code < 100) return known;
  const hundred = hundreds[Math.floor(code / 100)];
  return hundred && { ...hundred, says: `a ${Math.floor(code / 100)}xx without a meaning of its own here: ${hundred.says}` };
}
