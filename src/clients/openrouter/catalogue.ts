/** The model catalogue: all of it, or one model by id (which also resolves aliases). Public and free of charge. */
import type { Reason } from "../../core/reason.ts";
import { classify } from "./classify.ts";
import { ask, type Connection, evidenceOf, type Finding } from "./connection.ts";
import { modelsSchema, oneModelSchema, parseJson, type WireModel } from "./wire.ts";

/** A model as the catalogue describes it; absent means not told. */
export interface CatalogueModel {
  readonly id: string;
  readonly name?: string;
  readonly contextLengthTokens?: number;
  readonly inputModalities?: readonly string[];
  readonly outputModalities?: readonly string[];
  readonly supportedParameters?: readonly string[];
  readonly priceUsdPerToken?: { readonly input: number; readonly output: number };
  /** By price, not by the `:free` suffix: a zero price without the suffix exists, and the suffix outlives offers (§4). */
  readonly free?: boolean;
  /** Milliseconds since 1970: after this day it may be removed. */
  readonly expiresAt?: number;
  /** It reasons, and whether that can be turned off. */
  readonly reasoning?: "optional" | "mandatory";
  readonly aliasOf?: string;
}

export function catalogueModel(wire: WireModel): CatalogueModel {
  const { prompt, completion, request = 0 } = wire.pricing ?? {};
  const priced = prompt !== undefined && completion !== undefined && prompt >= 0 && completion >= 0;
  const fields = {
    id: wire.id,
    name: wire.name,
    contextLengthTokens: wire.context_length ?? undefined,
    inputModalities: wire.architecture?.input_modalities,
    outputModalities: wire.architecture?.output_modalities,
    supportedParameters: wire.supported_parameters,
    // Routers carry negative sentinel prices (§4): no price at all.
    priceUsdPerToken: priced ? { input: prompt, output: completion } : undefined,
    free: priced ? prompt === 0 && completion === 0 && request === 0 : undefined,
    expiresAt: expiry(wire.expiration_date),
    reasoning: wire.reasoning ? (wire.reasoning.mandatory === true ? "mandatory" : "optional") : undefined,
    aliasOf: wire.alias_target?.slug,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as unknown as CatalogueModel;
}

function expiry(date: string | null | undefined): number | undefined {
  const at = date ? Date.parse(date) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

export type Catalogue = ReadonlyMap<string, CatalogueModel>;

/** `GET /models`: every model, by id. */
export const fetchCatalogue = (connection: Connection, signal: AbortSignal): Promise<Finding<Catalogue>> =>
  fetchList(connection, "/models", signal);

/** `GET /models/user` (OpenRouter only): those that this account's settings let through (§4). Needs a good key. */
export const fetchAllowed = (connection: Connection, signal: AbortSignal): Promise<Finding<Catalogue>> =>
  fetchList(connection, "/models/user", signal);

/** The catalogue in a text: an answer of `GET /models` that was saved. Undefined when it is none. */
export function readCatalogue(text: string): Catalogue | undefined {
  const parsed = modelsSchema.safeParse(parseJson(text));
  const catalogue = parsed.success ? byId(parsed.data.data) : undefined;
  return catalogue === undefined || catalogue.size === 0 ? undefined : catalogue;
}

function byId(wires: readonly (WireModel | null)[]): Catalogue {
  const models = wires.filter((model) => model !== null).map(catalogueModel);
  return new Map(models.map((model) => [model.id, model]));
}

async function fetchList(connection: Connection, path: string, signal: AbortSignal): Promise<Finding<Catalogue>> {
  const answer = await ask(connection, { method: "GET", path }, signal);
  const parsed = modelsSchema.safeParse(answer.body);
  const reason: Reason = classify(answer) ?? answer.exchange.fault?.reason ?? (parsed.success ? "ok" : "body_malformed");
  const evidence = evidenceOf(connection, answer, reason);
  if (reason !== "ok" || !parsed.success) return { reason, evidence };
  return { reason, evidence, value: byId(parsed.data.data) };
}

/** `GET /model/{id}` (OpenRouter only): `null` where it does not exist, an alias under the id it stands for. */
export async function fetchModel(connection: Connection, id: string, signal: AbortSignal): Promise<Finding<CatalogueModel | null>> {
  const path = `/model/${encodeURI(id)}`;
  const answer = await ask(connection, { method: "GET", path }, signal);
  const parsed = oneModelSchema.safeParse(answer.body);
  if (answer.statusCode === 404) return { reason: "ok", evidence: evidenceOf(connection, answer, "ok"), value: null };
  const reason: Reason = classify(answer) ?? answer.exchange.fault?.reason ?? (parsed.success ? "ok" : "body_malformed");
  const evidence = evidenceOf(connection, answer, reason);
  return reason === "ok" && parsed.success ? { reason, evidence, value: catalogueModel(parsed.data.data) } : { reason, evidence };
}
