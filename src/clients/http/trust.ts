/** Whom TLS connections trust. */
import { isIP, type Socket, type TcpNetConnectOpts } from "node:net";
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect,
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type TLSSocket,
} from "node:tls";

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
function sharedTrust(): SecureContext {
  const authorities = getCACertificates("default");
  if (held?.authorities !== authorities) held = { authorities, context: createSecureContext({ ecdhCurve: GROUPS }) };
  return held.context;
}

const expiries = new WeakMap<Socket, number>();

/**
 * When the certificate ends that a connection of ours is secured with, in milliseconds since 1970. Node takes the certificate off the connection
 * as it hands it out, so it can be had there but once; and it is not kept: 18 KiB beside the heap each, and where it outlives two minor
 * collections a dozen microseconds of the next major one's pause.
 */
export const certificateExpiryOf = (socket: Socket): number | undefined => expiries.get(socket);

/** By OpenSSL's rules; whatever they refuse is judged by Node's, and refused in its words. */
function checkName(host: string, socket: TLSSocket): Error | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return new Error("the server showed no certificate");
  expiries.set(socket, Date.parse(certificate.validTo));
  const found = isIP(host) === 0 ? certificate.checkHost(host, { subject: "never", partialWildcards: false }) : certificate.checkIP(host);
  return found === undefined ? checkServerIdentity(host, certificate.toLegacyObject()) : undefined;
}

/** Node documents `onread` for these too; its types have it for plain connections alone. */
export type TrustedOptions = ConnectionOptions & Pick<TcpNetConnectOpts, "onread">;

/**
 * A TLS connection, checked as Node checks it. For its own check Node reads the whole chain out as objects, a tenth to a fifth of a handshake's
 * CPU: it gets none, and the certificate itself is asked.
 */
export function connectTrusted(options: TrustedOptions): TLSSocket {
  const socket: TLSSocket = connect({
    ...options,
    secureContext: sharedTrust(),
    checkServerIdentity: (host) => checkName(host, socket),
  });
  socket.getPeerCertificate = (() => ({})) as TLSSocket["getPeerCertificate"];
  return socket;
}
