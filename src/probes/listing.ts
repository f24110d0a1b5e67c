/** What the catalogue says of the configured models, and what is wrong with that. */
import { type Catalogue, type CatalogueModel, fetchModel } from "../clients/openrouter/catalogue.ts";
import type { Connection } from "../clients/openrouter/connection.ts";
import { fetchEndpoints, type ModelEndpoints } from "../clients/openrouter/endpoints.ts";
import type { Config, Credential } from "../config/config.ts";
import type { Capability, ModelListing } from "../core/outcome.ts";
import type { Reason } from "../core/reason.ts";
import { credentialOf } from "./kind.ts";
import { type ModelSettings, mustBeFree } from "./model.ts";

/** A configured model, as far as the catalogue is concerned. */
export interface Wanted {
  readonly target: string;
  readonly id: string;
  readonly free: boolean;
  readonly vision: boolean;
}

/** The configured models that are reached with this credential. */
export function wantedModels(config: Config, credential: Credential): readonly Wanted[] {
  return config.entries
    .filter((entry) => entry.kind === "model")
    .map((entry) => ({ name: entry.name, settings: entry.settings as ModelSettings }))
    .filter(({ settings }) => credentialOf(config, settings.credential) === credential)
    .map(({ name, settings }) => ({ target: name, id: settings.id, free: mustBeFree(settings, config), vision: settings.expect.vision }));
}

/** What is known of one id; `model` is undefined where it does not exist. */
export interface Known {
  readonly model: CatalogueModel | undefined;
  readonly endpoints?: ModelEndpoints;
}

// Enough to be quick with many models, few enough not to be a burst.
const AT_ONCE = 4;

/**
 * Looks one id up. `GET /model/{id}` also resolves aliases and dated names that the list leaves out, so it has the last word;
 * where it does not answer, the list has. Other servers than OpenRouter only have the list.
 */
async function lookUp(connection: Connection, id: string, list: Catalogue, signal: AbortSignal): Promise<Known> {
  if (connection.flavor !== "openrouter") return { model: list.get(id) };
  const [found, endpoints] = await Promise.all([fetchModel(connection, id, signal), fetchEndpoints(connection, id, signal)]);
  const model = found.value ?? list.get(id);
  return { model, ...(model === undefined || endpoints.value === undefined ? {} : { endpoints: endpoints.value }) };
}

export async function lookUpAll(
  connection: Connection,
  wanted: readonly Wanted[],
  list: Catalogue,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Known>> {
  const known = new Map<string, Known>();
  const left = new Set(wanted.map(({ id }) => id)).values();
  const work = async (): Promise<void> => {
    for (const id of left) known.set(id, await lookUp(connection, id, list, signal));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return known;
}

function capabilitiesOf({ inputModalities, supportedParameters }: CatalogueModel): Record<Capability, boolean> | undefined {
  if (inputModalities === undefined || supportedParameters === undefined) return undefined;
  return {
    image_input: inputModalities.includes("image"),
    tools: supportedParameters.includes("tools"),
    structured_outputs: supportedParameters.includes("structured_outputs"),
    reasoning: supportedParameters.includes("reasoning"),
  };
}

interface Ailment {
  readonly reason: Reason;
  readonly words: string;
  ails(listing: ModelListing, model: Wanted): boolean;
}

/** The gravest first. */
const AILMENTS: readonly Ailment[] = [
  { reason: "model_missing", words: "not in the catalogue", ails: ({ listed }) => !listed },
  {
    reason: "forbidden",
    words: "ruled out by this account's privacy settings, policies or guardrails",
    ails: ({ blocked }) => blocked === true,
  },
  { reason: "model_no_longer_free", words: "not free", ails: (listing, { free }) => free && listing.free === false },
  {
    reason: "vision_unsupported",
    words: "takes no images",
    ails: ({ capabilities }, { vision }) => vision && capabilities?.image_input === false,
  },
  { reason: "model_unavailable", words: "nobody serves it", ails: ({ endpoints }) => endpoints === 0 },
];

/** `allowed`: what this account may use, where that could be learnt. */
export function listingOf(wanted: Wanted, credential: string, { model, endpoints }: Known, allowed: Catalogue | undefined): ModelListing {
  const base = { target: wanted.target, credential, model: wanted.id };
  if (model === undefined) return { ...base, listed: false, ailment: "model_missing" };
  const fields = {
    ...base,
    listed: true,
    blocked: allowed === undefined ? undefined : !allowed.has(model.id),
    aliasOf: model.id === wanted.id ? model.aliasOf : model.id,
    endpoints: endpoints?.count,
    uptime: endpoints?.uptime,
    free: model.free,
    capabilities: capabilitiesOf(model),
    priceUsdPerToken: model.priceUsdPerToken,
    contextLengthTokens: model.contextLengthTokens,
    expiresAt: model.expiresAt,
  };
  const listing = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as unknown as ModelListing;
  const ailment = AILMENTS.find(({ ails }) => ails(listing, wanted));
  return ailment === undefined ? listing : { ...listing, ailment: ailment.reason };
}

/** The gravest thing that is wrong with any of them, naming all that have it; undefined when nothing is. */
export function gravestOf(listings: readonly ModelListing[]): { reason: Reason; message: string } | undefined {
  for (const { reason, words } of AILMENTS) {
    const ailing = listings.filter(({ ailment }) => ailment === reason);
    if (ailing.length > 0) return { reason, message: `${words}: ${ailing.map(({ target, model }) => `${target} (${model})`).join(", ")}` };
  }
  return undefined;
}
