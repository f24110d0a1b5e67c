/** The shape of a web config that has been read and found whole; load.ts makes it. */
import type { SecureContextOptions } from "node:tls";
import type { clientAuthTypes } from "./schema.ts";

export type ClientAuthType = Exclude<(typeof clientAuthTypes)[number], "RequireClientCert">;

export interface Tls {
  /** What Node makes a secure context of: certificate, key, client CA, versions, ciphers, curves. */
  readonly context: SecureContextOptions;
  readonly clientAuth: ClientAuthType;
  /** Of which the client's certificate must name one. */
  readonly allowedSans?: readonly string[];
}

export interface WebConfig {
  readonly tls?: Tls;
  readonly http2: boolean;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names to bcrypt hashes. */
  readonly users: ReadonlyMap<string, string>;
  readonly rateLimit?: { readonly intervalSeconds: number; readonly burst: number };
}

/** Without a file. */
export const NO_WEB_CONFIG: WebConfig = { http2: false, headers: {}, users: new Map() };
