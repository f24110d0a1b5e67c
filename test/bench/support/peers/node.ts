/** Node's own client and nothing else: what a probe by a program in Node costs at least. It checks no certificate and throws the answer away. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { FLAGS, MALLOC } from "../installed.ts";
import { cpuMs, end, owned } from "../scratch.ts";
import { sleep } from "../stats.ts";
import type { Upstream } from "../upstream.ts";

export interface Order {
  readonly url: string;
  /** Sent by POST; without it, GET. */
  readonly body?: string;
  readonly perSecond: number;
}

export interface NodeAlone {
  /** CPU of its whole process over that time for each answer that ended in it, in milliseconds. */
  cpu(upstream: Upstream, streamed: boolean, perSecond: number, seconds: number): Promise<number>;
  end(): Promise<void>;
}

// What a probe of a model sends.
const COMPLETION = { model: "bench/m0", messages: [{ role: "user", content: "Reply with: OK" }], stream: true, max_tokens: 16 };

export function startNodeAlone(): NodeAlone {
  const child = owned(fork(new URL("node-process.ts", import.meta.url), { execArgv: [...FLAGS], env: { ...process.env, ...MALLOC } }));
  /** How many answers have ended since the last call. */
  const ask = async (order: Order | "count" | "stop"): Promise<number> => {
    child.send(order);
    const [ended] = (await once(child, "message")) as [number];
    return ended;
  };
  return {
    async cpu({ url }, streamed, perSecond, seconds) {
      const completion = { url: `${url}/v1/chat/completions`, body: JSON.stringify(COMPLETION) };
      await ask({ perSecond, ...(streamed ? completion : { url: `${url}/n` }) });
      await sleep(2000);
      await ask("count");
      const before = cpuMs(child.pid ?? 0);
      await sleep(seconds * 1000);
      const used = cpuMs(child.pid ?? 0) - before;
      return used / (await ask("stop"));
    },
    end: () => end(child),
  };
}
