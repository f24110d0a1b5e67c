/** The bucket probe as the daemon runs it, and a storage that answers as a test tells it to (signatures are not looked at). */
import { createHash } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createRedactor, type Redactor } from "../../src/base/redact.ts";
import type { Config, Entry } from "../../src/config/config.ts";
import type { Probed } from "../../src/core/outcome.ts";
import { bucketKind } from "../../src/probes/bucket.ts";
import { createContext } from "../../src/probes/kind.ts";

export interface Circumstances {
  readonly signal?: AbortSignal;
  readonly redactor?: Redactor;
}

/** The entry of the target `storage`, read by the kind's own schema. */
export async function probeBucket(entry: object, circumstances: Circumstances = {}): Promise<Probed> {
  const settings = bucketKind.section?.entry.parse(entry);
  const source: Entry = { kind: "bucket", name: "storage", needs: [], also: [], every: { seconds: 60 }, timeoutSeconds: 30, settings };
  const config = { entries: [source] } as unknown as Config;
  const [planned] = bucketKind.plan(config, createContext(circumstances.redactor ?? createRedactor()));
  if (planned === undefined) throw new Error("no target was planned");
  const outcome = await planned.probe.run(circumstances.signal ?? AbortSignal.timeout(8_000));
  if (outcome.verdict === "skipped") throw new Error("a probe never skips itself");
  return outcome;
}

export interface Asked {
  readonly method: string;
  /** Without the bucket; empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What stands in for the storage's own answer: nothing, an answer, silence, a broken connection, or one broken within the body. */
export type Whim = Reply | "silence" | "reset" | "cut" | undefined;

export interface Store {
  readonly url: string;
  readonly objects: Map<string, { readonly body: Buffer; readonly modified: Date }>;
  readonly asked: Asked[];
  /** Looked at before the storage answers; the request has been read. */
  whim: (asked: Asked) => Whim;
  /** `METHOD key`, in the order of arrival. */
  methods(): string[];
  reset(): void;
  stop(): Promise<void>;
}

export const errorDocument = (code: string, more = ""): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>About ${code}</Message>${more}</Error>`;

const etag = (body: Buffer): string => `"${createHash("md5").update(body).digest("hex")}"`;

function listing(objects: Store["objects"], query: URLSearchParams): string {
  const keys = [...objects.keys()].filter((key) => key.startsWith(query.get("prefix") ?? "")).sort();
  const page = keys.slice(0, Number(query.get("max-keys") ?? 1000));
  const contents = page.map(
    (key) => `<Contents><Key>${key}</Key><LastModified>${objects.get(key)?.modified.toISOString()}</LastModified></Contents>`,
  );
  return `<?xml version="1.0"?><ListBucketResult><Name>files</Name><KeyCount>${page.length}</KeyCount>${contents.join("")}</ListBucketResult>`;
}

function answer(objects: Store["objects"], { method, key, query, body }: Asked): Reply {
  if (key === "") return { status: 200, body: method === "GET" ? listing(objects, query) : "" };
  const found = objects.get(key);
  if (method === "PUT") objects.set(key, { body, modified: new Date() });
  if (method === "PUT") return { status: 200, headers: { etag: etag(body) } };
  if (method === "DELETE") objects.delete(key);
  if (method === "DELETE") return { status: 204 };
  if (found === undefined) return { status: 404, body: errorDocument("NoSuchKey") };
  return { status: 200, headers: { etag: etag(found.body), "content-length": String(found.body.length) }, body: found.body };
}

function deliver(reply: Exclude<Whim, undefined>, request: IncomingMessage, response: ServerResponse): void {
  if (reply === "silence") return;
  if (reply === "reset") {
    request.socket.resetAndDestroy();
    return;
  }
  if (reply === "cut") {
    response.writeHead(200, { "content-length": "1024", etag: '"cut"' }).write("half of it", () => request.socket.destroy());
    return;
  }
  response.writeHead(reply.status, reply.headers).end(request.method === "HEAD" ? undefined : reply.body);
}

export async function startStore(): Promise<Store> {
  const objects: Store["objects"] = new Map();
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname, searchParams: query } = new URL(request.url ?? "", "http://store");
    const key = decodeURIComponent(pathname).split("/").slice(2).join("/");
    const one: Asked = { method: request.method ?? "", key, query, headers: request.headers, body: Buffer.concat(chunks) };
    asked.push(one);
    deliver(store.whim(one) ?? answer(objects, one), request, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const store: Store = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    asked,
    whim: () => undefined,
    methods: () => asked.map(({ method, key }) => `${method} ${key}`.trim()),
    reset() {
      objects.clear();
      asked.length = 0;
      store.whim = () => undefined;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  return store;
}
