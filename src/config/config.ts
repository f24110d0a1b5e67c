/** The shape of a configuration that has been read and found whole; `load.ts` makes it, nobody changes it. */
import type { LogLevel } from "../base/log.ts";
import type { Every, Flavor } from "../core/probe.ts";
import type { Kind } from "../core/reason.ts";

export { type Flavor, flavors } from "../core/probe.ts";

/** How often and how long: what every target has. */
export interface Timing {
  readonly every: Every;
  readonly timeoutSeconds: number;
}

export interface Credential extends Timing {
  readonly name: string;
  readonly flavor: Flavor;
  readonly apiKey: string;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly catalog: Timing;
}

/** One entry of a section that a probe kind owns, parsed by that kind's schema. */
export interface Entry extends Timing {
  readonly kind: Kind;
  readonly name: string;
  readonly needs: readonly string[];
  /** Names of further targets that it brings. */
  readonly also: readonly string[];
  /** Output of the kind's schema; only the kind itself knows its type. */
  readonly settings: unknown;
}

export interface Config {
  /** The file it came from, as it was named. */
  readonly file: string;
  /** What stood in it. */
  readonly text: string;
  readonly credentials: readonly Credential[];
  readonly entries: readonly Entry[];
  readonly budget: { readonly freeQuotaShare: number; readonly freeRequestsPerMinute: number; readonly usdPerDay: number };
  readonly policy: { readonly requireFree: boolean };
  readonly web: {
    readonly listen: { readonly host: string; readonly port: number };
    readonly configFile?: string;
    readonly hosts: readonly string[];
  };
  readonly log: { readonly level: LogLevel; readonly file?: string };
  readonly history: { readonly path: string; readonly keepSeconds: number };
  /** URLs of proxies for http and https, and whom to reach straight. */
  readonly proxy: { readonly http?: string; readonly https?: string; readonly except: readonly string[] };
  readonly shard: { readonly index: number; readonly total: number };
  /** Every secret value in it, for the redactor. */
  readonly secrets: readonly string[];
}

/** A problem in a config file, with the place a person can go to. */
export interface ConfigIssue {
  readonly file: string;
  /** From 1; absent where the problem is the file itself. */
  readonly line?: number;
  readonly column?: number;
  /** Such as `models.kimi_k2.every`; empty for the whole file. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
  /** What to write instead. */
  readonly fix: string;
}
