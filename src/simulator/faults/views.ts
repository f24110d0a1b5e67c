/** The parts of OpenRouter's world a fault may bend; what is not bent comes back as it went in. */
import type { Account } from "../openrouter/account.ts";
import type { CatalogueEntry } from "../openrouter/catalogue.ts";

export interface Pace {
  readonly firstTokenMs: number;
  readonly tokenMs: number;
}

export interface Views {
  catalogue(entries: readonly CatalogueEntry[]): readonly CatalogueEntry[];
  account(account: Account): Account;
  pace(pace: Pace): Pace;
}
