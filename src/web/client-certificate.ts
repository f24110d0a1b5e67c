/** Whether a client's certificate, or its lack, is good enough: Go's five client-auth types over what OpenSSL verified. */
import { isIP } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Tls } from "./web-config/web-config.ts";

// Node quotes a name in which a comma could forge a second one (its documentation of X509Certificate.subjectAltName).
const NAME = /(?:^|, )(?:DNS|email|IP Address|URI):("(?:[^"\\]|\\.)*"|[^,]*)/g;

/** IPv6 addresses as Go writes them: short. */
const short = (name: string): string => (isIP(name) === 6 ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name);

export function namesIn(subjectAltName: string | undefined): string[] {
  return [...(subjectAltName ?? "").matchAll(NAME)].map(([, name = ""]) => short(name.startsWith('"') ? String(JSON.parse(name)) : name));
}

/** After the handshake, in which OpenSSL verified the certificate but refused nothing. */
export function admitsClient({ clientAuth, allowedSans }: Tls, socket: TLSSocket): boolean {
  const shown = socket.getPeerX509Certificate();
  const named = allowedSans === undefined || namesIn(shown?.subjectAltName).some((name) => allowedSans.map(short).includes(name));
  switch (clientAuth) {
    case "NoClientCert":
    case "RequestClientCert":
      return true;
    case "VerifyClientCertIfGiven":
      return shown === undefined || socket.authorized;
    case "RequireAnyClientCert":
      return shown !== undefined && named;
    case "RequireAndVerifyClientCert":
      return shown !== undefined && socket.authorized && named;
  }
}
