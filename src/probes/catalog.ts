/** The model catalogue: that it answers, and what it says of each configured model. Spends nothing. */
import { type CatalogueModel, fetchCatalogue, fetchModel } from "../clients/openrouter/catalogue.ts";
import type { Connection, Finding } from "../clients/openrouter/connection.ts";
import type { Config, Credential } from "../config/config.ts";
import { type Capability, degraded, down, type Evidence, type ModelListing, type Outcome, up } from "../core/outcome.ts";
import { connectionOf, credentialOf, modelKey, type PlannedProbe, type ProbeContext, type ProbeKind } from "./kind.ts";
import { type ModelSettings, mustBeFree } from "./model.ts";

/** A configured model, as far as the catalogue is concerned. */
interface Wanted {
  readonly target: string;
  readonly id: string;
  readonly free: boolean;
  readonly vision: boolean;
}

// Enough to be quick with many models, few enough not to be a burst.
const AT_ONCE = 4;

export const catalogTargetName = (credential: string): string => `${credential}_catalog`;

/** The configured models that are reached with this credential. */
export function wantedModels(config: Config, credential: Credential): readonly Wanted[] {
  return config.entries
    .filter((entry) => entry.kind === "model")
    .map((entry) => ({ name: entry.name, settings: entry.settings as ModelSettings }))
    .filter(({ settings }) => credentialOf(config, settings.credential) === credential)
    .map(({ name, settings }) => ({ target: name, id: settings.id, free: mustBeFree(settings, config), vision: settings.expect.vision }));
}

function capabilitiesOf(model: CatalogueModel): Record<Capability, boolean> | undefined {
  if (model.inputModalities === undefined || model.supportedParameters === undefined) return undefined;
  const { inputModalities, supportedParameters } = model;
  return {
    image_input: inputModalities.includes("image"),
    tools: supportedParameters.includes("tools"),
    structured_outputs: supportedParameters.includes("structured_outputs"),
    reasoning: supportedParameters.includes("reasoning"),
  };
}

function listingOf(wanted: Wanted, credential: Credential, model: CatalogueModel | undefined): ModelListing {
  const base = { target: wanted.target, credential: credential.name, model: wanted.id };
  if (model === undefined) return { ...base, listed: false };
  const capabilities = capabilitiesOf(model);
  return {
    ...base,
    listed: true,
    ...(model.free === undefined ? {} : { free: model.free }),
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(model.priceUsdPerToken === undefined ? {} : { priceUsdPerToken: model.priceUsdPerToken }),
    ...(model.contextLengthTokens === undefined ? {} : { contextLengthTokens: model.contextLengthTokens }),
    ...(model.expiresAt === undefined ? {} : { expiresAt: model.expiresAt }),
  };
}

/**
 * Looks one id up. `GET /model/{id}` also resolves aliases and dated names that the list leaves out, so it has the last word;
 * where it does not answer, the list has. Other servers than OpenRouter only have the list.
 */
async function lookUp(connection: Connection, id: string, list: ReadonlyMap<string, CatalogueModel>, signal: AbortSignal) {
  if (connection.flavor !== "openrouter") return list.get(id);
  const found: Finding<CatalogueModel | null> = await fetchModel(connection, id, signal);
  return found.value === undefined ? list.get(id) : (found.value ?? list.get(id));
}

export async function lookUpAll(
  connection: Connection,
  wanted: readonly Wanted[],
  list: ReadonlyMap<string, CatalogueModel>,
  signal: AbortSignal,
) {
  const models = new Map<string, CatalogueModel | undefined>();
  const left = wanted.map(({ id }) => id).values();
  const work = async (): Promise<void> => {
    for (const id of left) models.set(id, await lookUp(connection, id, list, signal));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return models;
}

/** What is wrong with the configured models by the catalogue's word; the gravest first. */
function judge(wanted: readonly Wanted[], listings: readonly ModelListing[], evidence: Evidence): Outcome {
  const named = (which: (listing: ModelListing, model: Wanted) => boolean): string[] =>
    wanted.filter((model, at) => which(listings[at] ?? ({} as ModelListing), model)).map(({ target, id }) => `${target} (${id})`);
  const missing = named((listing) => !listing.listed);
  if (missing.length > 0) return degraded("model_missing", { ...evidence, message: `not in the catalogue: ${missing.join(", ")}` });
  const costly = named((listing, model) => model.free && listing.free === false);
  if (costly.length > 0) return degraded("model_no_longer_free", { ...evidence, message: `not free: ${costly.join(", ")}` });
  const blind = named((listing, model) => model.vision && listing.capabilities?.image_input === false);
  if (blind.length > 0) return degraded("vision_unsupported", { ...evidence, message: `takes no images: ${blind.join(", ")}` });
  return up(evidence);
}

function plan(config: Config, credential: Credential, context: ProbeContext): PlannedProbe {
  const connection = connectionOf(credential, context);
  const wanted = wantedModels(config, credential);
  const name = catalogTargetName(credential.name);
  const run = async (signal: AbortSignal): Promise<Outcome> => {
    const { reason, evidence, value: list } = await fetchCatalogue(connection, signal);
    if (list === undefined) return down(reason, evidence);
    const models = await lookUpAll(connection, wanted, list, signal);
    for (const [id, model] of models) {
      if (model === undefined) context.seenModels.delete(modelKey(credential.name, id));
      else context.seenModels.set(modelKey(credential.name, id), model);
    }
    const listings = wanted.map((model) => listingOf(model, credential, models.get(model.id)));
    return judge(wanted, listings, { ...evidence, listings });
  };
  return {
    target: { kind: "catalog", name, credential: credential.name, needs: [], ...credential.catalog },
    probe: { run },
  };
}

export const catalogKind: ProbeKind = {
  kind: "catalog",
  plan: (config, context) => config.credentials.map((credential) => plan(config, credential, context)),
};
