import { randomBytes } from "node:crypto";
import { type Incoming, json, type Reply } from "../exchange.ts";
import type { Pace, Views } from "../faults/views.ts";
import type { Ledger } from "./account.ts";
import { type CatalogueEntry, resolve } from "./catalogue.ts";
import { wholeCompletion } from "./completion.ts";
import { compose } from "./compose.ts";
import type { Endpoint } from "./endpoints.ts";
import { edgeHeaders, invalidModel, providerRefused, refuse } from "./errors.ts";
import { moneyRefusal, quotaRefusal } from "./gates.ts";
import type { Generations } from "./generations.ts";
import { type Attempt, describeRouting, namesProvider, wantsMetadata, withMetadata } from "./metadata.ts";
import { isMisorder, type Order, readOrder } from "./order.ts";
import { route } from "./routing.ts";
import { streamEvents } from "./sse.ts";

export interface ChatRoom {
  readonly catalogue: () => readonly CatalogueEntry[];
  readonly ledger: Ledger;
  readonly generations: Generations;
  readonly pace: Pace;
  readonly rateLimitHeaders: boolean;
}

interface Visit {
  readonly room: ChatRoom;
  readonly request: Incoming;
  readonly views: Views;
  readonly order: Order;
}

// OpenAI's floor; many monitors ask for one token and call the model dead (openrouter-api §6).
const OPENAI_TOKEN_FLOOR = 16;

const tooFewTokens = (got: number): Reply =>
  providerRefused(
    400,
    "OpenAI",
    JSON.stringify({
      error: {
        message: `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= ${OPENAI_TOKEN_FLOOR}, but got ${got} instead.`,
        type: "invalid_request_error",
        param: "max_output_tokens",
        code: "integer_below_min_value",
      },
    }),
  );

/** Counts, looks at the account, routes: the endpoints fit to serve, or why there are none. */
function admit({ room, request, views, order }: Visit, entry: CatalogueEntry): readonly Endpoint[] | Reply {
  const isQuotaed = entry.model.id.endsWith(":free");
  // Counted before anything can fail: failed requests eat the free quota too (openrouter-api §9).
  if (isQuotaed) room.ledger.countFreeRequests(1);
  const account = views.account(room.ledger.account());
  const spent = isQuotaed ? quotaRefusal(account, request.receivedAtMs, room.rateLimitHeaders) : undefined;
  if (spent !== undefined) room.ledger.countRejection();
  return spent ?? moneyRefusal(account, entry.model, order) ?? route(entry, order);
}

interface Tried {
  readonly attempts: readonly Attempt[];
  readonly refusal: Reply | undefined;
}

/** Why this provider does not serve the order; undefined: it does. */
function turnedDown({ views, order }: Visit, { model, failing }: CatalogueEntry, endpoint: Endpoint): Reply | undefined {
  const { provider_name: provider, tag } = endpoint;
  if (failing.includes(tag)) return providerRefused(503, provider, "No instances available", { error_type: "provider_overloaded" });
  const isShort = model.id.startsWith("openai/") && order.maxTokens < OPENAI_TOKEN_FLOOR;
  return views.refusal(order.model, provider) ?? (isShort ? tooFewTokens(order.maxTokens) : undefined);
}

/** Asks one provider after the other while they fail; the last attempt is the one that counts. */
function tryInTurn(visit: Visit, entry: CatalogueEntry, endpoints: readonly Endpoint[]): Tried {
  const attempts: Attempt[] = [];
  let refusal: Reply | undefined;
  for (const endpoint of endpoints) {
    refusal = turnedDown(visit, entry, endpoint);
    const isAsked = refusal === undefined || namesProvider(refusal);
    if (isAsked) attempts.push({ provider: endpoint.provider_name, model: entry.model.id, status: refusal?.status ?? 200 });
    if (!visit.order.allowFallbacks || !entry.failing.includes(endpoint.tag)) break;
  }
  return { attempts, refusal };
}

function serve(visit: Visit, entry: CatalogueEntry, attempts: readonly Attempt[]): Reply {
  const { room, request, views, order } = visit;
  const made = compose(entry.model, order, views.heard(order));
  const pace = views.pace(room.pace);
  const created = Math.floor(request.receivedAtMs / 1000);
  const id = `gen-${created}-${randomBytes(15).toString("base64url")}`;
  const provider = attempts.at(-1)?.provider ?? "";
  const metadata = wantsMetadata(request) ? describeRouting(order, entry, attempts) : undefined;
  const head = { id, provider, model: entry.model.id, created, metadata };
  const generationMs = pace.tokenMs * Math.max(0, made.usage.completion_tokens - 1);
  room.ledger.spend(made.usage.cost);
  room.generations.note({
    id,
    provider,
    attempts,
    generationMs,
    createdMs: request.receivedAtMs,
    model: entry.model.canonical_slug,
    streamed: order.stream,
    finishReason: made.finishReason,
    latencyMs: pace.firstTokenMs,
    usage: made.usage,
    userAgent: request.headers["user-agent"] ?? null,
    referer: request.headers["http-referer"] ?? null,
  });
  const headers = { ...edgeHeaders(), "x-generation-id": id };
  if (order.stream) {
    const streaming = { ...headers, "content-type": "text/event-stream", "cache-control": "no-cache" };
    return { status: 200, headers: streaming, body: streamEvents(head, made, pace, request.signal) };
  }
  const delayMs = pace.firstTokenMs + generationMs;
  return { ...json(200, wholeCompletion(head, made), headers), ...(delayMs > 0 && { delayMs }) };
}

/** `POST /chat/completions` for a caller whose key is known. */
export function chat(room: ChatRoom, request: Incoming, views: Views): Reply {
  const order = readOrder(request.json);
  if (isMisorder(order)) return refuse(400, order.message);
  const visit = { room, request, views, order };
  const entry = resolve(views.catalogue(room.catalogue()), order.model);
  const refused = (reply: Reply, attempts: readonly Attempt[] = []): Reply =>
    wantsMetadata(request) ? withMetadata(reply, describeRouting(order, entry, attempts)) : reply;
  if (entry === undefined) return refused(invalidModel(order.model));
  const fit = admit(visit, entry);
  if ("status" in fit) return refused(fit);
  const { attempts, refusal } = tryInTurn(visit, entry, fit);
  return refusal === undefined ? serve(visit, entry, attempts) : refused(refusal, attempts);
}
