/** OpenRouter's endpoints: which there are, who may enter, what they answer. */
import type { Incoming, Reply } from "../exchange.ts";
import { json } from "../exchange.ts";
import type { Views } from "../faults/views.ts";
import type { Route, Router } from "../route.ts";
import { type CatalogueEntry, resolve } from "./catalogue.ts";
import { type ChatRoom, chat } from "./chat.ts";
import { providers } from "./endpoints.ts";
import { edgeHeaders, notFound, refuse, refuseStranger, userNotFound } from "./errors.ts";
import { keyBody } from "./key-body.ts";

export interface OpenRouterWorld extends ChatRoom {
  readonly apiKey: string;
  readonly managementKey: string;
}

interface Visit {
  readonly world: OpenRouterWorld;
  readonly request: Incoming;
  readonly views: Views;
  /** The key the caller is known by; "" for strangers at public doors. */
  readonly key: string;
  readonly modelId: string;
}

interface Door {
  readonly endpoint: string;
  readonly method: "GET" | "POST";
  readonly path: RegExp;
  readonly needsKey: boolean;
  reply(visit: Visit): Reply;
}

const listings = new WeakMap<readonly CatalogueEntry[], string>();

/** Serialised once for each state of the catalogue: it is more than half a megabyte. */
function listing(entries: readonly CatalogueEntry[]): string {
  const known = listings.get(entries);
  if (known !== undefined) return known;
  const models = entries.map(({ model }) => model);
  const text = JSON.stringify({ data: models, total_count: models.length, links: { next: null } });
  listings.set(entries, text);
  return text;
}

const ok = (value: unknown): Reply => json(200, value, edgeHeaders());
const entriesFor = ({ world, views }: Visit): readonly CatalogueEntry[] => views.catalogue(world.catalogue());

const PAGE_MODELS = 500;
const LARGEST_PAGE_MODELS = 1_000;

/** Only for callers who ask for pages; all others get everything (openrouter-api §4). */
function pageOf(entries: readonly CatalogueEntry[], { query, path }: Incoming): string {
  const offset = Math.max(0, Number(query.get("offset") ?? 0) || 0);
  const limit = Math.min(LARGEST_PAGE_MODELS, Number(query.get("limit") ?? 0) || PAGE_MODELS);
  const next = offset + limit < entries.length ? `${path}?offset=${offset + limit}&limit=${limit}` : null;
  const models = entries.slice(offset, offset + limit).map(({ model: one }) => one);
  return JSON.stringify({ data: models, total_count: entries.length, links: { next } });
}

function list({ request }: Visit, entries: readonly CatalogueEntry[], cacheControl: string): Reply {
  const isPaged = request.query.has("offset") || request.query.has("limit");
  return {
    status: 200,
    headers: { "content-type": "application/json", "cache-control": cacheControl, ...edgeHeaders() },
    body: isPaged ? pageOf(entries, request) : listing(entries),
  };
}

function credits({ world, views, key }: Visit): Reply {
  const account = views.account(world.ledger.account());
  if (key !== world.managementKey && !account.creditsOpen) return refuse(403, "Only management keys can perform this operation");
  return ok({ data: { total_credits: account.creditsBoughtUsd, total_usage: account.usageUsd } });
}

function describeKey({ world, views, key }: Visit): Reply {
  const fresh = { ...world.ledger.account(), freeUsed: world.ledger.staleFreeUsed() };
  return ok(keyBody(views.account(fresh), key, key === world.managementKey));
}

function endpoints(visit: Visit): Reply {
  const entry = resolve(entriesFor(visit), visit.modelId);
  if (entry === undefined) return notFound();
  const { id, name, created, description, architecture } = entry.model;
  // Latency and throughput are for callers with a key only (openrouter-api §5).
  const seen = entry.endpoints.map((endpoint) =>
    visit.key === "" ? { ...endpoint, latency_last_30m: null, throughput_last_30m: null } : endpoint,
  );
  return ok({ data: { id, name, created, description, architecture, endpoints: seen } });
}

function model(visit: Visit): Reply {
  const entry = resolve(entriesFor(visit), visit.modelId);
  return entry === undefined ? notFound() : ok({ data: entry.model });
}

function completion({ world, request, views, key }: Visit): Reply {
  if (key === world.managementKey) return refuse(403, "Management keys cannot be used for inference");
  return chat(world, request, views);
}

function generation({ world, request }: Visit): Reply {
  const id = request.query.get("id") ?? "";
  if (id === "") return refuse(400, "id: Invalid input: expected string, received undefined");
  const made = world.generations.find(id);
  return made === undefined ? notFound() : ok({ data: made });
}

const DOORS: readonly Door[] = [
  { endpoint: "chat", method: "POST", path: /^\/chat\/completions$/, needsKey: true, reply: completion },
  { endpoint: "key", method: "GET", path: /^\/(?:auth\/)?key$/, needsKey: true, reply: describeKey },
  { endpoint: "generation", method: "GET", path: /^\/generation$/, needsKey: true, reply: generation },
  { endpoint: "credits", method: "GET", path: /^\/credits$/, needsKey: true, reply: credits },
  {
    endpoint: "models",
    method: "GET",
    path: /^\/models$/,
    needsKey: false,
    reply: (visit) => list(visit, entriesFor(visit), "public, max-age=300"),
  },
  {
    endpoint: "models_user",
    method: "GET",
    path: /^\/models\/user$/,
    needsKey: true,
    reply: (visit) =>
      list(
        visit,
        entriesFor(visit).filter(({ blockedBy }) => blockedBy === undefined),
        "private, no-store",
      ),
  },
  {
    endpoint: "models_count",
    method: "GET",
    path: /^\/models\/count$/,
    needsKey: false,
    reply: (visit) => ok({ data: { count: entriesFor(visit).length } }),
  },
  { endpoint: "endpoints", method: "GET", path: /^\/models\/([^/]+\/[^/]+)\/endpoints$/, needsKey: false, reply: endpoints },
  { endpoint: "model", method: "GET", path: /^\/model\/([^/]+\/[^/]+)$/, needsKey: false, reply: model },
  {
    endpoint: "providers",
    method: "GET",
    path: /^\/providers$/,
    needsKey: false,
    reply: () => ok({ data: providers.map(({ name, slug }) => ({ name, slug, privacy_policy_url: null, status_page_url: null })) }),
  },
  // Management endpoints: all a normal key sees of them is the refusal (openrouter-api §13, S30).
  { endpoint: "keys", method: "GET", path: /^\/(?:keys(?:\/[^/]+)?|activity)$/, needsKey: true, reply: managed },
];

function managed({ world, key }: Visit): Reply {
  return key === world.managementKey ? ok({ data: [] }) : refuse(403, "Only management keys can perform this operation");
}

export const openrouterEndpoints: readonly string[] = DOORS.map(({ endpoint }) => endpoint);

const bearer = ({ headers }: Incoming): string => /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `base` is the path before the endpoint, such as /api/v1. */
export function routeOpenRouter(world: OpenRouterWorld, base: RegExp): Router {
  return (request): Route => {
    const path = request.path.replace(base, "");
    const door = DOORS.find((candidate) => candidate.path.test(path));
    if (door === undefined)
      return { service: "openrouter", endpoint: "none", refused: true, reply: () => refuseStranger(404, "Not Found") };
    const modelInPath = door.path.exec(path)?.[1];
    const modelId = modelInPath === undefined ? modelInBody(request) : decoded(modelInPath);
    const aim = { service: "openrouter", endpoint: door.endpoint, model: modelId } as const;
    const stranger = (reply: Reply): Route => ({ ...aim, refused: true, reply: () => reply });
    if (request.method !== door.method) return stranger(refuseStranger(405, "Method Not Allowed"));
    const shown = bearer(request);
    const isKnown = shown === world.apiKey || shown === world.managementKey;
    if (door.needsKey && shown === "") return stranger(refuseStranger(401, "Missing Authentication header"));
    if (door.needsKey && !isKnown) return stranger(userNotFound());
    return { ...aim, reply: (views) => door.reply({ world, request, views, key: isKnown ? shown : "", modelId: modelId ?? "" }) };
  };
}

function modelInBody({ json: body }: Incoming): string | undefined {
  const model = typeof body === "object" && body !== null && "model" in body ? body.model : undefined;
  return typeof model === "string" ? model : undefined;
}
