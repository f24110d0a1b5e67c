import type { ServerResponse } from "node:http";
import { pause, systemClock } from "../base/clock.ts";
import { isStream, type Reply } from "./exchange.ts";
import type { Random } from "./random.ts";

/** One to three pieces: real networks cut events, and characters, in two. */
export function cut(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = [];
  let rest = bytes;
  while (pieces.length < 2 && rest.length > 1 && random() < 0.4) {
    const at = 1 + Math.floor(random() * (rest.length - 1));
    pieces.push(rest.subarray(0, at));
    rest = rest.subarray(at);
  }
  return [...pieces, rest];
}

/** Resolves when the bytes have left for the kernel, or the caller is gone. */
function write(response: ServerResponse, bytes: Buffer, signal: AbortSignal): Promise<void> {
  if (signal.aborted || bytes.length === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    signal.addEventListener("abort", done, { once: true });
    response.write(bytes, done);
  });
}

const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function writeBody(reply: Reply, response: ServerResponse, signal: AbortSignal, random: Random): Promise<void> {
  if (!isStream(reply.body)) return write(response, Buffer.from(reply.body), signal);
  for await (const chunk of reply.body) {
    const bytes = Buffer.from(chunk);
    // Only event streams are cut: cutting 50 MB bodies into crumbs would measure the cutting.
    const pieces = reply.headers["content-type"]?.startsWith("text/event-stream") ? cut(bytes, random) : [bytes];
    for (const piece of pieces) {
      await write(response, piece, signal);
      if (pieces.length > 1) await breath();
    }
    if (signal.aborted) return;
  }
}

function headersOf(reply: Reply): Record<string, string> {
  if (isStream(reply.body) || reply.status === 204) return { ...reply.headers };
  return { "content-length": String(Buffer.byteLength(reply.body)), ...reply.headers };
}

function gone(response: ServerResponse): Promise<void> {
  return response.destroyed ? Promise.resolve() : new Promise((resolve) => response.once("close", resolve));
}

/** Puts the reply on the wire exactly as told, misbehaviour included; returns when the exchange is over. */
export async function deliver(reply: Reply, response: ServerResponse, signal: AbortSignal, random: Random): Promise<void> {
  if (reply.delayMs !== undefined) await pause(systemClock, reply.delayMs, signal);
  if (signal.aborted) return;
  if (reply.status > 0) {
    response.writeHead(reply.status, headersOf(reply));
    response.flushHeaders();
    await writeBody(reply, response, signal, random);
  }
  if (signal.aborted || reply.ending === "hang") return gone(response);
  if (reply.ending === "reset") response.socket?.resetAndDestroy();
  else if (reply.status > 0) response.end();
  else response.socket?.destroy();
  await gone(response);
}
