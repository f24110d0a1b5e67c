/** HTTP/2 frame by frame (RFC 9113 §4.1), for what Node's own client is too kind to show. */
import { connect } from "node:tls";
import { until } from "../support/programs.ts";

export const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7 } as const;
const END_STREAM = 0x1;
const ACK = 0x1;
const END_HEADERS = 0x4;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
}

function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

function framesIn(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    frames.push({ type: bytes.readUInt8(at + 3), flags: bytes.readUInt8(at + 4), stream: bytes.readUInt32BE(at + 5) & 0x7fff_ffff });
    at = end;
  }
  return frames;
}

/** A literal header without indexing, its name from the static table (RFC 7541 §6.2.2, appendix A). */
const literal = (name: number, value: string): Buffer => Buffer.concat([Buffer.from([name, value.length]), Buffer.from(value)]);
const METHOD_GET = 0x82;
const SCHEME_HTTPS = 0x87;
const AUTHORITY = 1;
const PATH = 4;

/** Asks for the path, and returns every frame up to the answer to a ping that was sent when the stream had ended. */
export async function rawGet(url: string, ca: string, path: string): Promise<readonly Frame[]> {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port), servername: "localhost", ca, ALPNProtocols: ["h2"] });
  let received = Buffer.alloc(0);
  socket.on("error", () => undefined);
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
  });
  const has = (type: number, flag: number, stream: number) => (): boolean =>
    framesIn(received).some((one) => one.type === type && one.stream === stream && (one.flags & flag) !== 0);
  const headers = Buffer.concat([Buffer.from([METHOD_GET, SCHEME_HTTPS]), literal(PATH, path), literal(AUTHORITY, "localhost")]);
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(Buffer.concat([frame(FRAME.settings, 0, 0), frame(FRAME.headers, END_STREAM | END_HEADERS, 1, headers)]));
  try {
    await until(() => has(FRAME.data, END_STREAM, 1)() || has(FRAME.headers, END_STREAM, 1)(), "the end of the stream");
    socket.write(frame(FRAME.ping, 0, 0, Buffer.alloc(8)));
    await until(has(FRAME.ping, ACK, 0), "the answer to the ping");
    return framesIn(received);
  } finally {
    socket.destroy();
  }
}
