/** An upstream, a bucket, an application and a proxy in one, which repeat whatever secret they were sent or told, in every spelling, everywhere. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Parrot {
  readonly url: string;
  /** How many requests it has answered. */
  answered(): number;
  stop(): Promise<void>;
}

const STATUSES = [200, 400, 401, 402, 403, 404, 429, 500, 502, 503, 302] as const;

const bytesAs = (text: string, write: (hex: string) => string): string =>
  [...Buffer.from(text)].map((byte) => write(byte.toString(16).padStart(2, "0"))).join("");

/** The text as it is told by clumsy servers. */
const spellings = (text: string): string[] => [
  text,
  encodeURIComponent(text),
  encodeURIComponent(encodeURIComponent(text)),
  new URLSearchParams({ a: text }).toString(),
  bytesAs(text, (hex) => `%${hex}`),
  bytesAs(text, (hex) => `\\u00${hex}`),
  JSON.stringify(text).replaceAll("/", "\\/"),
  JSON.stringify(JSON.stringify({ text })),
  text.replaceAll(/[^A-Za-z0-9 ]/g, (char) => `&#${char.charCodeAt(0)};`),
  Buffer.from(text).toString("base64"),
  Buffer.from(`x${text}`).toString("base64url"),
  Buffer.from(`bob:${text}`).toString("base64"),
  Buffer.from(text).toString("hex"),
];

function secretsOf({ headers, url = "" }: IncomingMessage, own: readonly string[]): string[] {
  const sent = Object.entries(headers).flatMap(([name, value]) => [
    `${name}: ${value}`,
    String(value),
    String(value).split(" ").at(-1) ?? "",
  ]);
  return [...sent, ...new URL(url, "http://x").searchParams.values(), ...own].filter((text) => text !== "");
}

function repeat(request: IncomingMessage, response: ServerResponse, own: readonly string[], turn: number, personal: object): void {
  const status = STATUSES[turn % STATUSES.length] ?? 200;
  const told = secretsOf(request, own).flatMap(spellings);
  const oneLine = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, "?");
  const credential = oneLine(request.headers.authorization ?? own.join(" "));
  for (const name of ["x-request-id", "x-generation-id", "x-amz-request-id", "x-amz-id-2", "location", "server", "x-amz-bucket-region"]) {
    response.setHeader(name, name === "location" ? `/again?t=${encodeURIComponent(credential)}` : credential);
  }
  const metadata = { raw: JSON.stringify({ ...personal, told }), provider_name: credential, ...personal };
  const error = { code: status, message: told.join(" "), metadata, ...personal };
  const xml = `<Error><Code>AccessDenied</Code><Message>${told.map((text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")).join(" ")}</Message></Error>`;
  const s3 = request.headers["x-amz-date"] !== undefined;
  // Every other 200 is a completion whose names are the secrets.
  const body =
    turn % 22 === 0
      ? { model: credential, provider: credential, choices: [{ message: { content: told.join(" ") }, finish_reason: credential }] }
      : { error, ...personal };
  response.statusCode = status;
  response.statusMessage = oneLine(credential).slice(0, 200);
  response.end(s3 ? xml : turn % 3 === 2 ? `<html>${told.join("<br>")}</html>` : JSON.stringify(body));
}

export async function startParrot(own: readonly string[], personal: object): Promise<Parrot> {
  let turn = 0;
  const server: Server = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => {
    turn += 1;
    repeat(request, response, own, turn, personal);
  });
  server.on("connect", (request, socket) => {
    turn += 1;
    const { "proxy-authorization": sent = "" } = request.headers;
    socket
      .on("error", () => undefined)
      .end(`HTTP/1.1 407 ${sent} ${Buffer.from(sent.split(" ")[1] ?? "", "base64")}\r\nx: ${sent}\r\n\r\n${sent}`);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answered: () => turn,
    stop() {
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
}
