/**
 * Why a probe did not come back clean, who owns that, and what to do: closed lists.
 * Adding a reason breaks the compile wherever an answer for it is missing.
 */
export const owners = ["key", "request", "money", "quota", "provider", "gateway", "storage", "app", "network", "prober"] as const;
export type Owner = (typeof owners)[number];

export const kinds = ["model", "credential", "catalog", "bucket", "app"] as const;
export type Kind = (typeof kinds)[number];

export interface ReasonEntry {
  /** `addressee`: whoever runs what the probe talked to; `answerer`: the same, but for a model the provider behind it. See `ownerOf`. */
  readonly owner: Owner | "addressee" | "answerer";
  /** What happened, in plain words; continues the sentence "NAME is down: …". */
  readonly says: string;
  /** What to do; the first sentence is shown in tables. */
  readonly remedy: string;
}

const entry = (owner: ReasonEntry["owner"], says: string, remedy: string): ReasonEntry => ({ owner, says, remedy });

export const reasons = {
  ok: entry("prober", "everything as expected", "Nothing to do."),
  dns: entry("network", "the host name does not resolve", "Check the host name in the config and this machine's DNS."),
  connect_refused: entry("addressee", "the host refused the connection", "Check the port in the config and that the server runs."),
  connect_timeout: entry("network", "no connection within the time allowed", "Check routes and firewalls between here and the host."),
  proxy: entry(
    "network",
    "the proxy did not let it through",
    "Check that the proxy runs, takes its password and allows the host: `proxy` in the config, or HTTPS_PROXY.",
  ),
  connection_reset: entry(
    "addressee",
    "the connection broke before the answer was whole",
    "Retry later; if it lasts, ask the server's operator.",
  ),
  tls: entry("addressee", "the TLS handshake failed", "Check the certificate, its host name and the CA this machine trusts."),
  tls_expired: entry("addressee", "the server's certificate has expired", "Renew the server's certificate."),
  timeout_headers: entry(
    "addressee",
    "connected, but no answer within the time allowed",
    "See whether others are slow too; else raise the timeout.",
  ),
  timeout_first_token: entry(
    "provider",
    "the stream opened, but no token came",
    "The model is cold or overloaded. Try another model or provider.",
  ),
  timeout_stall: entry("answerer", "the answer began and then stopped", "The upstream stalled. Try another model or provider if it lasts."),
  timeout_total: entry("answerer", "the answer was not complete within the time allowed", "Raise the timeout, or choose a faster model."),
  stream_truncated: entry(
    "provider",
    "the stream ended without a finish",
    "The upstream cut the answer. Try another provider if it lasts.",
  ),
  stream_malformed: entry(
    "gateway",
    "the stream holds something that is no event",
    "Something between here and the API rewrites answers: check proxies and base_url.",
  ),
  body_malformed: entry(
    "addressee",
    "the body is not what the API promises",
    "Check the address (base_url, endpoint or url): a proxy or another server may be answering.",
  ),
  body_too_large: entry(
    "addressee",
    "the body is larger than the limit",
    "Check the address (base_url, endpoint or url): another server may be answering.",
  ),
  empty_output: entry("provider", "an answer without any token", "The provider returned nothing. Try another provider if it lasts."),
  wrong_answer: entry("provider", "the answer is not the expected one", "Look at the answer in the log: the model may have changed."),
  bad_request: entry("request", "the API refused the request as wrong (400)", "Read the error body: the model id or a parameter is wrong."),
  unauthorized: entry(
    "key",
    "the API key was rejected (401)",
    "Check that the key is the right one, not revoked, and exported where the daemon runs.",
  ),
  key_malformed: entry(
    "key",
    "the API key does not have the shape of a key",
    "An OpenRouter key starts with sk-or-v1-. Check the variable or file it comes from.",
  ),
  key_expired: entry("key", "the API key has expired", "Make a new key and put it in the config."),
  payment_required: entry("money", "the account's credits are spent (402)", "Buy credits, or use free models."),
  key_limit: entry("money", "the key's own spending limit is reached", "Raise the key's limit, or wait for its reset."),
  forbidden: entry("request", "the API refused the request (403)", "Read the error body: a policy, a region or a gate stands in the way."),
  not_found: entry("request", "nothing there (404)", "Read the error body, and check base_url and the model id."),
  model_missing: entry("request", "the model id does not exist", "Run `llm-healthd models`: it proposes the nearest ids that do exist."),
  model_no_longer_free: entry(
    "money",
    "the model is not free any more",
    "Choose another free model, or allow the cost (policy.require_free).",
  ),
  model_unavailable: entry("provider", "the model exists, but no provider serves it now", "Wait, or choose another model."),
  vision_unsupported: entry("request", "the model does not take images", "Choose a model with image input, or remove expect.vision."),
  rate_limited: entry("quota", "too many requests (429)", "Probe less often (every), and look for who else uses this account."),
  quota_exhausted: entry("quota", "the day's free requests are spent", "Wait for 00:00 UTC, or add credits to raise the quota."),
  provider_error: entry("provider", "the provider failed (5xx)", "Wait, or try another provider or model."),
  provider_overloaded: entry("provider", "the provider is overloaded (503)", "Wait, or try another provider or model."),
  gateway_error: entry("gateway", "the API itself failed", "See the API's status page. Nothing to mend here."),
  s3_no_such_bucket: entry("storage", "the bucket does not exist", "Check the bucket's name and endpoint, or create it."),
  s3_access_denied: entry(
    "storage",
    "the credentials may not do this",
    "Check the bucket policy: get, put, list and delete under the canary's prefix.",
  ),
  s3_bad_credentials: entry("key", "the storage's credentials are wrong", "Check access_key_id and secret_access_key."),
  s3_clock_skew: entry("prober", "this machine's clock is too far from the storage's", "Set this machine's clock (NTP)."),
  s3_wrong_region: entry("request", "the bucket is in another region", "Set region to the one the error body names."),
  s3_slow_down: entry(
    "storage",
    "the storage is unavailable or asks to slow down (503)",
    "See the storage's status and its load; the error body says which.",
  ),
  s3_error: entry("storage", "the storage failed (5xx)", "See the storage's status, its disks and its log; the error body says more."),
  s3_integrity: entry(
    "storage",
    "what was read is not what was written",
    "Take this seriously: compare the ETag and body in the log, and ask the storage's operator.",
  ),
  app_status: entry(
    "app",
    "the application answered with an unexpected status",
    "Look at the application's log; first see whether something it needs is down.",
  ),
  app_body: entry(
    "app",
    "the application's page lacks the expected text",
    "Look at the page in the log, and at expect.body in the config.",
  ),
  prober_fault: entry("prober", "a bug in llm-healthd", "Please report it, with the stack in the log."),
} as const satisfies Record<string, ReasonEntry>;

export type Reason = keyof typeof reasons;
export const reasonNames = Object.keys(reasons) as readonly Reason[];

const ADDRESSEE: Readonly<Record<Kind, Owner>> = {
  model: "gateway",
  credential: "gateway",
  catalog: "gateway",
  bucket: "storage",
  app: "app",
};

/** Who has to act: fixed by the reason, or by what was addressed where the reason alone cannot tell. */
export function ownerOf(reason: Reason, kind: Kind): Owner {
  const { owner } = reasons[reason];
  if (owner === "answerer") return kind === "model" ? "provider" : ADDRESSEE[kind];
  return owner === "addressee" ? ADDRESSEE[kind] : owner;
}
