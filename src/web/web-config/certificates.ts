/** Certificates and keys of a web config: read, and proven to belong together, so that a server made of them starts. Quotes nothing of them. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import type { ReadText } from "../../config/files.ts";
import type { Path, Problem } from "../../config/issue.ts";
import { beside } from "../../config/secrets.ts";
import type { TlsSettings } from "./schema.ts";
import { cipherString, curveString, speakNothing, VERSIONS } from "./tls-names.ts";

/** How files are read, and from where their names begin. */
export interface Place {
  readonly folder: string;
  readonly readText: ReadText;
}

export type Add = (path: Path, problem: Required<Problem>, at?: "key" | "value") => void;

/** One PEM text, and where it was given. */
interface Pem {
  readonly path: Path;
  readonly text: string;
  readonly open: boolean;
}

const SECTION = "tls_server_config";

/** As in Go a file wins over the text itself. */
function take(key: string, file: string | undefined, inline: string | undefined, { folder, readText }: Place, add: Add): Pem | undefined {
  if (file !== undefined && file !== "") {
    const path = [SECTION, `${key}_file`];
    const read = readText(beside(folder, file));
    if ("text" in read) return { path, ...read };
    add(path, { ...read, found: `${read.found} at ${JSON.stringify(file)}` });
    return undefined;
  }
  return inline === undefined || inline === "" ? undefined : { path: [SECTION, key], text: inline, open: false };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function certificatesIn({ path, text }: Pem, add: Add): X509Certificate[] {
  const blocks = text.match(CERTIFICATE) ?? [];
  const expected = "a certificate in PEM";
  if (blocks.length === 0)
    add(path, { found: "no certificate", expected, fix: "write the text between and with the lines BEGIN and END CERTIFICATE" });
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    add(path, { found: "a certificate that cannot be read", expected, fix: "copy it again, whole" });
    return [];
  }
}

function keyIn({ path, text }: Pem, add: Add): KeyObject | undefined {
  const expected = "a private key in PEM, without a password";
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    add(path, { found: "no private key", expected, fix: "write the text between and with the lines BEGIN and END PRIVATE KEY" });
    return undefined;
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    const locked = (error as NodeJS.ErrnoException).code === "ERR_MISSING_PASSPHRASE" || /-----BEGIN ENCRYPTED|ENCRYPTED$/m.test(text);
    const [found, fix] = locked
      ? ["a private key with a password", "take the password off: openssl pkey -in KEY -out NEW"]
      : ["a private key that cannot be read", "copy it again, whole"];
    add(path, { found, expected, fix });
    return undefined;
  }
}

/** What OpenSSL itself has to say: a key too small for its security level, and the like. Its words hold no data of ours. */
function acceptedByOpenSsl(context: SecureContextOptions, path: Path, add: Add): boolean {
  try {
    createSecureContext(context);
    return true;
  } catch (error) {
    const why = /:([^:]+)$/.exec((error as Error).message)?.[1] ?? (error as Error).message;
    add(path, {
      found: `a certificate or key that TLS cannot use (${why})`,
      expected: "ones of today's sizes",
      fix: "make a new certificate and key",
    });
    return false;
  }
}

export interface TlsFiles {
  readonly context: SecureContextOptions;
  /** Where a private key lies in a file that others may read. */
  readonly openKey?: Path;
}

/** What the settings give, each read and proven alone; undefined after the issues were added. */
function readPems(settings: TlsSettings, place: Place, add: Add) {
  const { certFile, cert: inlineCert, keyFile, key: inlineKey, clientCaFile, clientCa } = settings;
  const missing = (name: string, end: string): void => {
    const found = `TLS without ${name} or ${name}_file`;
    add([SECTION], { found, expected: "a certificate and its key", fix: `add \`${name}_file: server.${end}\`` }, "key");
  };
  const given = (...texts: (string | undefined)[]): boolean => texts.some((text) => text !== undefined && text !== "");
  if (!given(certFile, inlineCert)) missing("cert", "crt");
  if (!given(keyFile, inlineKey)) missing("key", "key");
  const cert = take("cert", certFile, inlineCert, place, add);
  const key = take("key", keyFile, inlineKey, place, add);
  const ca = take("client_ca", clientCaFile, clientCa, place, add);
  const chain = cert === undefined ? [] : certificatesIn(cert, add);
  const privateKey = key === undefined ? undefined : keyIn(key, add);
  const authorities = ca === undefined ? undefined : certificatesIn(ca, add);
  const [leaf] = chain;
  if (cert === undefined || key === undefined || leaf === undefined || privateKey === undefined) return undefined;
  return { cert, key, chain, leaf, privateKey, authorities };
}

/** Undefined after the issues were added. */
export function readTls(settings: TlsSettings, place: Place, add: Add): TlsFiles | undefined {
  const pems = readPems(settings, place, add);
  if (pems === undefined) return undefined;
  const { cert, key, chain, leaf, privateKey, authorities } = pems;
  if (!leaf.checkPrivateKey(privateKey)) {
    const fix = "name the two files that were made together; in the first, the server's certificate comes first";
    add(key.path, { found: "a key of another certificate", expected: "the certificate's own", fix });
    return undefined;
  }
  const { minVersion, maxVersion, cipherSuites, curvePreferences = [], preferServerCipherSuites } = settings;
  const context: SecureContextOptions = {
    cert: chain.map(String).join(""),
    key: privateKey.export({ type: "pkcs8", format: "pem" }),
    ...(authorities === undefined ? {} : { ca: authorities.map(String) }),
    minVersion: VERSIONS[minVersion],
    maxVersion: VERSIONS[maxVersion],
    // Suites that speak nothing have been told of; OpenSSL would blame the certificate.
    ciphers: cipherString(speakNothing(cipherSuites, maxVersion) ? [] : cipherSuites, minVersion),
    honorCipherOrder: preferServerCipherSuites,
    ...(curvePreferences.length === 0 ? {} : { ecdhCurve: curveString(curvePreferences) }),
  };
  return acceptedByOpenSsl(context, cert.path, add) ? { context, ...(key.open ? { openKey: key.path } : {}) } : undefined;
}
