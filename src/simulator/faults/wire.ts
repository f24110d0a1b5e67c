/** Faults any service can have: the wire, the edge in front of it, the bytes of a body. */
import { type Aim, type Body, isStream, json, type Reply } from "../exchange.ts";
import { edgeHeaders, ray } from "../openrouter/errors.ts";
import { s3Error, xml } from "../s3/xml.ts";
import type { Fault } from "./fault.ts";

const NEVER_SOON_MS = 60_000;
const HUGE_BYTES = 50 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;

async function* firstEvents(body: AsyncIterable<string | Buffer>, count: number): AsyncGenerator<string | Buffer> {
  let left = count;
  for await (const event of body) {
    if (left-- === 0) return;
    yield event;
  }
}

/** A stream's beginning: some comments, the role and a word or two; of anything else the first half of its bytes. */
function beginning(body: Body): Body {
  if (isStream(body)) return firstEvents(body, 6);
  const bytes = Buffer.from(body);
  return bytes.subarray(0, Math.ceil(bytes.length / 2));
}

/** Half a body that still promises the whole. */
function cutShort(reply: Reply, ending: "reset" | "hang"): Reply {
  const promised = isStream(reply.body) ? {} : { "content-length": String(Buffer.byteLength(reply.body)) };
  return { ...reply, headers: { ...reply.headers, ...promised }, body: beginning(reply.body), ending };
}

async function* brokenEvents(body: AsyncIterable<string | Buffer>): AsyncGenerator<string> {
  for await (const event of body) {
    const text = event.toString();
    yield text.startsWith("data: {") ? `${text.slice(0, text.length / 2)}\n\n` : text;
  }
}

function brokenJson({ body }: Reply): Body {
  return isStream(body) ? brokenEvents(body) : beginning(body);
}

async function* huge(): AsyncGenerator<string | Buffer> {
  const piece = Buffer.alloc(PIECE_BYTES, "x");
  yield '{"data":[{"id":"';
  for (let sent = 0; sent < HUGE_BYTES; sent += PIECE_BYTES) yield piece;
  yield '"}]}';
}

// Right names, wrong types: what a client that trusts its schema trips over.
const MISSHAPEN = { data: "yes", choices: { 0: 42 }, usage: "none", id: 7, model: null, object: [], status: { ok: 1 } };

function misshapen(reply: Reply, { service }: Aim): Reply {
  if (service === "s3") return xml(200, "<ListBucketResult><KeyCount>many</KeyCount><Contents>7</Contents></ListBucketResult>");
  if (!isStream(reply.body)) return json(200, MISSHAPEN, edgeHeaders());
  return { ...reply, body: `data: ${JSON.stringify(MISSHAPEN)}\n\ndata: [DONE]\n\n` };
}

const page = (status: number, id: string): string => `<!DOCTYPE html>
<html lang="en-US"><head><title>openrouter.ai | ${status}: Web server is returning an unknown error</title></head>
<body><div id="cf-wrapper"><h1>Error code ${status}</h1><p>Visit cloudflare.com for more information.</p>
<p>Cloudflare Ray ID: <strong>${id}</strong></p></div></body></html>
`;

function html(status: number): Reply {
  const id = ray();
  return { status, headers: { "content-type": "text/html; charset=UTF-8", server: "cloudflare", "cf-ray": id }, body: page(status, id) };
}

function plainError(status: number, { service }: Aim): Reply {
  if (service === "s3") return { ...s3Error({ code: status === 503 ? "ServiceUnavailable" : "InternalError" }), status };
  return json(status, { error: { message: `Simulated fault: status ${status}`, code: status } }, edgeHeaders());
}

export const wireFaults = {
  status: {
    service: "any",
    description: "An error in the service's own form, status 500 or as scoped",
    answer: (_, { status = 500 }, aim) => plainError(status, aim),
  },
  html: {
    service: "any",
    description: "Cloudflare's HTML page in place of the service, status 520 or as scoped",
    answer: (_, { status = 520 }) => html(status),
  },
  refuse: {
    service: "any",
    description: "The port is closed: connections are refused (S3 unless scoped; openrouter and app share their port with this control)",
    defaults: { service: "s3" },
    closesPort: true,
  },
  reset: {
    service: "any",
    description: "The connection is reset before any header",
    answer: () => ({ status: 0, headers: {}, body: "", ending: "reset" }),
  },
  hang_up: {
    service: "any",
    description: "The connection is closed in good order, without an answer",
    answer: () => ({ status: 0, headers: {}, body: "" }),
  },
  reset_body: { service: "any", description: "The connection is reset after half the body", alter: (reply) => cutShort(reply, "reset") },
  slow_headers: {
    service: "any",
    description: "The headers come after 60 s, or as scoped by ms",
    alter: (reply, _, { ms = NEVER_SOON_MS }) => ({ ...reply, delayMs: ms }),
  },
  stalled_body: { service: "any", description: "Headers and half the body, then silence", alter: (reply) => cutShort(reply, "hang") },
  empty_body: {
    service: "any",
    description: "200 with zero bytes",
    alter: ({ headers }) => ({ status: 200, headers, body: "" }),
  },
  broken_json: {
    service: "any",
    description: "A body that ends in the middle of its JSON (or XML); a stream of such events",
    alter: (reply) => ({ ...reply, body: brokenJson(reply) }),
  },
  wrong_types: {
    service: "any",
    description: "Well-formed, and not of the shape promised",
    alter: (reply, _, __, aim) => misshapen(reply, aim),
  },
  huge_body: {
    service: "any",
    description: "50 MB of body, or as much as the caller takes",
    alter: ({ status, headers }) => ({ status, headers: { ...headers, "content-type": "application/json" }, body: huge() }),
  },
} as const satisfies Readonly<Record<string, Fault>>;
