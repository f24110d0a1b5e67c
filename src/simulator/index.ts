/** OpenRouter, S3 and a small application on loopback, wire-true, with faults on demand. Shares no code with the clients: it must be able to prove them wrong. */
import { createHash } from "node:crypto";
import { type AppNeeds, routeApp } from "./app.ts";
import { CONTROL_PATH, controlPage } from "./control.ts";
import { createSwitchboard, type Faults } from "./faults/switchboard.ts";
import { type Aside, createJournal, frontDesk, type SeenRequest } from "./front.ts";
import { type Answerer, type Listener, listen } from "./listen.ts";
import { createLedger, type Ledger, utcDay } from "./openrouter/account.ts";
import { buildCatalogue, type CatalogueEntry, REAL_CATALOGUE_SIZE } from "./openrouter/catalogue.ts";
import { createGenerations } from "./openrouter/generations.ts";
import { type OpenRouterWorld, routeOpenRouter } from "./openrouter/router.ts";
import { seededRandom } from "./random.ts";
import type { Router } from "./route.ts";
import { createBucket } from "./s3/objects.ts";
import { routeS3 } from "./s3/operations.ts";

export type { Scope } from "./faults/fault.ts";
export type { ActiveFault, AvailableFault, Faults } from "./faults/switchboard.ts";
export { type FaultName, faultNames, faultTable, isFaultName } from "./faults/table.ts";
export type { SeenRequest } from "./front.ts";

export interface SimulatorOptions {
  readonly host?: string;
  /** OpenRouter, the application and the control; 0: any. */
  readonly port?: number;
  readonly s3Port?: number;
  readonly firstTokenMs?: number;
  readonly tokenMs?: number;
  /** Wall clock in milliseconds, for quotas, resets and signatures: with one of its own, a week passes in a second. */
  readonly now?: () => number;
  /** Requests to `:free` models an account may make in a UTC day: 1000 unless it never bought credits, then 50. */
  readonly freeRequestsPerDay?: number;
  /** 20 in real life; null: not enforced. */
  readonly freeRequestsPerMinute?: number | null;
  /** Whether a spent free quota is told in real headers too; captures disagree, the body tells it always. */
  readonly rateLimitHeaders?: boolean;
  /** Credits left at the start. */
  readonly balanceUsd?: number;
  readonly seed?: number;
  /** How many requests are kept to be looked at: 10,000 unless somebody measures memory beside it. */
  readonly requestsKept?: number;
  readonly catalogueSize?: number;
}

export interface SimulatorCredentials {
  readonly apiKey: string;
  readonly managementKey: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly bucket: string;
  readonly region: string;
}

/** The account behind the key, for a test that plays its other users. */
export interface SimulatedAccount {
  /** Another application on the account uses `count` requests to free models now. */
  useFreeRequests(count: number): void;
  /** Used of this UTC day, rejected ones and those of others included. */
  freeUsed(): number;
  /** Requests answered with 429 because a free quota was spent. */
  rejected(): number;
}

export interface Simulator {
  readonly url: string;
  readonly openrouterUrl: string;
  /** 200 while the bucket and OpenRouter answer, else 503 naming the cause. */
  readonly appUrl: string;
  readonly s3Url: string;
  readonly credentials: SimulatorCredentials;
  readonly faults: Faults;
  readonly account: SimulatedAccount;
  /** What was asked, oldest first, the control's own pages not among it; the newest `requestsKept`. */
  readonly requests: readonly SeenRequest[];
  /** Cuts every connection and frees the ports. */
  stop(): Promise<void>;
}

function credentialsOf(seed: number): SimulatorCredentials {
  const hex = (of: string): string => createHash("sha256").update(`${of} ${seed}`).digest("hex");
  return {
    apiKey: `sk-or-v1-${hex("api key")}`,
    managementKey: `sk-or-v1-${hex("management key")}`,
    accessKeyId: `AKIA${hex("access key").slice(0, 16).toUpperCase()}`,
    secretAccessKey: hex("secret").slice(0, 40),
    bucket: "my-files",
    region: "eu-1",
  };
}

/** Rebuilt when the UTC day turns: dates in it are counted from today. */
function dailyCatalogue(seed: number, size: number, now: () => number): () => readonly CatalogueEntry[] {
  let built: { day: number; entries: readonly CatalogueEntry[] } | undefined;
  return () => {
    const day = utcDay(now());
    if (built?.day !== day) built = { day, entries: buildCatalogue(seed, size, day * 86_400_000) };
    return built.entries;
  };
}

// The second form is for clients that only know an OpenAI-style base URL.
const API_BASE = /^\/(?:api\/)?v1(?=\/)/;

interface Ports {
  readonly main: Listener;
  readonly s3: Listener;
}

/** Closes and opens ports as the `refuse` fault wants it. */
function settlePorts(faults: Faults, ports: Ports | undefined): void {
  const refused = faults.active().find(({ name }) => name === "refuse")?.scope.service;
  ports?.s3.setOpen(refused !== "s3");
  ports?.main.setOpen(refused === undefined || refused === "s3");
}

/** Both ports, or neither. */
async function openPorts(options: SimulatorOptions, host: string, main: Answerer, s3: Answerer): Promise<Ports> {
  const first = await listen(host, options.port ?? 0, main);
  try {
    return { main: first, s3: await listen(host, options.s3Port ?? 0, s3) };
  } catch (error) {
    await first.stop();
    throw error;
  }
}

const accountOf = (ledger: Ledger): SimulatedAccount => ({
  useFreeRequests: (count) => ledger.countFreeRequests(count),
  freeUsed: () => ledger.account().freeUsed,
  rejected: () => ledger.rejected(),
});

function worldOf(options: SimulatorOptions, credentials: SimulatorCredentials, seed: number, now: () => number): OpenRouterWorld {
  const { freeRequestsPerDay: freePerDay = 1_000, freeRequestsPerMinute: freePerMinute = 20, balanceUsd = 23.75 } = options;
  const { catalogueSize = REAL_CATALOGUE_SIZE, rateLimitHeaders = false, firstTokenMs = 40, tokenMs = 5 } = options;
  return {
    ...credentials,
    rateLimitHeaders,
    catalogue: dailyCatalogue(seed, catalogueSize, now),
    ledger: createLedger(now, { freePerDay, freePerMinute, balanceUsd }),
    generations: createGenerations(now),
    pace: { firstTokenMs, tokenMs },
  };
}

/** Rejects when a port is taken. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { host = "127.0.0.1", now = Date.now, seed = 1 } = options;
  const credentials = credentialsOf(seed);
  let ports: Ports | undefined;
  const faults = createSwitchboard(now, () => settlePorts(faults, ports));
  const { requests, note } = createJournal(options.requestsKept);
  const desk = { switchboard: faults, note, random: seededRandom(seed), now };
  const world = worldOf(options, credentials, seed, now);
  const openrouter = routeOpenRouter(world, API_BASE);
  const app = routeApp(() => needs);
  const s3 = routeS3({ bucket: createBucket(now), bucketName: credentials.bucket, credentials, now });
  const control: Aside = { path: CONTROL_PATH, page: (request) => controlPage({ urls, faults, requests }, request) };
  const main: Router = (request) => (API_BASE.test(request.path) ? openrouter : app)(request);
  const opened = await openPorts(options, host, frontDesk(desk, main, control), frontDesk(desk, s3));
  ports = opened;

  const shownHost = host.includes(":") ? `[${host}]` : host;
  const url = `http://${shownHost}:${opened.main.port}`;
  const urls = { url, openrouterUrl: `${url}/api/v1`, appUrl: `${url}/health`, s3Url: `http://${shownHost}:${opened.s3.port}` };
  const needs: AppNeeds = { ...urls, apiKey: credentials.apiKey, bucketName: credentials.bucket, s3Credentials: credentials, now };
  return {
    ...urls,
    credentials,
    faults,
    account: accountOf(world.ledger),
    requests,
    async stop() {
      await Promise.all([opened.main.stop(), opened.s3.stop()]);
    },
  };
}
