/** See upstream.ts. Nothing but what a measurement needs: its own weight must not be what is measured. */
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { machineClock, sleep } from "./stats.ts";
import type { UpstreamOptions, Visit } from "./upstream.ts";

const options = JSON.parse(process.argv[2] ?? "") as UpstreamOptions & { key: string; certificate: string };
let visits = new Map<string, Visit[]>();

function note(path: string, received: number): void {
  const visit = { received, sent: machineClock() };
  const known = visits.get(path);
  if (known === undefined) visits.set(path, [visit]);
  else known.push(visit);
}

function answer(response: ServerResponse, path: string, received: number): void {
  setTimeout(() => {
    note(path, received);
    response.end("ok\n");
  }, options.delayMs);
}

const models = (): string =>
  JSON.stringify({ object: "list", data: [...Array(options.models).keys()].map((at) => ({ id: `bench/m${at}` })) });

const frame = (model: string, choice: object, rest: object = {}): string =>
  `data: ${JSON.stringify({ id: "gen-1", model, object: "chat.completion.chunk", created: 1, choices: [{ index: 0, ...choice }], ...rest })}\n\n`;

/** Each token's text is the time at which it was sent. */
async function stream(response: ServerResponse, model: string, received: number): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(frame(model, { delta: { role: "assistant", content: "" } }));
  await sleep(options.delayMs);
  for (let token = 0; token < options.tokens; token++) {
    if (token > 0) await sleep(options.tokenMs);
    response.write(frame(model, { delta: { content: `${machineClock()} ` } }));
  }
  const usage = { prompt_tokens: 12, completion_tokens: options.tokens, total_tokens: 12 + options.tokens };
  response.write(frame(model, { delta: {}, finish_reason: "stop" }, { usage }));
  note(model, received);
  response.end("data: [DONE]\n\n");
}

const listener: RequestListener = (request, response) => {
  const received = machineClock();
  const path = request.url ?? "";
  if (path.endsWith("/models")) {
    response.setHeader("content-type", "application/json").end(models());
    return;
  }
  if (request.method !== "POST") {
    answer(response, path, received);
    return;
  }
  let body = "";
  request.setEncoding("utf8").on("data", (chunk) => (body += chunk));
  request.on("end", () => void stream(response, (JSON.parse(body) as { model: string }).model, received));
};

const server = options.tls
  ? createTlsServer({ key: readFileSync(options.key), cert: readFileSync(options.certificate) }, listener)
  : createServer(listener);
server.listen(0, "127.0.0.1", 4096, () => process.send?.((server.address() as AddressInfo).port));
process.on("message", () => {
  process.send?.(visits);
  visits = new Map();
});
process.on("disconnect", () => process.exit());
