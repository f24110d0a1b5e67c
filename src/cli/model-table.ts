/** The configured models against a catalogue, live or saved, as rows for people and for scripts. */
import { readFileSync, statSync } from "node:fs";
import { type Catalogue, type CatalogueModel, fetchCatalogue, readCatalogue } from "../clients/openrouter/catalogue.ts";
import type { Connection } from "../clients/openrouter/connection.ts";
import type { Config, Credential } from "../config/config.ts";
import { nearest, type Proposal } from "../core/nearest.ts";
import { reasons } from "../core/reason.ts";
import { connectionOf, createContext } from "../probes/kind.ts";
import { lookUpAll, wantedModels } from "../probes/listing.ts";
import { type Invocation, text } from "./command.ts";
import { type Io, paint } from "./io.ts";
import { type Column, foreign, table } from "./table.ts";

// The whole catalogue, with a slow link in mind; nobody waits longer for a table.
const TIMEOUT_MS = 30_000;
const MOST_FOUND = 40;

export interface ModelRow {
  readonly name: string;
  readonly id: string;
  readonly exists: boolean;
  readonly facts?: CatalogueModel;
  readonly nearest: readonly Proposal[];
}

const perMillion = (price: number | undefined): string => (price === undefined ? "" : String(Number((price * 1e6).toPrecision(3))));
const day = (ms: number | undefined): string => (ms === undefined ? "" : new Date(ms).toISOString().slice(0, 10));

const COLUMNS: readonly Column[] = [
  { title: "MODEL" },
  { title: "ID" },
  { title: "EXISTS" },
  { title: "FREE" },
  { title: "$/M IN", align: "right" },
  { title: "$/M OUT", align: "right" },
  { title: "CONTEXT", align: "right" },
  { title: "INPUT" },
  { title: "EXPIRES" },
];

function cells({ name, id, exists, facts }: ModelRow, io: Io): string[] {
  const free = facts?.free === undefined ? "" : facts.free ? "yes" : "no";
  return [
    foreign(name),
    foreign(id),
    exists ? paint(io, "green", "yes") : paint(io, "red", "no"),
    free,
    perMillion(facts?.priceUsdPerToken?.input),
    perMillion(facts?.priceUsdPerToken?.output),
    facts?.contextLengthTokens === undefined ? "" : String(facts.contextLengthTokens),
    foreign((facts?.inputModalities ?? []).join(" ")),
    day(facts?.expiresAt),
  ];
}

export const modelJson = ({ name, id, exists, facts, nearest }: ModelRow): object => ({
  target: name,
  id,
  exists,
  alias_of: facts !== undefined && facts.id !== id ? facts.id : null,
  free: facts?.free ?? null,
  price_usd_per_token: facts?.priceUsdPerToken ?? null,
  context_length_tokens: facts?.contextLengthTokens ?? null,
  input_modalities: facts?.inputModalities ?? null,
  output_modalities: facts?.outputModalities ?? null,
  expires_at: facts?.expiresAt === undefined ? null : new Date(facts.expiresAt).toISOString(),
  nearest,
});

export function printModels(rows: readonly ModelRow[], io: Io): void {
  const head = (title: string): string => paint(io, "bold", title);
  io.out(
    `${table(
      COLUMNS,
      rows.map((row) => cells(row, io)),
      head,
    )}\n`,
  );
  for (const { name, id, exists, nearest } of rows) {
    if (exists) continue;
    io.out(
      `\n${paint(io, "red", "●")} ${name}: ${id} does not exist.${nearest.length === 0 ? " Nothing in the catalogue is like it.\n" : " Did you mean\n"}`,
    );
    for (const { id: proposal, why } of nearest) io.out(`  → ${paint(io, "bold", foreign(proposal))}  ${paint(io, "dim", foreign(why))}\n`);
  }
}

/** The saved catalogue that the invocation names; undefined when it names none or it cannot be read, which is then said. */
function savedCatalogue(invocation: Invocation): Catalogue | undefined {
  const file = text(invocation, "catalog");
  if (file === undefined) return undefined;
  try {
    // A pipe would block everything, signals too, until somebody writes into it.
    if (!statSync(file).isFile()) throw new Error("it is no regular file");
    const catalogue = readCatalogue(readFileSync(file, "utf8"));
    if (catalogue !== undefined) return catalogue;
    invocation.io.err(`${file}: found no catalogue; expected the JSON that GET /models answers, {"data":[{"id":…}]}\n`);
  } catch (error) {
    invocation.io.err(`${file}: cannot be read: ${(error as Error).message}\n`);
  }
  return undefined;
}

interface Source {
  readonly catalogue: Catalogue;
  /** It was answered just now, so single models may be asked for too. */
  readonly live: boolean;
}

/** What the API answers; when it does not, what was saved; undefined after the failure was printed. */
async function openCatalogue(
  connection: Connection,
  name: string,
  invocation: Invocation,
  signal: AbortSignal,
  offline: boolean,
): Promise<Source | undefined> {
  if (offline) {
    const saved = savedCatalogue(invocation);
    return saved === undefined ? undefined : { catalogue: saved, live: false };
  }
  const { io } = invocation;
  const { reason, evidence, value } = await fetchCatalogue(connection, signal);
  if (value !== undefined) return { catalogue: value, live: true };
  io.err(`The catalogue of ${name} cannot be read: ${reasons[reason].says}: ${evidence.message ?? ""}\n→ ${reasons[reason].remedy}\n`);
  const saved = savedCatalogue(invocation);
  if (saved === undefined) return undefined;
  io.err(`Using the saved one, ${text(invocation, "catalog")}.\n`);
  return { catalogue: saved, live: false };
}

/** Rows for the configured models of one credential, or for those that match `search`; undefined after the failure was printed. */
export async function modelRows(
  config: Config,
  credential: Credential,
  invocation: Invocation,
  { offline = false, search }: { readonly offline?: boolean; readonly search?: string | undefined } = {},
): Promise<readonly ModelRow[] | undefined> {
  const connection = connectionOf(credential, createContext(invocation.io.redactor, { proxies: config.proxy }));
  const signal = AbortSignal.any([invocation.io.stop, AbortSignal.timeout(TIMEOUT_MS)]);
  const source = await openCatalogue(connection, credential.name, invocation, signal, offline);
  if (source === undefined) return undefined;
  const { catalogue, live } = source;
  if (search !== undefined) {
    const found = [...catalogue.values()].filter(({ id, name }) => `${id} ${name ?? ""}`.toLowerCase().includes(search.toLowerCase()));
    return found.slice(0, MOST_FOUND).map((facts) => ({ name: facts.name ?? "", id: facts.id, exists: true, facts, nearest: [] }));
  }
  const wanted = wantedModels(config, credential);
  const known = live ? await lookUpAll(connection, wanted, catalogue, signal) : undefined;
  // An application that has free models wants free ones, whether or not the policy says so.
  const anyFree = wanted.some(({ id }) => id.endsWith(":free"));
  return wanted.map(({ target, id, free }): ModelRow => {
    const facts = known === undefined ? catalogue.get(id) : known.get(id)?.model;
    return facts === undefined
      ? { name: target, id, exists: false, nearest: nearest(id, catalogue.values(), free || anyFree) }
      : { name: target, id, exists: true, facts, nearest: [] };
  });
}
