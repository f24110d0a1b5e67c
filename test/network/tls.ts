/** Faults of TLS, with real certificates. */
import type { TlsOptions } from "node:tls";
import type { Reason } from "../../src/core/reason.ts";
import type { LeafOptions } from "../support/certificates.ts";
import type { Answer } from "../support/peers.ts";
import { atOnce, headWell, loopback, OK, type Row, raw, WELL, WELL_FOR } from "./row.ts";

const served = (
  name: string,
  leaf: LeafOptions | undefined,
  reason: Reason,
  more: Partial<Row> & { options?: TlsOptions; answer?: Answer } = {},
): Row => ({
  name,
  reason,
  place: async ({ peers, authority, good }) => {
    const certificate = leaf === undefined ? good : authority.leaf(leaf);
    const port = await peers.tls({ ...certificate, ...more.options }, more.answer ?? ((socket) => socket.end(WELL)));
    return { url: `https://localhost:${port}` };
  },
  ...more,
});

/** The same over TLS, where nothing speaks it. */
const secured = (row: Row): Row => ({
  ...row,
  place: async (ground) => ({ url: (await row.place(ground)).url.replace("http:", "https:") }),
});

export const tls: readonly Row[] = [
  served("all is well", undefined, "ok", { but: WELL_FOR }),
  served("a certificate that has expired", { until: -1 }, "tls_expired"),
  served("a certificate of tomorrow", { from: 1 }, "tls"),
  served("a certificate of another name", { name: "elsewhere.example" }, "tls"),
  served("a certificate that signed itself", { signer: "self" }, "tls"),
  served("a certificate of an unknown authority", { signer: "stranger" }, "tls"),
  served("TLS 1.1 and nothing newer", undefined, "tls", {
    options: { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" },
  }),
  served("no cipher in common", undefined, "tls", { options: { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-NULL-SHA@SECLEVEL=0" } }),
  served("a certificate of ours is asked for", undefined, "tls", { options: { requestCert: true, rejectUnauthorized: true } }),
  secured(raw("plain HTTP where TLS is expected", (socket) => socket.end(WELL), "tls")),
  secured(raw("noise where TLS is expected", (socket) => socket.end(Buffer.alloc(512, 7)), "tls")),
  secured(raw("reset after the TLS hello", (socket) => socket.resetAndDestroy(), "connection_reset")),
  secured(raw("closed after the TLS hello", (socket) => socket.end(), "connection_reset")),
  secured(raw("silence after the TLS hello", () => undefined, "connect_timeout", { timeoutMs: 300 })),
  secured(atOnce("reset before the TLS hello", (socket) => socket.resetAndDestroy(), "connection_reset")),
  {
    name: "TLS where plain HTTP is expected",
    reason: "connection_reset",
    place: async ({ peers, good }) => ({ url: loopback(await peers.tls({ ...good }, (socket) => socket.end(WELL))) }),
  },
  raw("a TLS alert where plain HTTP is expected", (socket) => socket.end(Buffer.from("15030100020246", "hex")), "body_malformed"),
  served("reset after the request, over TLS", undefined, "connection_reset", { answer: (socket) => socket.destroy() }),
  served("silence after the request, over TLS", undefined, "timeout_headers", { answer: () => undefined, timeoutMs: 400 }),
  served("a body that stops, over TLS", undefined, "timeout_stall", {
    answer: headWell((socket) => socket.write(`${OK}content-length: 99\r\n\r\n{`)),
    timeoutMs: 500,
  }),
  served("closed within the body, over TLS", undefined, "connection_reset", {
    answer: headWell((socket) => socket.end(`${OK}content-length: 99\r\n\r\n{`)),
  }),
];
