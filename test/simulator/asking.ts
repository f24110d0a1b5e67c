/** A simulator for one test file, and the questions its tests ask. */
import { afterAll, afterEach, beforeAll } from "vitest";
import { type Simulator, type SimulatorOptions, startSimulator } from "../../src/simulator/index.ts";

export interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  at(path: string): unknown;
}

/** `error.metadata.raw`, `data.0.id`: undefined where the path ends early. */
export function look(value: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>((seen, name) => (typeof seen === "object" && seen !== null ? Reflect.get(seen, name) : undefined), value);
}

export async function read(response: Response): Promise<Asked> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, at: (path) => look(JSON.parse(text), path) };
}

export interface Asking {
  readonly simulator: Simulator;
  get(path: string, key?: string): Promise<Asked>;
  chat(body: object, key?: string, headers?: Readonly<Record<string, string>>): Promise<Asked>;
  chatResponse(body: object, signal?: AbortSignal): Promise<Response>;
}

export const hello = [{ role: "user", content: "Hello there" }];
export const FREE = "qwen/qwen3-coder:free";
export const PAID = "qwen/qwen3-coder";

/** Started before the file's tests, faults cleared after each, stopped at the end. Tokens come at once, and as often as asked, unless told otherwise. */
export function asking(options: SimulatorOptions = {}): Asking {
  let simulator: Simulator | undefined;
  const running = (): Simulator => {
    if (simulator === undefined) throw new Error("the simulator has not started");
    return simulator;
  };
  beforeAll(async () => {
    simulator = await startSimulator({ firstTokenMs: 0, tokenMs: 0, freeRequestsPerMinute: null, ...options });
  });
  afterEach(() => running().faults.clear());
  afterAll(() => running().stop());

  const bearer = (key: string): Record<string, string> => (key === "" ? {} : { authorization: `Bearer ${key}` });
  const post = (body: object, key: string, signal?: AbortSignal, headers?: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(`${running().openrouterUrl}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...bearer(key), ...headers },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
  return {
    get simulator() {
      return running();
    },
    get: async (path, key = running().credentials.apiKey) => read(await fetch(running().openrouterUrl + path, { headers: bearer(key) })),
    chat: async (body, key = running().credentials.apiKey, headers = {}) => read(await post(body, key, undefined, headers)),
    chatResponse: (body, signal) => post(body, running().credentials.apiKey, signal),
  };
}

/** The JSON of every event of a stream, `[DONE]` left out. */
export const eventsOf = (text: string): unknown[] =>
  text
    .split(/\r?\n\r?\n/)
    .filter((event) => event.startsWith("data: {"))
    .map((event) => JSON.parse(event.slice("data: ".length)));
