/** The contract of a probe kind: what it adds to the config, and which targets it makes of it. */
import type { Redactor } from "../base/redact.ts";
import type { Route } from "../clients/http/route.ts";
import type { CatalogueModel } from "../clients/openrouter/catalogue.ts";
import type { Connection } from "../clients/openrouter/connection.ts";
import type { Config, Credential, Entry } from "../config/config.ts";
import type { Section } from "../config/section.ts";
import type { KeyPoll } from "../core/key-trial.ts";
import type { Planned, Target } from "../core/probe.ts";
import type { Kind } from "../core/reason.ts";

/** What probes share while the daemon lives. */
export interface ProbeContext {
  readonly redactor: Redactor;
  /** How every request leaves this machine. */
  readonly route: Route;
  /** What the catalogue last said of a model, by `modelKey`: undefined where it has none of that id. The catalog probe writes, others read. */
  readonly seenModels: Map<string, CatalogueModel | undefined>;
  /** The latest polls of every key, by credential; each credential probe writes its own and reads its siblings'. */
  readonly keyPolls: Map<string, KeyPolls>;
}

export interface KeyPolls extends Pick<Credential, "apiKey" | "baseUrl"> {
  /** Oldest first. */
  readonly polls: KeyPoll[];
}

export const createContext = (redactor: Redactor, route: Route = {}): ProbeContext => ({
  redactor,
  route,
  seenModels: new Map(),
  keyPolls: new Map(),
});

export const modelKey = (credential: string, id: string): string => `${credential} ${id}`;

export interface ProbeKind {
  readonly kind: Kind;
  /** The part of the config file it owns; absent where its targets follow from the credentials. */
  readonly section?: Section;
  /** Every target of this kind that the config asks for. */
  plan(config: Config, context: ProbeContext): readonly Planned[];
}

export function connectionOf(credential: Credential, context: ProbeContext): Connection {
  const { flavor, baseUrl, apiKey, headers } = credential;
  return { flavor, baseUrl, apiKey, headers, redactor: context.redactor, route: context.route };
}

/** The credential an entry names, or the only one; `load` has made sure that it exists. */
export function credentialOf(config: Config, name: string | undefined): Credential {
  const found = name === undefined ? config.credentials[0] : config.credentials.find((credential) => credential.name === name);
  if (found === undefined) throw new Error(`no credential ${name ?? "at all"}: the config was not checked`);
  return found;
}

/** The targets of a section's entries; `settings` has passed the section's schema. */
export function planEntries<S>(
  config: Config,
  kind: Kind,
  plan: (entry: Entry, settings: S) => Planned | readonly Planned[],
): readonly Planned[] {
  return config.entries.filter((entry) => entry.kind === kind).flatMap((entry) => plan(entry, entry.settings as S));
}

/** What every target takes over from its entry. */
export function targetOf(entry: Entry, more: Partial<Target> = {}): Target {
  const { kind, name, every, timeoutSeconds, needs } = entry;
  return { kind, name, every, timeoutSeconds, needs, ...more };
}
