/** A web config file to a WebConfig, or to every issue at once. Never throws for what a file holds. */
import { dirname } from "node:path";
import { createRedactor } from "../../base/redact.ts";
import type { ConfigIssue } from "../../config/config.ts";
import { explain } from "../../config/explain.ts";
import { createReadText } from "../../config/files.ts";
import { type Finding, formatPath, type Path } from "../../config/issue.ts";
import { isMapping, valueAt } from "../../config/shape.ts";
import { parseSource, type Source } from "../../config/source.ts";
import { whyNoPasswords } from "../basic-auth.ts";
import { type Add, type Place, readTls, type TlsFiles } from "./certificates.ts";
import { type RateLimit, rateLimitSchema, type TlsSettings, tlsSchema, type WebConfigFile, webConfigSchema } from "./schema.ts";
import { speakNothing, versionNames } from "./tls-names.ts";
import type { ClientAuthType, WebConfig } from "./web-config.ts";

interface Read {
  /** Itself and those it names: a change of any of them means reading again. */
  readonly files: readonly string[];
}
export type LoadedWebConfig = Read &
  (
    | { readonly ok: true; readonly config: WebConfig; readonly warnings: readonly ConfigIssue[] }
    | { readonly ok: false; readonly issues: readonly ConfigIssue[] }
  );

const SECTIONS = ["tls_server_config", "http_server_config", "rate_limit"];
const FREE_HEADERS = ["Content-Security-Policy", "X-XSS-Protection", "Strict-Transport-Security"];

const dropNulls = (value: unknown, keys: Iterable<string>): void => {
  if (isMapping(value)) for (const key of keys) if (value[key] === null) delete value[key];
};

/** A key with nothing behind it is as if it were not there; only a user needs a hash, and some headers a value. */
function unfold(value: unknown): void {
  if (!isMapping(value)) return;
  dropNulls(value, Object.keys(value));
  for (const key of SECTIONS) dropNulls(value[key], isMapping(value[key]) ? Object.keys(value[key]) : []);
  dropNulls(valueAt(value, ["http_server_config", "headers"]), FREE_HEADERS);
}

/** Where the format wants text, Go takes what is written without quotes as it stands: a user's name, a file called 7. */
function retype(source: Source): ReturnType<typeof webConfigSchema.safeParse> {
  const first = webConfigSchema.safeParse(source.value);
  let changed = false;
  for (const issue of first.error?.issues ?? []) {
    if (issue.code !== "invalid_type" || issue.expected !== "string") continue;
    const text = source.plain(issue.path);
    const around = valueAt(source.value, issue.path.slice(0, -1));
    if (text === undefined || text === "" || typeof around !== "object" || around === null) continue;
    Reflect.set(around, issue.path.at(-1) ?? "", text);
    changed = true;
  }
  return changed ? webConfigSchema.safeParse(source.value) : first;
}

const isSet = (text: string | undefined): boolean => text !== undefined && text !== "";

const isOn = ({ certFile, cert, keyFile, key, clientCaFile, clientCa, clientAuthType }: TlsSettings): boolean =>
  [certFile, cert, keyFile, key, clientCaFile, clientCa, clientAuthType].some(isSet);

function clientAuthOf({ clientAuthType = "" }: TlsSettings): ClientAuthType {
  if (clientAuthType === "") return "NoClientCert";
  return clientAuthType === "RequireClientCert" ? "RequireAnyClientCert" : clientAuthType;
}

/** What the schema of one key cannot see. */
function tlsIssues(tls: TlsSettings, add: Add): void {
  const auth = clientAuthOf(tls);
  const verify = "write `client_auth_type: RequireAndVerifyClientCert`";
  const authorities = { client_ca_file: tls.clientCaFile, client_ca: tls.clientCa };
  for (const [key, value] of Object.entries(authorities)) {
    if (!isSet(value) || auth !== "NoClientCert") continue;
    const found = "a client CA, and no client is asked for a certificate";
    add(["tls_server_config", key], { found, expected: "a client_auth_type that asks", fix: verify }, "key");
  }
  if (tls.clientAllowedSans !== undefined && auth !== "RequireAnyClientCert" && auth !== "RequireAndVerifyClientCert") {
    const found = "allowed names, and clients may come without a certificate";
    add(["tls_server_config", "client_allowed_sans"], { found, expected: "a client_auth_type that requires one", fix: verify }, "key");
  }
  if (speakNothing(tls.cipherSuites, tls.maxVersion)) {
    const found = `suites of TLS 1.3 alone, and ${tls.maxVersion} as the newest version`;
    add(
      ["tls_server_config", "cipher_suites"],
      { found, expected: "one of an older version", fix: "add one, or remove max_version" },
      "key",
    );
  }
  if (versionNames.indexOf(tls.minVersion) <= versionNames.indexOf(tls.maxVersion)) return;
  const found = `${tls.minVersion}, and ${tls.maxVersion} as the newest`;
  add(["tls_server_config", "min_version"], { found, expected: "a min_version up to max_version", fix: "change one of them" });
}

function rateIssues({ interval, burst }: RateLimit, add: Add): void {
  if (interval === 0 || burst > 0) return;
  const found = "a limit with a burst of 0, which lets nothing through";
  add(["rate_limit"], { found, expected: "a burst of at least 1", fix: "add `burst: 20`" }, "key");
}

const OPEN = { found: "a file with secrets that others may read", expected: "a file only its owner may read", fix: "chmod 600 it" };

/** The schema does not see this key, and a file whose only user it is would ask nobody for a password. */
const UNSEEN = "__proto__";
const PLACES: readonly Path[] = [[], ...["tls_server_config", "http_server_config", "basic_auth_users", "rate_limit"].map((key) => [key])];

function unseenIssues(value: unknown, add: Add): void {
  for (const path of [...PLACES, ["http_server_config", "headers"]]) {
    const around = valueAt(value, path);
    if (!isMapping(around) || !Object.hasOwn(around, UNSEEN)) continue;
    add([...path, UNSEEN], { found: `the key ${UNSEEN}`, expected: "another name", fix: "rename it" }, "key");
  }
}

/** Each part as far as it can be read, whatever is wrong with the others. */
function readParts(value: unknown, place: Place, add: Add): TlsFiles | undefined {
  const limit = rateLimitSchema.safeParse(valueAt(value, ["rate_limit"]) ?? {}).data;
  if (limit !== undefined) rateIssues(limit, add);
  const settings = tlsSchema.safeParse(valueAt(value, ["tls_server_config"]) ?? {}).data;
  if (settings === undefined) return undefined;
  tlsIssues(settings, add);
  return isOn(settings) ? readTls(settings, place, add) : undefined;
}

/** Found now, and not at the first login. */
function passwordIssues({ basicAuthUsers }: WebConfigFile, add: Add): void {
  const why = Object.keys(basicAuthUsers).length === 0 ? undefined : whyNoPasswords();
  if (why === undefined) return;
  const found = `users, but ${why}`;
  add(
    ["basic_auth_users"],
    { found, expected: "the package @node-rs/bcrypt beside llm-healthd", fix: "install llm-healthd anew, with its optional packages" },
    "key",
  );
}

function warn({ basicAuthUsers, tlsServerConfig }: WebConfigFile, tls: TlsFiles | undefined, open: boolean, add: Add): void {
  const names = Object.keys(basicAuthUsers);
  for (const name of names.filter((one) => one.includes(":"))) {
    const found = "a user name with a colon";
    add(["basic_auth_users", name], { found, expected: "one that a client can send", fix: "rename it" }, "key");
  }
  if (tls?.openKey !== undefined) add(tls.openKey, OPEN);
  if (open && (names.length > 0 || isSet(tlsServerConfig.key))) add([], OPEN, "key");
}

function assemble({ tlsServerConfig, httpServerConfig, basicAuthUsers, rateLimit }: WebConfigFile, files: TlsFiles | undefined): WebConfig {
  const { clientAllowedSans: allowedSans } = tlsServerConfig;
  const headers = Object.entries(httpServerConfig.headers).filter(([, value]) => value !== "");
  return {
    ...(files === undefined
      ? {}
      : {
          tls: { context: files.context, clientAuth: clientAuthOf(tlsServerConfig), ...(allowedSans === undefined ? {} : { allowedSans }) },
        }),
    http2: httpServerConfig.http2,
    headers: Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
    users: new Map(Object.entries(basicAuthUsers)),
    ...(rateLimit.interval > 0 ? { rateLimit: { intervalSeconds: rateLimit.interval, burst: rateLimit.burst } } : {}),
  };
}

interface Outcome {
  readonly findings: readonly Finding[];
  readonly warnings: readonly Finding[];
  readonly config?: WebConfig;
}

function read(text: string, open: boolean, place: Place): Outcome {
  const source = parseSource(text, {}, "go");
  if (source.broken) return { findings: source.findings, warnings: [] };
  unfold(source.value);
  const findings: Finding[] = [...source.findings];
  const warnings: Finding[] = [];
  const into =
    (list: Finding[]): Add =>
    (path, problem, at = "value") =>
      void list.push({ ...source.place(path, at), path: formatPath(path), ...problem });
  const add = into(findings);
  const { data, error } = retype({ ...source, value: source.value ?? {} });
  for (const issue of error?.issues ?? [])
    for (const { path, problem, at } of explain(issue, webConfigSchema, source)) add(path, problem, at);
  unseenIssues(source.value, add);
  const tls = readParts(source.value, place, add);
  if (data === undefined) return { findings, warnings };
  passwordIssues(data, into(findings));
  warn(data, tls, open, into(warnings));
  return { findings, warnings, config: assemble(data, tls) };
}

// Hides whatever looks like a hash or a key: a value in the wrong place would be quoted.
const { text: clean } = createRedactor();

const inOrder = (file: string, findings: readonly Finding[]): ConfigIssue[] =>
  findings
    .map((finding) => ({
      file,
      ...finding,
      path: clean(finding.path),
      found: clean(finding.found),
      expected: finding.expected,
      fix: clean(finding.fix),
    }))
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));

/** `text` instead of what the file holds. Relative paths in it begin at the file's folder. */
export function loadWebConfig(file: string, text?: string): LoadedWebConfig {
  const { readText, files } = createReadText();
  const source = text === undefined ? readText(file) : { text, open: false };
  if (!("text" in source)) return { ok: false, files: [file], issues: [{ file, path: "", ...source }] };
  const { findings, warnings, config } = read(source.text, source.open, { folder: dirname(file), readText });
  const all = { files: [...new Set([file, ...files.keys()])] };
  if (findings.length > 0 || config === undefined) return { ok: false, ...all, issues: inOrder(file, findings) };
  return { ok: true, ...all, config, warnings: inOrder(file, warnings) };
}
