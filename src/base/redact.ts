/**
 * The one redaction: everything that leaves the process as text (log, metric, page, API, error, crash) goes through `text`.
 * It hides the secrets it was taught, wherever they stand and however they are spelled, and whatever looks like a secret by its shape; and
 * what would steer a terminal.
 */
import { printable } from "./printable.ts";
import { escapedForm, plainForms } from "./spellings.ts";

export interface Redactor {
  /** From now on hide this value, in every spelling of spellings.ts. */
  learn(secret: string): void;
  text(text: string): string;
}

export const HIDDEN = "[hidden]";
// Shorter "secrets" would blank out innocent words all over the log.
const SHORTEST_SECRET = 6;

// Less gives little away, and would blank out innocent words.
const PIECE = 12;
const SHORTEST_CUT = 20;

/** What is nearly as good as the whole: the key behind its prefix, and each dozen of letters, for an upstream may cut what it repeats. */
function pieces(secret: string): string[] {
  if (secret.length < SHORTEST_CUT) return [];
  const tail = secret.slice(secret.lastIndexOf("-") + 1);
  const dozens = Array.from({ length: Math.floor(secret.length / PIECE) }, (_, at) => secret.slice(at * PIECE, (at + 1) * PIECE));
  return [tail, ...dozens].filter((piece) => piece.length >= PIECE);
}

/** Names whose JSON values are secret or personal whatever they are. */
const PERSONAL = "user_id|creator_user_id|organization_id|workspace_id|flagged_input|key_hash|hash|label";

/** Shapes that are secret or personal whoever's they are. Sources: openrouter-api §1, §2, §8; AWS SigV4 query parameters; bcrypt's modular format. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/sk-(?:or-v1-|proj-|ant-)?[A-Za-z0-9_-]{12,}/g, HIDDEN],
  [
    /((?:authorization|proxy-authorization|x-api-key|api-key|cookie)\\{0,8}["']?\s{0,8}[:=]\s{0,8}\[?\\{0,8}["']?)(?:(?:Bearer|Basic)\s+)?[^\s"',}\\]+/gi,
    `$1${HIDDEN}`,
  ],
  [/(Bearer(?:\s|%20|\+){1,8})[A-Za-z0-9._~+/=%-]{6,}/gi, `$1${HIDDEN}`],
  [/(X-Amz-(?:Signature|Credential|Security-Token)(?:=|%3D))[^&\s"'<\\]+/gi, `$1${HIDDEN}`],
  [/(Signature(?:=|%3D))[0-9a-f]{16,}/gi, `$1${HIDDEN}`],
  // A body may be JSON within JSON: as many backslashes stand before the closing quotation mark as before the opening one.
  [new RegExp(`((?<!\\\\)(\\\\{0,8})"(?:${PERSONAL})\\2"\\s{0,8}:\\s{0,8}\\2")(?:(?!(?<!\\\\)\\2")[^])*`, "g"), `$1${HIDDEN}`],
  [/\$2[a-z]?\$\d\d\$[./A-Za-z0-9]{10,}/g, HIDDEN],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN],
  [/((?:https?:)?\/\/)[^/\s:@"']+:[^/\s@"']+@/g, `$1${HIDDEN}@`],
  [/\buser_[A-Za-z0-9]{8,}/g, HIDDEN],
];

// The slow search is worth it only where letters are escaped; that of a quotation mark, in every line of JSON, is among the plain forms.
const HAS_ESCAPES = /%[0-9a-f]{2}|\\(?:u00|x|\/)|&(?:#|amp;|lt;|gt;|quot;|apos;)/i;

// Names, URLs, finish reasons: the same few in each probe, and as much again of what differs.
const REMEMBERED = 512;
const REMEMBERED_CHARS = 200;

export function createRedactor(secrets: Iterable<string> = []): Redactor {
  const plain = new Set<string>();
  const escaped = new Map<string, RegExp>();
  const cut = new Set<string>();
  const before = new Map<string, string>();
  const learn = (secret: string): void => {
    if (secret.length < SHORTEST_SECRET || escaped.has(secret)) return;
    for (const form of plainForms(secret)) plain.add(form);
    for (const piece of pieces(secret)) cut.add(piece);
    escaped.set(secret, escapedForm(secret));
    before.clear();
  };
  for (const secret of secrets) learn(secret);
  const redacted = (text: string): string => {
    let out = text;
    for (const form of plain) out = out.replaceAll(form, HIDDEN);
    if (HAS_ESCAPES.test(out)) for (const form of escaped.values()) out = out.replace(form, HIDDEN);
    // After the whole, of which a piece would leave the rest.
    for (const piece of cut) out = out.replaceAll(piece, HIDDEN);
    for (const [shape, replacement] of SHAPES) out = out.replace(shape, replacement);
    return printable(out);
  };
  return {
    learn,
    text(text) {
      if (text.length > REMEMBERED_CHARS) return redacted(text);
      let shown = before.get(text);
      if (shown === undefined) {
        shown = redacted(text);
        if (before.size >= REMEMBERED) before.clear();
        before.set(text, shown);
      }
      return shown;
    },
  };
}
