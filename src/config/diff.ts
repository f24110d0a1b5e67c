/** What a new config changes: which targets come, go, change, or may keep running as they are. */
import { isDeepStrictEqual } from "node:util";
import type { Config, Credential, Entry } from "./config.ts";
import { isMapping } from "./shape.ts";

/** Names of targets. */
export interface Difference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
}

const credentialNameOf = ({ settings }: Entry): unknown => (isMapping(settings) ? settings.credential : undefined);

/** How the API is reached: what a model shares with its credential. */
const connection = ({ flavor, apiKey, baseUrl, headers }: Credential): unknown => ({ flavor, apiKey, baseUrl, headers });

/** Each target with everything that its probe is made from. The catalogue is compared with the models that use it. */
function concerns(config: Config): ReadonlyMap<string, unknown> {
  const all = new Map<string, unknown>();
  for (const credential of config.credentials) {
    const { catalog, ...own } = credential;
    all.set(credential.name, own);
    const models = config.entries.filter((entry) => credentialNameOf(entry) === credential.name);
    all.set(`${credential.name}_catalog`, [connection(credential), catalog, models, config.policy]);
  }
  for (const entry of config.entries) {
    const through = config.credentials.find(({ name }) => name === credentialNameOf(entry));
    const concern = through === undefined ? entry : [entry, connection(through), config.policy];
    for (const name of [entry.name, ...entry.also]) all.set(name, concern);
  }
  return all;
}

export function diff(old: Config, next: Config): Difference {
  const before = concerns(old);
  const after = concerns(next);
  const kept = [...after.keys()].filter((name) => before.has(name));
  const same = (name: string): boolean => isDeepStrictEqual(before.get(name), after.get(name));
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    changed: kept.filter((name) => !same(name)),
    unchanged: kept.filter(same),
  };
}
