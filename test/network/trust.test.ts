/** Who is let pass by the check of names: exactly whom Node's own lets pass, and the others are refused in its words. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, getCACertificates, setDefaultCACertificates, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectTrusted } from "../../src/clients/http/trust.ts";
import { type Authority, certificateFolder, makeAuthority } from "../support/pki.ts";

const trusted = getCACertificates("default");
const folder = certificateFolder();
let authority: Authority;
beforeAll(() => {
  authority = makeAuthority(folder.path, "authority");
  setDefaultCACertificates([...trusted, authority.pem.cert]);
});
afterAll(() => {
  setDefaultCACertificates(trusted);
  folder.remove();
});

const NAMES = [
  "api.example.test",
  "API.Example.Test",
  "api.example.test.",
  "example.test",
  "deep.api.example.test",
  "cn.example.test",
  "localhost",
];

function verdict(socket: TLSSocket): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once("secureConnect", () => resolve("trusted"));
  socket.once("error", ({ code, message }: NodeJS.ErrnoException) => resolve(`${code}: ${message}`));
  return promise.finally(() => socket.destroy());
}

test.each([
  ["one name", "DNS:api.example.test", ["api.example.test", "API.Example.Test", "api.example.test."]],
  ["a wildcard", "DNS:*.example.test", ["api.example.test", "API.Example.Test", "api.example.test.", "cn.example.test"]],
  ["a wildcard within a label", "DNS:a*.example.test", ["api.example.test", "API.Example.Test", "api.example.test."]],
  ["a wildcard for all below a top level", "DNS:*.test", []],
  ["an address", "IP:127.0.0.1", ["cn.example.test", "127.0.0.1"]],
  ["an address as a name", "DNS:127.0.0.1", []],
  ["another address beside a name", "DNS:localhost,IP:127.0.0.2", ["localhost"]],
  ["no name but the subject's", "email:nobody@example.test", ["cn.example.test"]],
])("a certificate for %s", async (_, names, expected) => {
  const { pem } = authority.issue(names, "cn.example.test");
  const server = createServer(pem, (socket) => socket.on("error", () => undefined)).on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  // All of them are this machine.
  const ways = [...NAMES.map((servername) => ({ servername })), { host: "127.0.0.1" }].map((way) => ({ host: "127.0.0.1", port, ...way }));
  const passed: string[] = [];
  for (const way of ways) {
    const asked = "servername" in way ? way.servername : way.host;
    const ours = await verdict(connectTrusted(way));
    expect(ours, asked).toBe(await verdict(connect(way)));
    if (ours === "trusted") passed.push(asked);
  }
  server.close();
  expect(passed).toEqual(expected);
});
