/** The upstream, in a process of its own: it answers, and tells when it had each request and when its last byte left. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { certificate, keyPair, owned } from "./scratch.ts";

/** Milliseconds on the machine's clock. */
export interface Visit {
  readonly received: number;
  readonly sent: number;
}

export interface Upstream {
  /** With its port, without a path. */
  readonly url: string;
  readonly pid: number;
  /** Every visit since the last call, by path, in order. */
  visits(): Promise<ReadonlyMap<string, readonly Visit[]>>;
}

export interface UpstreamOptions {
  readonly tls: boolean;
  /** From a request to its answer. */
  readonly delayMs: number;
  readonly tokens: number;
  readonly tokenMs: number;
  /** How many models it lists: OpenRouter some 400. */
  readonly models: number;
}

/** Memory enough that it never has to collect all of it: V8's four helpers take both cores of a small machine then, and everybody waits. */
const QUIET = ["--initial-old-space-size=1024", "--v8-pool-size=1"];

export async function startUpstream(options: Partial<UpstreamOptions> = {}): Promise<Upstream> {
  const whole: UpstreamOptions = { tls: false, delayMs: 20, tokens: 20, tokenMs: 20, models: 400, ...options };
  const child = owned(
    fork(new URL("upstream-process.ts", import.meta.url), [JSON.stringify({ ...whole, ...keyPair, certificate })], {
      serialization: "advanced",
      execArgv: QUIET,
    }),
  );
  const [port] = (await once(child, "message")) as [number];
  return {
    url: `${whole.tls ? "https" : "http"}://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    async visits() {
      child.send("visits");
      const [visits] = (await once(child, "message")) as [Map<string, Visit[]>];
      return visits;
    },
  };
}
