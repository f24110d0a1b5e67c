/** Whom TLS connections trust. */
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls";

let held: { readonly authorities: readonly string[]; readonly context: SecureContext } | undefined;

/**
 * One for all connections: Node would make one for each, from the same authorities, which is a fifth of a handshake's CPU.
 * No TLS session is kept in it: those are the agents', which keep none.
 */
export function sharedTrust(): SecureContext {
  const authorities = getCACertificates("default");
  if (held?.authorities !== authorities) held = { authorities, context: createSecureContext() };
  return held.context;
}
