/** `openrouter_metadata`, which a caller may ask for by header: how the request was routed (openrouter-api §6). */
import { asObject, asText, type Incoming, isStream, type JsonObject, type Reply } from "../exchange.ts";
import type { CatalogueEntry } from "./catalogue.ts";
import type { Order } from "./order.ts";

/** One provider asked, and what it answered. */
export interface Attempt {
  readonly provider: string;
  readonly model: string;
  readonly status: number;
}

export const wantsMetadata = ({ headers }: Incoming): boolean => headers["x-openrouter-metadata"]?.toLowerCase() === "enabled";

function strategyOf({ model: requested }: Order, entry: CatalogueEntry | undefined): string {
  if (requested === "openrouter/auto") return "auto";
  if (entry === undefined || requested.startsWith(entry.model.id) || requested === entry.model.canonical_slug) return "direct";
  return requested.startsWith("~") ? "latest" : "alias";
}

export function describeRouting(order: Order, entry: CatalogueEntry | undefined, attempts: readonly Attempt[]): JsonObject {
  const served = attempts.find(({ status }) => status === 200)?.provider;
  const endpoints = entry?.endpoints ?? [];
  const available = endpoints.map(({ provider_name: provider }) => ({
    provider,
    model: entry?.model.id ?? order.model,
    selected: provider === served,
  }));
  return {
    requested: order.model,
    strategy: strategyOf(order, entry),
    region: "iad",
    summary: `available=${endpoints.length}${served === undefined ? "" : `, selected=${served}`}`,
    // 1-based; 0: no provider was ever reached.
    attempt: attempts.length,
    is_byok: false,
    endpoints: { total: endpoints.length, available },
    ...(attempts.length > 0 && { attempts }),
  };
}

// Never on masked errors, nor on those about who asks and how often (openrouter-api §6).
const BARE_STATUS: ReadonlySet<number> = new Set([401, 429, 500]);

export function withMetadata(refusal: Reply, metadata: JsonObject): Reply {
  if (BARE_STATUS.has(refusal.status) || isStream(refusal.body)) return refusal;
  return { ...refusal, body: JSON.stringify({ ...asObject(JSON.parse(refusal.body.toString())), openrouter_metadata: metadata }) };
}

/** Whether the refusal names a provider: then that one was asked, else OpenRouter itself refused. */
export function namesProvider({ body }: Reply): boolean {
  if (isStream(body)) return false;
  return asText(asObject(asObject(asObject(JSON.parse(body.toString())).error).metadata).provider_name) !== undefined;
}
