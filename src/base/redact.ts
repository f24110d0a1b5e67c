/**
 * The one redaction: everything that leaves the process as text (log, metric, page, API, error) goes through `text`.
 * It hides the secrets it was taught, wherever they stand, and whatever looks like a secret by its shape; and what would steer a terminal.
 */
import { printable } from "./printable.ts";

export interface Redactor {
  /** From now on hide this value, and its URL-encoded, JSON-escaped and base64 spellings. */
  learn(secret: string): void;
  text(text: string): string;
}

export const HIDDEN = "[hidden]";
// Shorter "secrets" would blank out innocent words all over the log.
const SHORTEST_SECRET = 6;

/** Shapes that are secret or personal whoever's they are. Sources: openrouter-api §1, §2, §8; AWS SigV4 query parameters. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/sk-(?:or-v1-|proj-|ant-)?[A-Za-z0-9_-]{12,}/g, HIDDEN],
  [
    /((?:authorization|proxy-authorization|x-api-key|api-key|cookie)["']?\s*[:=]\s*["']?)(?:(?:Bearer|Basic)\s+)?[^\s"',}]+/gi,
    `$1${HIDDEN}`,
  ],
  [/(Bearer\s+)[A-Za-z0-9._~+/=-]{6,}/g, `$1${HIDDEN}`],
  [/(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s"']+/gi, `$1${HIDDEN}`],
  [/(Signature=)[0-9a-f]{16,}/gi, `$1${HIDDEN}`],
  [
    /("(?:user_id|creator_user_id|organization_id|workspace_id|flagged_input|key_hash|hash|label)"\s*:\s*")(?:[^"\\]|\\.)*"/g,
    `$1${HIDDEN}"`,
  ],
  [/\$2[a-z]?\$\d\d\$[./A-Za-z0-9]{10,}/g, HIDDEN],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN],
  [/((?:https?:)?\/\/)[^/\s:@"']+:[^/\s@"']+@/g, `$1${HIDDEN}@`],
  [/\buser_[A-Za-z0-9]{8,}/g, HIDDEN],
];

function spellings(secret: string): string[] {
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString("base64"),
    Buffer.from(`Bearer ${secret}`).toString("base64"),
  ];
}

export function createRedactor(secrets: Iterable<string> = []): Redactor {
  const known = new Set<string>();
  const learn = (secret: string): void => {
    if (secret.length >= SHORTEST_SECRET) for (const spelling of spellings(secret)) known.add(spelling);
  };
  for (const secret of secrets) learn(secret);
  return {
    learn,
    text(text) {
      let out = text;
      for (const secret of known) out = out.replaceAll(secret, HIDDEN);
      for (const [shape, replacement] of SHAPES) out = out.replace(shape, replacement);
      return printable(out);
    },
  };
}
