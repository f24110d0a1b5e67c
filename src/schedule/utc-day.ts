import { DAY_SECONDS } from "./stretch.ts";

const DAY_MS = DAY_SECONDS * 1000;

/** Start of the UTC day that the time (milliseconds since 1970) falls into: quotas and budgets begin anew there. */
export const utcDay = (ms: number): number => ms - (((ms % DAY_MS) + DAY_MS) % DAY_MS);
export const nextUtcDay = (ms: number): number => utcDay(ms) + DAY_MS;
