/** A web server on loopback with a daemon made of plain functions, and a client that sends exactly what it is told. */
import { type IncomingHttpHeaders, request } from "node:http";
import { systemClock } from "../../src/base/clock.ts";
import { createLog } from "../../src/base/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { type Evidence, up } from "../../src/core/outcome.ts";
import type { ProbeRecord, Target } from "../../src/core/probe.ts";
import { alertOf } from "../../src/mixin/alerts/reasons.ts";
import { LIMITS, type Limits } from "../../src/web/limits.ts";
import type { TargetState, WebOptions } from "../../src/web/options.ts";
import { createWeb, type Web } from "../../src/web/server.ts";

export const SECRET = "correct-horse-battery";
const timing = { every: { seconds: 300 }, timeoutSeconds: 60, needs: [] };
export const model: Target = { kind: "model", name: "kimi", credential: "openrouter", model: "moonshotai/kimi-k2:free", ...timing };
export const bucket: Target = { kind: "bucket", name: "files", ...timing, every: { cron: "*/5 * * * *" } };
export const app: Target = { kind: "app", name: "front end/1", ...timing, needs: ["files"] };

export const answered: Evidence = {
  statusCode: 200,
  via: "header",
  durationSeconds: 1.25,
  phases: { dns: 0.01, connect: 0.02, tls: 0.03, request: 0.25, first_byte: 0.5, transfer: 0.44 },
  certificateExpiresAt: 1_810_000_000_000,
  completion: { firstTokenSeconds: { reasoning: 0.5, answer: 0.9 }, inputTokens: 12, outputTokens: 20, costUsd: 0, servedModel: "k2" },
};

export const recordOf = (target: Target, outcome: ProbeRecord["outcome"]): ProbeRecord => ({
  target,
  outcome,
  startedAt: Date.now() - 90_000,
  durationSeconds: 1.5,
});

export const states: readonly TargetState[] = [
  { target: model, last: recordOf(model, up(answered)), lastSuccessAt: 1_800_000_000_000, consecutiveFailures: 0 },
  { target: bucket, consecutiveFailures: 0, nextRunAt: Date.now() + 200_000 },
];

const redactor = createRedactor([SECRET]);

/** A page of metrics, once it is there. */
export async function* inOnePiece(page: string | Promise<string>): AsyncGenerator<string> {
  yield await page;
}

export const sound: WebOptions = {
  metrics: { render: () => inOnePiece("healthd_probe_success 1\n"), contentType: "text/plain; version=0.0.4; charset=utf-8" },
  targets: () => states,
  alertOf,
  faults: () => [
    {
      owner: "storage",
      reason: "s3_slow_down",
      subject: "files",
      kind: "bucket",
      sightings: 3,
      explains: ["files", "front end/1"],
      down: true,
      since: 1_800_000_000_000,
      message: "<b>503</b>",
    },
  ],
  events: () => [],
  incidents: () => [],
  probeNow: async (name) => recordOf(states.find(({ target }) => target.name === name)?.target ?? model, up(answered)),
  configText: () => `web:\n  listen: 127.0.0.1:10556\n  password: ${SECRET}\n`,
  ready: () => ({ ok: true }),
  alive: () => ({ ok: true }),
  reload: async () => ({ ok: true }),
  version: "1.2.3",
  clock: systemClock,
  redact: redactor.text,
  hosts: [],
  log: createLog({ level: "fatal", redactor }),
};

export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly web: Web;
}

export async function serve(options: Partial<WebOptions> = {}, limits: Partial<Limits> = {}): Promise<Served> {
  const web = createWeb({ ...sound, ...options }, { ...LIMITS, ...limits });
  const { url } = await web.listen("127.0.0.1", 0);
  return { url, web, [Symbol.asyncDispose]: () => web.close() };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export function ask(url: string, { method = "GET", headers = {}, body, signal }: Sent = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent: false, ...(signal === undefined ? {} : { signal }) }, async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      const whole = Buffer.concat(chunks);
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: whole, text: whole.toString() });
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}
