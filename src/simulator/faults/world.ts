/** Faults in what OpenRouter holds to be true: its catalogue, its pace, what its models understand. All endpoints follow, as they would. */
import { DAY_MS } from "../openrouter/account.ts";
import { type Block, type CatalogueEntry, isoDay } from "../openrouter/catalogue.ts";
import type { Model } from "../openrouter/model.ts";
import type { Order } from "../openrouter/order.ts";
import type { Fault, Scope } from "./fault.ts";

export const FAULTED_MODEL = "qwen/qwen3-coder:free";
const FAULTED_VISION_MODEL = "google/gemini-2.0-flash-exp:free";
const onModel = { service: "openrouter", defaults: { model: FAULTED_MODEL } } as const;

type Change = (entry: CatalogueEntry, nowMs: number) => CatalogueEntry;

/** Changes the scoped model alone. */
const changing =
  (change: Change) =>
  (entries: readonly CatalogueEntry[], { model }: Scope, nowMs: number): readonly CatalogueEntry[] =>
    entries.map((entry) => (entry.model.id === model ? change(entry, nowMs) : entry));

const inModel = (change: (model: Model, nowMs: number) => Partial<Model>): NonNullable<Fault["catalogue"]> =>
  changing((entry, nowMs) => ({ ...entry, model: { ...entry.model, ...change(entry.model, nowMs) } }));

const blind = ({ architecture }: Model): Partial<Model> => ({
  architecture: { ...architecture, modality: "text->text", input_modalities: ["text"] },
});

const blocked = (blockedBy: Block): NonNullable<Fault["catalogue"]> => changing((entry) => ({ ...entry, blockedBy }));

const FAILING = { provider_name: "Nebius", tag: "nebius" } as const;

const withFailingFirst: Change = (entry) => ({
  ...entry,
  endpoints: [...entry.endpoints.slice(0, 1).map((first) => ({ ...first, ...FAILING })), ...entry.endpoints],
  failing: [FAILING.tag],
});

const priced: Change = (entry) => {
  const pricing = { ...entry.model.pricing, prompt: "0.0000002", completion: "0.0000008" };
  return { ...entry, model: { ...entry.model, pricing }, endpoints: entry.endpoints.map((endpoint) => ({ ...endpoint, pricing })) };
};

const catalogueFaults = {
  model: {
    ...onModel,
    description: `The model left the catalogue: not listed, 404 by name, 400 in chat (${FAULTED_MODEL} unless scoped)`,
    catalogue: (entries, { model }) => entries.filter((entry) => entry.model.id !== model),
  },
  model_paid: { ...onModel, description: "The free model has a price now", catalogue: changing(priced) },
  model_leaving: {
    ...onModel,
    description: "The model has an expiration date a week from now",
    catalogue: inModel((_, nowMs) => ({ expiration_date: isoDay(nowMs + 7 * DAY_MS) })),
  },
  model_unrouted: {
    ...onModel,
    description: "The model is listed and nobody serves it: endpoints [], 404 in chat",
    catalogue: changing((entry) => ({ ...entry, endpoints: [] })),
  },
  model_blocked: {
    ...onModel,
    description: "The account's data policy (training) rules the model out: absent from /models/user, 404 in chat",
    catalogue: blocked("training"),
  },
  model_unpublishable: {
    ...onModel,
    description: "The account's data policy (publication) rules the model out: absent from /models/user, 404 in chat",
    catalogue: blocked("publication"),
  },
  model_guarded: {
    ...onModel,
    description: "A guardrail rules the model out: absent from /models/user, 404 in chat",
    catalogue: blocked("guardrail"),
  },
  model_substituted: {
    ...onModel,
    description: "The model's name is an alias now: mistralai/mistral-nemo answers in its place",
    catalogue: inModel(() => ({ alias_target: { slug: "mistralai/mistral-nemo", name: "Mistral: Mistral Nemo" } })),
  },
  vision_lost: {
    service: "openrouter",
    defaults: { model: FAULTED_VISION_MODEL },
    description: `The model takes no images any more (${FAULTED_VISION_MODEL} unless scoped)`,
    catalogue: inModel(blind),
  },
  fallback_used: {
    ...onModel,
    description: "The model's first provider fails (503) and another answers: 200, and only openrouter_metadata tells",
    catalogue: changing(withFailingFirst),
  },
  provider_degraded: {
    ...onModel,
    description: "The model's endpoints are marked as degraded (status -2, uptime 92.1); chat still works",
    catalogue: changing((entry) => ({
      ...entry,
      endpoints: entry.endpoints.map((endpoint) => ({ ...endpoint, status: -2, uptime_last_5m: 92.1, uptime_last_30m: 92.1 })),
    })),
  },
} as const satisfies Readonly<Record<string, Fault>>;

const paceFaults = {
  slow_first_token: {
    service: "openrouter",
    endpoints: ["chat"],
    description: "The first token takes 30 s, or as scoped by ms; comments come meanwhile",
    pace: (pace, { ms = 30_000 }) => ({ ...pace, firstTokenMs: ms }),
  },
  slow_tokens: {
    service: "openrouter",
    endpoints: ["chat"],
    description: "A second between tokens, or as scoped by ms",
    pace: (pace, { ms = 1_000 }) => ({ ...pace, tokenMs: ms }),
  },
} as const satisfies Readonly<Record<string, Fault>>;

/** A fault of what a model makes of its orders. */
const mishearing = (description: string, heard: (order: Order) => Order): Fault => ({
  service: "openrouter",
  endpoints: ["chat"],
  description,
  heard,
});

const attentionFaults = {
  wrong_answer: mishearing("The model answers something else: banana, whatever was asked or shown", (order) => ({
    ...order,
    prompt: "Reply with exactly: banana",
    images: [],
  })),
  schema_ignored: mishearing("The model answers in prose although a JSON schema was asked for", (order) => ({
    ...order,
    schema: undefined,
  })),
  tools_ignored: mishearing("The model talks in place of calling a tool", (order) => ({ ...order, tools: [] })),
} as const satisfies Readonly<Record<string, Fault>>;

export const worldFaults = { ...catalogueFaults, ...paceFaults, ...attentionFaults };
