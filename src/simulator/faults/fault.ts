import type { Aim, Incoming, Reply, ServiceName } from "../exchange.ts";
import type { Account } from "../openrouter/account.ts";
import type { CatalogueEntry } from "../openrouter/catalogue.ts";
import type { Order } from "../openrouter/order.ts";
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
  readonly usd?: number;
}

/** The scope, and how long it has been on. */
export interface Applied extends Scope {
  readonly sinceMs: number;
  /** Which of the requests it concerns this one is, from 1. */
  readonly nth: number;
}

/** A completion that is about to be made. */
export interface Serving {
  /** As it was asked for. */
  readonly model: string;
  readonly provider: string;
}

/**
 * One thing that can go wrong. `answer` stands in for the service; `alter` spoils what the service answered; `refuses` turns down a
 * completion that is otherwise in order, after counting, limits and routing; the views bend what the service believes. Each may decline
 * with undefined. All of it is data for `deliver.ts`, nothing here touches a socket.
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
  answer?(request: Incoming, scope: Applied, aim: Aim): Reply | undefined;
  alter?(reply: Reply, request: Incoming, scope: Applied, aim: Aim): Reply | undefined;
  refuses?(serving: Serving, scope: Applied): Reply | undefined;
  catalogue?(entries: readonly CatalogueEntry[], scope: Applied, nowMs: number): readonly CatalogueEntry[];
  account?(account: Account, scope: Applied, nowMs: number): Account;
  pace?(pace: Pace, scope: Applied): Pace;
  /** What the model makes of the order it is given. */
  heard?(order: Order, scope: Applied): Order;
}
