/** What a word of ours means: a status code, a reason, an alert. As Markdown, for the terminal. */
import { nearest } from "../config/nearest.ts";
import { type Kind, kinds, type Owner, ownerOf, type Reason, reasonNames, reasons } from "../core/reason.ts";
import { codes } from "../runbooks/codes.ts";
import { runbooks } from "../runbooks/library.ts";
import { type Block, parseMarkdown } from "../runbooks/markdown.ts";

const MOST_PROPOSED = 8;

const ALERTS: Readonly<Partial<Record<Reason, string>>> = {
  dns: "NetworkUnreachable",
  connect_timeout: "NetworkUnreachable",
  proxy: "NetworkUnreachable",
  connect_refused: "GatewayOutage",
  connection_reset: "GatewayOutage",
  timeout_headers: "GatewayOutage",
  tls: "GatewayOutage",
  tls_expired: "CertificateExpiring",
  timeout_first_token: "ProviderUnavailable",
  timeout_stall: "ProviderUnavailable",
  timeout_total: "ProviderUnavailable",
  stream_truncated: "ProviderUnavailable",
  stream_malformed: "GatewayOutage",
  body_malformed: "GatewayOutage",
  body_too_large: "GatewayOutage",
  empty_output: "EmptyAnswers",
  wrong_answer: "WrongAnswers",
  bad_request: "ModelRequestRejected",
  unauthorized: "ApiKeyRejected",
  key_malformed: "ApiKeyMalformed",
  key_expired: "ApiKeyRejected",
  payment_required: "PaymentRequired",
  key_limit: "PaymentRequired",
  forbidden: "ModelRequestRejected",
  not_found: "ModelRequestRejected",
  model_missing: "ModelMissing",
  model_no_longer_free: "ModelNoLongerFree",
  model_unavailable: "ProviderUnavailable",
  vision_unsupported: "ModelVisionLost",
  rate_limited: "RateLimited",
  quota_exhausted: "FreeQuotaSpent",
  provider_error: "ProviderUnavailable",
  provider_overloaded: "ProviderUnavailable",
  gateway_error: "GatewayOutage",
  s3_no_such_bucket: "StorageUnavailable",
  s3_access_denied: "StorageAccessDenied",
  s3_bad_credentials: "StorageAccessDenied",
  s3_clock_skew: "ClockSkewed",
  s3_wrong_region: "StorageUnavailable",
  s3_slow_down: "StorageUnavailable",
  s3_error: "StorageUnavailable",
  s3_integrity: "StorageCorrupted",
  app_status: "AppUnavailable",
  app_body: "AppUnavailable",
  prober_fault: "HealthdBug",
};
const alertOf = (reason: Reason): string | undefined => ALERTS[reason];

const bookOf = (alert: string | undefined): readonly Block[] => (alert === undefined ? [] : (runbooks().get(alert)?.blocks ?? []));

/** Most reasons have one owner; some are whoever runs what was asked. */
function ownersOf(reason: Reason): string {
  const byOwner = Map.groupBy(kinds, (kind: Kind): Owner => ownerOf(reason, kind));
  if (byOwner.size === 1) return [...byOwner.keys()].join();
  return [...byOwner].map(([owner, some]) => `${owner} (${some.join(", ")})`).join(", ");
}

function ofReason(reason: Reason): readonly Block[] {
  const { says, remedy } = reasons[reason];
  const alert = alertOf(reason);
  const lines = [
    `# ${reason}`,
    "",
    `What: ${says}.`,
    "",
    `- **owner**: ${reason === "ok" ? "nobody" : ownersOf(reason)}`,
    `- **remedy**: ${remedy}`,
    `- **alert**: ${alert === undefined ? "none of its own" : `[${alert}](${alert}.md), whose runbook follows`}`,
  ];
  return [...parseMarkdown(lines.join("\n")), ...bookOf(alert)];
}

function ofCode(code: number): readonly Block[] | undefined {
  const known = codes[code];
  if (known === undefined) return undefined;
  const rows = known.reasons.map((reason) => {
    const alert = alertOf(reason);
    return `- **${reason}**: ${reasons[reason].says}${alert === undefined ? "" : ` → [${alert}](${alert}.md)`}`;
  });
  const [likeliest] = known.reasons;
  const first = likeliest === undefined ? undefined : alertOf(likeliest);
  const head = `# ${code}\n\n${known.says}. It can mean, the likeliest first:\n\n${rows.join("\n")}\n\n`;
  const next = "`llm-healthd check` tells which it is, `llm-healthd explain` explains any of these words.";
  return [...parseMarkdown(`${head}${next}${first === undefined ? "" : ` The runbook of ${first}:`}`), ...bookOf(first)];
}

const plain = (word: string): string => word.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/** Every word that can be explained, as it is written. */
export const explainable = (): readonly string[] => [...Object.keys(codes), ...reasonNames, ...runbooks().keys()];

/** What the word means; undefined when it means nothing. Case and `_` do not count. */
export function explanationOf(word: string): readonly Block[] | undefined {
  const all = explainable();
  // As it stands first: `model_missing` is a reason, `ModelMissing` an alert.
  const name = all.find((one) => one === word) ?? all.find((one) => plain(one) === plain(word));
  if (name === undefined) return undefined;
  if (/^\d+$/.test(name)) return ofCode(Number(name));
  const reason = reasonNames.find((one) => one === name);
  return reason === undefined ? bookOf(name) : ofReason(reason);
}

/** What was probably meant: words that hold this one, or the one that is a slip of the hand away. */
export function proposalsFor(word: string): readonly string[] {
  const wanted = plain(word);
  const holding = wanted.length < 3 ? [] : explainable().filter((one) => plain(one).includes(wanted));
  const slip = nearest(word, explainable());
  return [...new Set([...(slip === undefined ? [] : [slip]), ...holding])].slice(0, MOST_PROPOSED);
}
