/**
 * Every way in which a network, TLS or a proxy can fail, with real sockets, names and certificates: each kind of probe names the fault, ends
 * within its time, and gives back its sockets and its memory.
 */
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createRedactor } from "../../src/base/redact.ts";
import type { Route } from "../../src/clients/http/route.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Outcome } from "../../src/core/outcome.ts";
import type { Kind } from "../../src/core/reason.ts";
import { createContext, planProbes, sections } from "../../src/probes/index.ts";
import { type Authority, type Certificate, makeAuthority } from "../support/certificates.ts";
import { createPeers, type Peers } from "../support/peers.ts";
import { freePort, until } from "../support/programs.ts";
import { detours } from "./detours.ts";
import { AMPLE_MS, loopback, type Row } from "./row.ts";
import { stream } from "./stream.ts";
import { tls } from "./tls.ts";
import { transport } from "./transport.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const trusted = getCACertificates("default");
let authority: Authority;
let good: Certificate;
let peers: Peers;
beforeAll(async () => {
  authority = makeAuthority();
  good = authority.leaf();
  setDefaultCACertificates([...trusted, authority.cert]);
  // The first request of a process loads what all share, and that opens a handle for good.
  await probes(loopback(await freePort())).get("app")?.(AbortSignal.timeout(AMPLE_MS));
});
afterAll(() => {
  setDefaultCACertificates(trusted);
  authority.remove();
});
beforeEach(() => {
  peers = createPeers();
});
afterEach(() => peers.stop());

const config = (url: string): string => `
credentials: { key: { api_key: sk-or-v1-0123456789abcdef0123456789, base_url: "${url}/api/v1" } }
models: { model: qwen/qwen3-coder:free }
buckets: { bucket: { bucket: files, endpoint: "${url}", region: x, access_key_id: AKIA0000, secret_access_key: secret00, mode: read_only } }
apps: { app: { url: "${url}/health" } }
`;
const TARGETS: readonly Kind[] = ["model", "credential", "bucket", "app"];

function probes(url: string, route: Route = {}): ReadonlyMap<Kind, (signal: AbortSignal) => Promise<Outcome>> {
  const loaded = loadConfig({ file: "test.yaml", text: config(url), sections, env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
  const planned = planProbes(loaded.config, createContext(createRedactor(loaded.config.secrets), route));
  return new Map(planned.map(({ target, probe }) => [target.kind, (signal) => probe.run(signal)]));
}

/** What a probe could leave behind. Timers and workers of the peers and of vitest are not its own. */
const OWN = /^(?:TCP|TLS|Pipe|GetAddrInfo|Zlib|Brotli|HTTP|DNSCHANNEL)/;
const held = (): number => process.getActiveResourcesInfo().filter((name) => OWN.test(name)).length;
const memoryMiB = (): number => {
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return (heapUsed + external + arrayBuffers) / 1024 ** 2;
};
// Of bodies without end and bombs of 64 MiB each, four at once.
const MOST_KEPT_MIB = 24;
let initialMiB: number;
const givenBack = (): boolean => {
  if (memoryMiB() >= initialMiB + MOST_KEPT_MIB) collectGarbage();
  return memoryMiB() < initialMiB + MOST_KEPT_MIB;
};

// The machine may be busy; a hang is far longer.
const GRACE_MS = 2_000;
const rows: readonly Row[] = [...transport, ...stream, ...tls, ...detours];

test("the table is as large as promised, and each row has a name of its own", () => {
  expect(rows.length).toBeGreaterThan(90);
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
});

test.each(rows)("$name", async (row) => {
  const { url, route } = await row.place({ peers, authority, good });
  const kinds = TARGETS.filter((kind) => row.but?.[kind] !== null);
  const handles = held();
  const runs = probes(url, route);
  const limitMs = row.timeoutMs ?? AMPLE_MS;
  const seen = await Promise.all(
    kinds.map(async (kind) => {
      const from = performance.now();
      const outcome = await runs.get(kind)?.(AbortSignal.timeout(limitMs));
      const reason = outcome?.verdict === "skipped" ? undefined : outcome?.reason;
      return { kind, reason, inTime: performance.now() - from < limitMs + GRACE_MS };
    }),
  );
  expect(seen).toEqual(kinds.map((kind) => ({ kind, reason: row.but?.[kind] ?? row.reason, inTime: true })));
  await until(() => peers.open() === 0, `the connections to end; ${peers.open()} are open`, 3_000);
  await until(() => held() <= handles, `the handles to be given back: ${process.getActiveResourcesInfo()}`, 3_000);
  initialMiB ??= memoryMiB();
  await until(givenBack, `the memory to be given back: ${memoryMiB()} MiB, ${initialMiB} MiB at first`, 3_000);
});
