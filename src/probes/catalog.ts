/** The model catalogue: that it answers, and what it says of each configured model. Spends nothing. */
import { fetchAllowed, fetchCatalogue } from "../clients/openrouter/catalogue.ts";
import type { Config, Credential } from "../config/config.ts";
import { degraded, down, type Outcome, up } from "../core/outcome.ts";
import type { Planned } from "../core/probe.ts";
import { connectionOf, modelKey, type ProbeContext, type ProbeKind } from "./kind.ts";
import { gravestOf, listingOf, lookUpAll, wantedModels } from "./listing.ts";

export const catalogTargetName = (credential: string): string => `${credential}_catalog`;

function plan(config: Config, credential: Credential, context: ProbeContext): Planned {
  const connection = connectionOf(credential, context);
  const wanted = wantedModels(config, credential);
  const name = catalogTargetName(credential.name);
  const run = async (signal: AbortSignal): Promise<Outcome> => {
    const { reason, evidence, value: list } = await fetchCatalogue(connection, signal);
    if (list === undefined) return down(reason, evidence);
    const [known, allowed] = await Promise.all([
      lookUpAll(connection, wanted, list, signal),
      // Not an answer, an answer that says nothing: then nothing is said of blocked models either.
      credential.flavor === "openrouter" ? fetchAllowed(connection, signal) : undefined,
    ]);
    for (const [id, { model }] of known) context.seenModels.set(modelKey(credential.name, id), model);
    const listings = wanted.map((model) => listingOf(model, credential.name, known.get(model.id) ?? { model: undefined }, allowed?.value));
    const ailment = gravestOf(listings);
    if (ailment === undefined) return up({ ...evidence, listings });
    return degraded(ailment.reason, { ...evidence, listings, message: ailment.message });
  };
  return {
    target: { kind: "catalog", name, credential: credential.name, needs: [], ...credential.catalog },
    probe: { run },
  };
}

export const catalogKind: ProbeKind = {
  kind: "catalog",
  plan(config, context) {
    const wanted = config.credentials.flatMap((credential) =>
      wantedModels(config, credential).map(({ id }) => modelKey(credential.name, id)),
    );
    const keys = new Set(wanted);
    for (const key of context.seenModels.keys()) if (!keys.has(key)) context.seenModels.delete(key);
    return config.credentials.map((credential) => plan(config, credential, context));
  },
};
