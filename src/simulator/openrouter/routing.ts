/** OpenRouter's routing: endpoints pass one filter after the other, and the 404 tells at which none was left (openrouter-api §8). */
import type { JsonObject, Reply } from "../exchange.ts";
import type { Block, CatalogueEntry } from "./catalogue.ts";
import type { Endpoint } from "./endpoints.ts";
import { refuse } from "./errors.ts";
import type { Order } from "./order.ts";

interface Filter {
  readonly step: string;
  keeps(endpoint: Endpoint, entry: CatalogueEntry, order: Order): boolean;
  message(entry: CatalogueEntry, order: Order): string;
  /** What else the refusal tells. */
  more?(entry: CatalogueEntry, order: Order): JsonObject;
}

const PRIVACY = "https://openrouter.ai/settings/privacy";
const POLICIES: Readonly<Record<Exclude<Block, "guardrail">, string>> = {
  training: "Free model training",
  publication: "Free model publication",
};

const perMillion = (price: string): number => Number(price) * 1e6;

const FILTERS: readonly Filter[] = [
  {
    step: "Filter by Data Policy",
    keeps: (_, { blockedBy }) => blockedBy === undefined || blockedBy === "guardrail",
    message: ({ blockedBy }) =>
      `No endpoints found matching your data policy (${POLICIES[blockedBy === "publication" ? blockedBy : "training"]}). Configure: ${PRIVACY}`,
  },
  {
    step: "Filter by Guardrails",
    keeps: (_, { blockedBy }) => blockedBy !== "guardrail",
    message: ({ endpoints }) =>
      `0 endpoints out of ${endpoints.length} requested are available matching your guardrail restrictions and data policy. Configure: ${PRIVACY}`,
    more: ({ endpoints }) => ({
      input_endpoint_count: endpoints.length,
      ineligibility_reasons: [{ reason: "guardrail_restriction", count: endpoints.length, configure_url: PRIVACY }],
    }),
  },
  {
    step: "Filter by Allowed Providers",
    keeps: ({ tag }, _, { onlyProviders }) =>
      onlyProviders === undefined || onlyProviders.some((only) => only === tag || tag.startsWith(`${only}/`)),
    message: ({ model, endpoints }) =>
      `No allowed providers are available for the selected model. Providers serving ${model.canonical_slug}: ${endpoints.map(({ tag }) => tag).join(", ")}`,
    more: ({ endpoints }, { onlyProviders }) => ({
      requested_providers: onlyProviders,
      available_providers: endpoints.map(({ tag }) => tag),
    }),
  },
  {
    step: "Filter by Image Support",
    keeps: (_, { model }, { images }) => images.length === 0 || model.architecture.input_modalities.includes("image"),
    message: () => "No endpoints found that support image input",
  },
  {
    step: "Filter by Tool Compatibility",
    keeps: ({ supported_parameters }, _, { toolsWanted }) => !toolsWanted || supported_parameters.includes("tools"),
    message: () =>
      "No endpoints found that support tool use. To learn more about provider routing, visit: https://openrouter.ai/docs/provider-routing",
  },
  {
    step: "Filter by Parameters",
    keeps: ({ supported_parameters }, _, order) =>
      !order.requireParameters || order.parameters.every((parameter) => supported_parameters.includes(parameter)),
    message: () => "No endpoints found that can handle the requested parameters.",
  },
  {
    step: "Filter by Max Price",
    keeps: ({ pricing }, _, { maxPrice }) =>
      perMillion(pricing.prompt) <= maxPrice.prompt && perMillion(pricing.completion) <= maxPrice.completion,
    message: () => "No endpoints found that satisfy the max price for this request",
  },
];

/** The endpoints fit to serve the order, never an empty list, or the 404. */
export function route(entry: CatalogueEntry, order: Order): readonly Endpoint[] | Reply {
  let left = entry.endpoints;
  if (left.length === 0) return refuse(404, `No endpoints found for ${order.model}.`);
  const funnel = [{ step: "Initial Endpoints", endpoint_count: left.length }];
  for (const filter of FILTERS) {
    left = left.filter((endpoint) => filter.keeps(endpoint, entry, order));
    funnel.push({ step: filter.step, endpoint_count: left.length });
    if (left.length > 0) continue;
    const funnelled = { routing_funnel: funnel, failed_routing_step: filter.step };
    return refuse(404, filter.message(entry, order), { ...funnelled, ...filter.more?.(entry, order) });
  }
  return left;
}
