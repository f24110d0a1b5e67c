/** The parts of OpenRouter's world a fault may bend; what is not bent comes back as it went in. */
import type { Reply } from "../exchange.ts";
import type { Account } from "../openrouter/account.ts";
import type { CatalogueEntry } from "../openrouter/catalogue.ts";
import type { Order } from "../openrouter/order.ts";

export interface Pace {
  readonly firstTokenMs: number;
  readonly tokenMs: number;
}

export interface Views {
  catalogue(entries: readonly CatalogueEntry[]): readonly CatalogueEntry[];
  account(account: Account): Account;
  pace(pace: Pace): Pace;
  heard(order: Order): Order;
  /** Why the completion is not made after all. */
  refusal(model: string, provider: string): Reply | undefined;
}
