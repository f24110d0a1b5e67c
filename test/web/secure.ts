/** A web server under a web config file, with real certificates, and clients that say how the handshake went. */
import { writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { type RequestOptions, request } from "node:https";
import { join } from "node:path";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { formatIssue } from "../../src/config/issue.ts";
import type { Limits } from "../../src/web/limits.ts";
import type { WebOptions } from "../../src/web/options.ts";
import { type Followed, followWebConfig } from "../../src/web/web-config/follow.ts";
import { type Authority, certificateFolder, makeAuthority, type Pair, RSA } from "../support/pki.ts";
import { type Reply, type Served, serve, sound } from "./setup.ts";

export interface Pki {
  readonly folder: string;
  readonly authority: Authority;
  readonly server: Pair;
  /** Signed by the authority. */
  readonly friend: Pair;
  /** Signed by another. */
  readonly stranger: Pair;
  remove(): void;
}

export function makePki(): Pki {
  const { path: folder, remove } = certificateFolder();
  const authority = makeAuthority(folder, "ca");
  const server = authority.issue("DNS:localhost,IP:127.0.0.1", "server", RSA);
  const friend = authority.issue(
    "DNS:prometheus.example.net,IP:10.0.0.7,IP:fd00::7,email:ops@example.net,URI:spiffe://example/prom",
    "friend",
  );
  const stranger = makeAuthority(folder, "other-ca").issue("DNS:prometheus.example.net", "stranger");
  return { folder, authority, server, friend, stranger, remove };
}

export interface SecureServed extends Served {
  readonly follow: Extract<Followed, { ok: true }>;
  /** Of each reading after the first. */
  readonly readings: readonly boolean[];
  write(yaml: string): void;
}

export async function serveSecure(
  { folder }: Pki,
  yaml: string,
  options: Partial<WebOptions> = {},
  limits: Partial<Limits> = {},
): Promise<SecureServed> {
  const file = join(folder, "web.yaml");
  const write = (text: string): void => writeFileSync(file, text, { mode: 0o600 });
  write(yaml);
  const readings: boolean[] = [];
  const follow = followWebConfig({ file, log: sound.log, onRead: (ok) => void readings.push(ok) });
  if (!follow.ok) throw new Error(follow.issues.map(formatIssue).join("\n"));
  const served = await serve({ webConfig: follow.current, ...options }, limits);
  return { ...served, follow, readings, write };
}

/** GET over HTTP/1.1. Rejects when the server ends the connection. */
export function secureGet(url: string, options: RequestOptions): Promise<Reply & { readonly socket: TLSSocket }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, ...options }, async (answer) => {
      const socket = answer.socket as TLSSocket;
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body, text: body.toString(), socket });
    });
    outgoing.once("error", reject);
    outgoing.end();
  });
}

export interface Shaken {
  readonly protocol: string | null;
  readonly cipher: string;
  readonly alpn: string | false | null;
  readonly serial: string | undefined;
}

/** Only the handshake. */
export function shake(url: string, options: ConnectionOptions): Promise<Shaken> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port), servername: "localhost", ...options });
    socket.once("error", reject);
    socket.once("secureConnect", () => {
      const { standardName: cipher } = socket.getCipher();
      resolve({ protocol: socket.getProtocol(), cipher, alpn: socket.alpnProtocol, serial: socket.getPeerX509Certificate()?.serialNumber });
      socket.destroy();
    });
  });
}

/** GETs over one HTTP/2 connection. */
export async function http2Get(url: string, ca: string, paths: readonly string[], headers: Readonly<Record<string, string>> = {}) {
  const session = connectHttp2(url, { ca });
  const ask = (path: string): Promise<{ status: number; headers: Readonly<Record<string, unknown>>; text: string }> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ":path": path, ...headers });
      let text = "";
      let got: Record<string, unknown> = {};
      stream.setEncoding("utf8").on("response", (answer) => {
        got = answer;
      });
      stream.on("data", (chunk: string) => {
        text += chunk;
      });
      stream.once("end", () => {
        const { ":status": status } = got;
        if (typeof status === "number") resolve({ status, headers: got, text });
        else reject(new Error("ended without an answer"));
      });
      stream.once("error", reject);
      stream.end();
    });
  try {
    return await new Promise<Awaited<ReturnType<typeof ask>>[]>((resolve, reject) => {
      session.once("error", reject);
      Promise.all(paths.map(ask)).then(resolve, reject);
    });
  } finally {
    session.destroy();
  }
}
