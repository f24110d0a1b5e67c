/** Whom TLS connections trust. */
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";

/**
 * What each TLS 1.3 server has at least one of (RFC 8446 §9.1). OpenSSL 3.5 would make a key of ML-KEM beside it for each connection: a
 * tenth to a sixth of a handshake's CPU.
 */
const GROUPS = "X25519:P-256:P-384:P-521";

let held: { readonly authorities: readonly string[]; readonly context: SecureContext } | undefined;

/**
 * One for all connections: Node would make one for each, from the same authorities, which is a fifth of a handshake's CPU.
 * No TLS session is kept in it: those are the agents', which keep none.
 */
export function sharedTrust(): SecureContext {
  const authorities = getCACertificates("default");
  if (held?.authorities !== authorities) held = { authorities, context: createSecureContext({ ecdhCurve: GROUPS }) };
  return held.context;
}
