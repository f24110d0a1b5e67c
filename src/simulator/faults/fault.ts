import type { Aim, Incoming, Reply, ServiceName } from "../exchange.ts";
import type { Account } from "../openrouter/account.ts";
import type { CatalogueEntry } from "../openrouter/catalogue.ts";
import type { Pace } from "./views.ts";

/** Narrows a fault; every field is optional. */
export interface Scope {
  readonly model?: string;
  readonly service?: ServiceName;
  readonly endpoint?: string;
  /** Only the next so many requests. */
  readonly times?: number;
  readonly status?: number;
  readonly ms?: number;
}

/**
 * One thing that can go wrong. `answer` stands in for the service, `alter` spoils what the service answered, the views bend what the
 * service believes; each may decline with undefined. All of it is data for `deliver.ts`, nothing here touches a socket.
 */
export interface Fault {
  readonly service: ServiceName | "any";
  /** One line for the help page. */
  readonly description: string;
  /** Only these endpoints, unless the scope names one. */
  readonly endpoints?: readonly string[];
  readonly defaults?: Scope;
  /** The service's port is closed while the fault is on. */
  readonly closesPort?: true;
  answer?(request: Incoming, scope: Scope, aim: Aim): Reply | undefined;
  alter?(reply: Reply, request: Incoming, scope: Scope, aim: Aim): Reply | undefined;
  catalogue?(entries: readonly CatalogueEntry[], scope: Scope, nowMs: number): readonly CatalogueEntry[];
  account?(account: Account, scope: Scope, nowMs: number): Account;
  pace?(pace: Pace, scope: Scope): Pace;
}
