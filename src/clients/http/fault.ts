/** What went wrong between two sockets, as a reason. Only transport faults: what the peer said is for its own vendor's classifier. */
import type { Reason } from "../../core/reason.ts";

export type TransportReason = Extract<
  Reason,
  | "dns"
  | "connect_refused"
  | "connect_timeout"
  | "proxy"
  | "connection_reset"
  | "tls"
  | "tls_expired"
  | "timeout_headers"
  | "timeout_stall"
  | "timeout_total"
  | "body_malformed"
  | "body_too_large"
>;

export interface HttpFault {
  readonly reason: TransportReason;
  readonly message: string;
}

/** Error codes of Node's net, tls, zlib and HTTP parser, first match wins. */
const BY_CODE: readonly (readonly [RegExp, TransportReason])[] = [
  [/^ERR_INVALID_IP_ADDRESS$/, "dns"],
  [/^ERR_PROXY/, "proxy"],
  [/^ECONNREFUSED$/, "connect_refused"],
  [/^(?:EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL)$/, "connect_timeout"],
  [/^CERT_HAS_EXPIRED$/, "tls_expired"],
  [/^(?:CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH|EPROTO)/, "tls"],
  [/^(?:HPE_|Z_|ERR_HTTP_INVALID|ERR_TOO_MANY_REDIRECTS|ERR_REDIRECT|ERR_BROTLI|ERR__ERROR_|ZSTD_|ERR_INVALID_URL)/, "body_malformed"],
];

interface Caught {
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly message?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

/** The error with a code in it: got wraps errors, and Happy Eyeballs gathers one for each address tried. */
function* causes(error: unknown): Generator<Caught> {
  if (typeof error !== "object" || error === null) return;
  const caught = error as Caught;
  yield caught;
  yield* causes(caught.cause);
  if (Array.isArray(caught.errors)) for (const one of caught.errors) yield* causes(one);
}

/** OpenSSL's own line ("write EPROTO 0012…:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../deps/…:") without its places. */
const OPENSSL_LINE = /^.*:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):.*$/s;

/** Any error of a request, as a fault; an unknown one is a connection that broke. */
export function transportFault(error: unknown): HttpFault {
  const chain = [...causes(error)];
  const told = String(chain.findLast((one) => typeof one.message === "string" && one.message !== "")?.message ?? error);
  const message = told.replace(OPENSSL_LINE, "TLS: $1");
  // Whatever its code: getaddrinfo's, or those of a name server, which may also be ECONNREFUSED.
  if (chain.some(({ syscall }) => /^(?:getaddrinfo|query)/.test(String(syscall)))) return { reason: "dns", message };
  for (const { code } of chain) {
    const row = typeof code === "string" ? BY_CODE.find(([codes]) => codes.test(code)) : undefined;
    if (row !== undefined) return { reason: row[1], message };
  }
  return { reason: "connection_reset", message };
}
