/** Two lives of a daemon on one file. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLog } from "../../src/base/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { loadConfig } from "../../src/config/load.ts";
import { type Daemon, type Started, startDaemon } from "../../src/daemon/daemon.ts";
import { sections } from "../../src/probes/index.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { sampleOf } from "../support/daemon.ts";
import { until } from "../support/programs.ts";
import { configFor } from "../support/world.ts";

const CONFIG = `buckets:
  files: { bucket: $BUCKET, endpoint: "$S3", region: $REGION, access_key_id: $S3_KEY, secret_access_key: $S3_SECRET }
apps:
  frontend: { url: "$APP", needs: [files] }
defaults: { every: 1h, timeout: 30s }
`;
const ACTIVE = 'healthd_fault_active{owner="storage",reason="s3_slow_down",subject="files",kind="bucket"}';

let folder: string;
let simulator: Simulator;
let daemons: Daemon[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "healthd-lives-"));
  simulator = await startSimulator();
  daemons = [];
});
afterEach(async () => {
  for (const daemon of daemons) await daemon.stop();
  await simulator.stop();
  rmSync(folder, { recursive: true });
});

let written = "";
function start(): Promise<Started> {
  const read = () => loadConfig({ file: "test.yaml", text: configFor(simulator, CONFIG), sections, env: {} });
  const loaded = read();
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
  const redactor = createRedactor(loaded.config.secrets);
  const stream = new PassThrough();
  written = "";
  stream.on("data", (chunk) => {
    written += String(chunk);
  });
  const log = createLog({ level: "info", redactor, stream });
  const historyPath = join(folder, "history.db");
  return startDaemon({ config: loaded.config, listen: { host: "127.0.0.1", port: 0 }, log, redactor, read, historyPath });
}
async function started(): Promise<Daemon> {
  const found = await start();
  if (!found.ok) throw new Error(found.why);
  daemons.push(found.daemon);
  return found.daemon;
}
async function stop(daemon: Daemon): Promise<void> {
  daemons = daemons.filter((one) => one !== daemon);
  await daemon.stop();
}

interface Incident {
  readonly subject: string;
  readonly open: boolean;
  readonly opened_at: string;
  readonly closed_at: string | null;
}
const api = async <T>({ url }: Daemon, path: string): Promise<T> => (await (await fetch(`${url}/api/v1/${path}`)).json()) as T;
/** Of the bucket: the application may be seen first, and be a fault of its own until then. */
const incidents = async (daemon: Daemon): Promise<Incident[]> =>
  (await api<Incident[]>(daemon, "incidents")).filter(({ subject }) => subject === "files");
const probe = async ({ url }: Daemon, target: string): Promise<string> => (await fetch(`${url}/probe?target=${target}`)).text();
const page = async ({ url }: Daemon): Promise<string> => (await fetch(`${url}/metrics`)).text();

test("an incident goes on over a restart, in API, metrics and log, and ends as one", async () => {
  simulator.faults.on("storage");
  const first = await started();
  await until(async () => (await incidents(first)).length > 0, "the incident");
  const [{ opened_at } = { opened_at: "" }] = await incidents(first);
  const failed = await api<{ target: string; error_body: string; request: object }[]>(first, "events?target=files");
  expect(failed.at(-1)).toMatchObject({ target: "files", error_body: expect.stringContaining("<Error>"), request: expect.any(Object) });
  await stop(first);

  const second = await started();
  expect(await incidents(second)).toEqual([expect.objectContaining({ subject: "files", open: true, opened_at })]);
  await until(async () => (sampleOf(await page(second), ACTIVE) ?? 0) > 0, "the fault in the metrics");
  expect(written).toContain("fault from before the start: files");
  await probe(second, "files");
  expect(await incidents(second)).toEqual([expect.objectContaining({ subject: "files", open: true, opened_at })]);
  simulator.faults.clear();
  await probe(second, "files");
  await until(async () => (await incidents(second)).every(({ open }) => !open), "its end");
  const [over] = await incidents(second);
  expect(over).toMatchObject({ subject: "files", opened_at, closed_at: expect.any(String) });
  expect((await api<{ uptime: { "24h": number } }>(second, "targets/files")).uptime["24h"]).toBeLessThan(1);
  const now = await page(second);
  expect(sampleOf(now, "healthd_history_writable")).toBe(1);
  expect(sampleOf(now, "healthd_history_write_failures_total")).toBe(0);
});

test("what healed while nobody looked is closed at the first look", async () => {
  simulator.faults.on("storage");
  const first = await started();
  await until(async () => (await incidents(first)).length > 0, "the incident");
  await stop(first);
  simulator.faults.clear();
  const second = await started();
  await probe(second, "files");
  await until(async () => (await incidents(second)).every(({ open }) => !open), "its end");
  expect(written).toContain("fault over: files");
});

test("a second daemon on the file is refused, and the first goes on", async () => {
  const first = await started();
  const second = await start();
  expect(second).toEqual({ ok: false, why: expect.stringContaining("history.db cannot be used: another llm-healthd writes it now") });
  await probe(first, "files");
  expect(sampleOf(await page(first), "healthd_history_writable")).toBe(1);
});
