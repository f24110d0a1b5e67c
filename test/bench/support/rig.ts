/** The daemon as it runs for users, in a process of its own that hands over every record. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { FLAGS, MALLOC } from "./installed.ts";
import { certificate, cpuMs, end, folder, owned, rssMiB } from "./scratch.ts";
import type { Upstream, Visit } from "./upstream.ts";

/** Times in milliseconds on the machine's clock. */
export interface Run {
  readonly target: string;
  readonly verdict: string;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly latenessMs: number;
  readonly firstTokenMs?: number;
}

/** When a token was sent, by the upstream; and when it came, by the daemon. */
export interface Token {
  readonly sent: number;
  readonly arrived: number;
  /** The first of its stream. */
  readonly first: boolean;
}

export interface Order {
  readonly yaml: string;
  /** More often than a config file may ask for. */
  readonly everySeconds?: number;
  /** Of the entries, only this kind; the others as the config says. */
  readonly only?: string;
  /** Look for gaps of the loop: a thousand looks a second, which cost CPU that is not the daemon's. */
  readonly gaps?: boolean;
  /** Note when each token came: a look at each of its messages more. */
  readonly tokens?: boolean;
}

export interface Collected {
  readonly runs: readonly Run[];
  readonly tokens: readonly Token[];
  /** The loop's longest gap since the last call, in milliseconds. */
  readonly longestGapMs: number;
}

/** As it comes from the daemon's process: of each token sent, arrived, and 1 for the first of a stream. */
export type Handed = Omit<Collected, "tokens"> & { readonly tokens: Float64Array };

const tokensIn = (numbers: Float64Array): Token[] =>
  Array.from({ length: numbers.length / 3 }, (_, at) => {
    const [sent = Number.NaN, arrived = Number.NaN, first] = numbers.subarray(3 * at);
    return { sent, arrived, first: first === 1 };
  });

export interface Rig {
  /** Returns the daemon's address. */
  start(order: Order): Promise<string>;
  stop(): Promise<void>;
  collect(): Promise<Collected>;
  cpuMs(): number;
  rssMiB(): number;
  end(): Promise<void>;
}

export function startRig(): Rig {
  const child = owned(
    fork(new URL("rig-process.ts", import.meta.url), [folder], {
      serialization: "advanced",
      execArgv: [...FLAGS],
      // Logging is part of what it costs.
      stdio: ["ignore", "inherit", "ignore", "ipc"],
      env: { ...process.env, ...MALLOC, NODE_EXTRA_CA_CERTS: certificate },
    }),
  );
  const pid = child.pid ?? 0;
  const ask = async <T>(message: object): Promise<T> => {
    child.send(message);
    const [answer] = (await once(child, "message")) as [T];
    return answer;
  };
  return {
    start: (order) => ask({ start: order }),
    stop: () => ask({ stop: true }),
    async collect() {
      const handed = await ask<Handed>({ collect: true });
      return { ...handed, tokens: tokensIn(handed.tokens) };
    },
    cpuMs: () => cpuMs(pid),
    rssMiB: () => rssMiB(pid),
    end: () => end(child),
  };
}

export const apps = (upstream: Upstream, count: number): string =>
  `apps:\n${[...Array(count).keys()].map((at) => `  a${at}: { url: "${upstream.url}/a${at}" }\n`).join("")}`;

/** Models of a server that costs nothing, so that no budget slows them. */
export const models = (upstream: Upstream, count: number): string =>
  `credentials:\n  own: { flavor: openai, api_key: none, base_url: "${upstream.url}/v1" }\nmodels:\n${[...Array(count).keys()]
    .map((at) => `  m${at}: { id: bench/m${at}, price: { input: 0, output: 0 } }\n`)
    .join("")}`;

/** So long a request may take to be made after its run began: half of the interval at which a target is probed. */
const LOST_MS = 500;

/** What our clock added to the upstream's, in milliseconds: of the runs that began within the window, each with its own visit. */
export function addedMs(
  runs: readonly Run[],
  visits: ReadonlyMap<string, readonly Visit[]>,
  within: { readonly from: number; readonly to: number },
): number[] {
  const byTarget = Map.groupBy(runs, ({ target }) => target);
  return [...byTarget].flatMap(([target, some]) => {
    const seen = visits.get(`/${target}`) ?? [];
    return some.flatMap(({ startedAt, durationMs }) => {
      if (startedAt < within.from || startedAt > within.to) return [];
      // A run's own is the first that came once it had begun: the next one comes a second later.
      const visit = seen.find(({ received }) => received >= startedAt - 1 && received <= startedAt + durationMs + LOST_MS);
      return visit === undefined ? [] : [durationMs - (visit.sent - visit.received)];
    });
  });
}
