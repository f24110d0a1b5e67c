import type { CatalogueModel } from "../../clients/openrouter/catalogue.ts";
import type { Config, Credential } from "../../config/config.ts";
import type { Proposal } from "../../core/nearest.ts";
import { type Command, configOptions, flag, type Invocation, jsonOption, text } from "../command.ts";
import { EXIT, type ExitCode, type Io, paint } from "../io.ts";
import { type Column, table } from "../table.ts";

// The whole catalogue, with a slow link in mind; nobody waits longer for a table.
const TIMEOUT_MS = 30_000;
const MOST_FOUND = 40;

interface ModelRow {
  readonly name: string;
  readonly id: string;
  readonly exists: boolean;
  readonly facts?: CatalogueModel;
  readonly nearest: readonly Proposal[];
}

const perMillion = (price: number | undefined): string =>
  price === undefined ? "" : price === 0 ? "0" : (price * 1e6).toPrecision(3).replace(/\.?0+$/, "");
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
    name,
    id,
    exists ? paint(io, "green", "yes") : paint(io, "red", "no"),
    free,
    perMillion(facts?.priceUsdPerToken?.input),
    perMillion(facts?.priceUsdPerToken?.output),
    facts?.contextLengthTokens === undefined ? "" : String(facts.contextLengthTokens),
    (facts?.inputModalities ?? []).join(" "),
    day(facts?.expiresAt),
  ];
}

const jsonOf = ({ name, id, exists, facts, nearest }: ModelRow): object => ({
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

function print(rows: readonly ModelRow[], io: Io): void {
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
    for (const { id: proposal, why } of nearest) io.out(`  → ${paint(io, "bold", proposal)}  ${paint(io, "dim", why)}\n`);
  }
}

/** The configured models of one credential against its catalogue; undefined after the failure was printed. */
async function compare(config: Config, credential: Credential, invocation: Invocation): Promise<readonly ModelRow[] | undefined> {
  const [{ createRedactor }, { connectionOf, createContext }, { fetchCatalogue }, { lookUpAll, wantedModels }, { nearest }, { reasons }] =
    await Promise.all([
      import("../../base/redact.ts"),
      import("../../probes/kind.ts"),
      import("../../clients/openrouter/catalogue.ts"),
      import("../../probes/listing.ts"),
      import("../../core/nearest.ts"),
      import("../../core/reason.ts"),
    ]);
  const { io } = invocation;
  const connection = connectionOf(credential, createContext(createRedactor(config.secrets)));
  const signal = AbortSignal.any([io.stop, AbortSignal.timeout(TIMEOUT_MS)]);
  const { reason, evidence, value } = await fetchCatalogue(connection, signal);
  if (value === undefined) {
    io.err(
      `The catalogue of ${credential.name} cannot be read: ${reasons[reason].says}: ${evidence.message ?? ""}\n→ ${reasons[reason].remedy}\n`,
    );
    return undefined;
  }
  const search = text(invocation, "search")?.toLowerCase();
  if (search !== undefined) {
    const found = [...value.values()].filter(({ id, name }) => `${id} ${name ?? ""}`.toLowerCase().includes(search));
    return found.slice(0, MOST_FOUND).map((facts) => ({ name: facts.name ?? "", id: facts.id, exists: true, facts, nearest: [] }));
  }
  const wanted = wantedModels(config, credential);
  const known = await lookUpAll(connection, wanted, value, signal);
  return wanted.map(({ target, id, free }) => {
    const facts = known.get(id)?.model;
    // An application that has free models wants free ones, whether or not the policy says so.
    const preferFree = free || wanted.some((other) => other.id.endsWith(":free"));
    return facts === undefined
      ? { name: target, id, exists: false, nearest: nearest(id, value.values(), preferFree) }
      : { name: target, id, exists: true, facts, nearest: [] };
  });
}

async function run(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation;
  const { openConfig } = await import("../open-config.ts");
  const opened = openConfig(invocation);
  if (opened === undefined) return EXIT.usage;
  const compared = await Promise.all(opened.config.credentials.map((credential) => compare(opened.config, credential, invocation)));
  const rows = compared.flatMap((some) => some ?? []);
  const json = flag(invocation, "json");
  if (json) io.out(`${JSON.stringify(rows.map(jsonOf), null, 2)}\n`);
  else if (rows.length > 0) print(rows, io);
  else if (!compared.includes(undefined)) io.out("No model found.\n");
  return compared.includes(undefined) || rows.some(({ exists }) => !exists) ? EXIT.down : EXIT.ok;
}

export const models: Command = {
  name: "models",
  summary: "Show the configured models as the catalogue knows them; for one that does not exist, the nearest that do.",
  options: [...configOptions, { flags: "--search <text>", says: "search the whole catalogue instead" }, jsonOption],
  examples: ["llm-healthd models", "llm-healthd models --search kimi", "llm-healthd models --json"],
  exits: "0 every model exists, 1 one does not or the catalogue does not answer, 2 wrong config or usage",
  run,
};
