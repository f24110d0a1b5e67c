/** Go's names of TLS versions, cipher suites and curves, as web config files have them, and what OpenSSL calls the same. */
import type { SecureVersion } from "node:tls";

export const VERSIONS = { TLS10: "TLSv1", TLS11: "TLSv1.1", TLS12: "TLSv1.2", TLS13: "TLSv1.3" } as const satisfies Record<
  string,
  SecureVersion
>;
export type VersionName = keyof typeof VERSIONS;
export const versionNames = Object.keys(VERSIONS) as VersionName[];

/** TLS 1.3's: in Go always on, whatever the list says. */
const TLS13_SUITES = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"] as const;

/** With a fresh key for each connection: the default, as in Go. */
const EPHEMERAL = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "ECDHE-ECDSA-AES128-GCM-SHA256",
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "ECDHE-ECDSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "ECDHE-RSA-AES256-GCM-SHA384",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305",
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-RSA-CHACHA20-POLY1305",
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: "ECDHE-ECDSA-AES128-SHA",
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: "ECDHE-RSA-AES128-SHA",
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: "ECDHE-ECDSA-AES256-SHA",
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: "ECDHE-RSA-AES256-SHA",
} as const;

/** Go moved these to its insecure ones in 1.22; older toolkits take them. */
const STATIC_RSA = {
  TLS_RSA_WITH_AES_128_GCM_SHA256: "AES128-GCM-SHA256",
  TLS_RSA_WITH_AES_256_GCM_SHA384: "AES256-GCM-SHA384",
  TLS_RSA_WITH_AES_128_CBC_SHA: "AES128-SHA",
  TLS_RSA_WITH_AES_256_CBC_SHA: "AES256-SHA",
} as const;

const SUITES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(TLS13_SUITES.map((name) => [name, name])),
  ...EPHEMERAL,
  ...STATIC_RSA,
};
export const suiteNames: readonly string[] = Object.keys(SUITES);

const CURVES: Readonly<Record<string, string>> = { CurveP256: "P-256", CurveP384: "P-384", CurveP521: "P-521", X25519: "X25519" };
export const curveNames: readonly string[] = Object.keys(CURVES);

/** Suites of TLS 1.3 alone, where the newest version is older: no client could be spoken to. */
export const speakNothing = (names: readonly string[] | undefined, maximum: VersionName): boolean =>
  maximum !== "TLS13" && names !== undefined && names.length > 0 && names.every((name) => TLS13_SUITES.some((suite) => suite === name));

/** OpenSSL's cipher string. Below TLS 1.2 signatures are over SHA-1, which OpenSSL 3 allows on security level 0 only. */
export function cipherString(names: readonly string[] | undefined, minimum: VersionName): string {
  const chosen = names === undefined || names.length === 0 ? Object.values(EPHEMERAL) : names.map((name) => SUITES[name] ?? "");
  const level = minimum === "TLS10" || minimum === "TLS11" ? ["@SECLEVEL=0"] : [];
  return [...new Set([...TLS13_SUITES, ...chosen]), ...level].join(":");
}

export const curveString = (names: readonly string[]): string => names.map((name) => CURVES[name] ?? "").join(":");
