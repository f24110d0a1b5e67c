/** One row of the fault table: a peer that misbehaves in one way, and what each kind of probe is to say of it. */
import type { Socket } from "node:net";
import type { Route } from "../../src/clients/http/route.ts";
import type { Kind, Reason } from "../../src/core/reason.ts";
import type { Authority, Certificate } from "../support/certificates.ts";
import type { Answer, Peers } from "../support/peers.ts";

export interface Ground {
  readonly peers: Peers;
  readonly authority: Authority;
  /** Good for localhost and for api.test. */
  readonly good: Certificate;
}

export interface Place {
  readonly url: string;
  readonly route?: Route;
}

export interface Row {
  readonly name: string;
  readonly reason: Reason;
  /** Where a kind says something else; `null`: nothing to see for it. */
  readonly but?: Readonly<Partial<Record<Kind, Reason | null>>>;
  /** Default: long enough never to matter. */
  readonly timeoutMs?: number;
  place(ground: Ground): Promise<Place>;
}

export const AMPLE_MS = 8_000;

export const loopback = (port: number): string => `http://127.0.0.1:${port}`;

/** The same, but a HEAD, which has no body to be wrong, is answered well. */
export const bodied = (name: string, answer: Answer, reason: Reason, more: Partial<Row> = {}): Row =>
  raw(name, headWell(answer), reason, more);
export const headWell =
  (answer: Answer): Answer =>
  (socket, first) =>
    first.toString("latin1", 0, 5) === "HEAD " ? socket.end(`${OK}\r\n`) : answer(socket, first);

/** Answers with raw bytes, whatever was asked. */
export const raw = (name: string, answer: Answer, reason: Reason, more: Partial<Row> = {}): Row => ({
  name,
  reason,
  place: async ({ peers }) => ({ url: loopback(await peers.tcp({ answer })) }),
  ...more,
});

export const atOnce = (name: string, hello: (socket: Socket) => void, reason: Reason, more: Partial<Row> = {}): Row => ({
  name,
  reason,
  place: async ({ peers }) => ({ url: loopback(await peers.tcp({ hello })) }),
  ...more,
});

/** Writes the text again and again until the other end has gone. */
export function forever(socket: Socket, text: string | Uint8Array, everyMs = 20): void {
  const drip = setInterval(() => socket.write(text), everyMs);
  socket.once("close", () => clearInterval(drip));
}

/** Writes as fast as the other end reads. */
export function flood(socket: Socket, text: string | Uint8Array): void {
  const pour = (): void => {
    while (!socket.destroyed && socket.write(text));
  };
  socket.on("drain", pour);
  pour();
}

export const OK = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
const COMPLETION = JSON.stringify({ choices: [{ message: { content: "1 2 3" }, finish_reason: "stop" }] });
/** A completion for a model, and a 200 for an application; no key's or bucket's answer. */
export const WELL = `${OK}content-length: ${COMPLETION.length}\r\n\r\n${COMPLETION}`;
/** Where all ends well; others than these two kinds would miss their own sort of answer. */
export const WELL_FOR = { credential: null, bucket: null } as const;
