/** The one place where things are joined: config to probes, probes to schedule, records to metrics, log, status and web. */
import { isDeepStrictEqual } from "node:util";
import { type Clock, systemClock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Redactor } from "../base/redact.ts";
import type { Config } from "../config/config.ts";
import { diff } from "../config/diff.ts";
import { formatIssue } from "../config/issue.ts";
import type { Loaded } from "../config/load.ts";
import type { Sink } from "../core/probe.ts";
import { type Ledger, openLedger } from "../history/ledger.ts";
import type { SelfMetricName } from "../metrics/catalogue.ts";
import { createMetrics, type Metrics } from "../metrics/registry.ts";
import { CONTENT_TYPE } from "../metrics/render.ts";
import { createContext } from "../probes/index.ts";
import type { Reloaded, Standing } from "../web/options.ts";
import { createWeb, type Web } from "../web/server.ts";
import { createFaults, type Faults, type OpenFault } from "./faults.ts";
import { createLatest, type Latest } from "./latest.ts";
import { createProbing, type Probing } from "./probing.ts";
import { createRecordLog } from "./record-log.ts";
import { VERSION } from "./version.ts";

export interface DaemonOptions {
  readonly config: Config;
  readonly listen: Config["web"]["listen"];
  readonly log: Log;
  readonly redactor: Redactor;
  /** Reads the config again, for a reload. */
  read(): Loaded;
  readonly clock?: Clock;
  readonly revision?: string;
  /** In place of the config's; `:memory:` keeps nothing. */
  readonly historyPath?: string;
  /** Also told of every record. */
  readonly sinks?: readonly Sink[];
}

export interface Daemon {
  readonly url: string;
  reload(): Promise<Reloaded>;
  /** No new probes; running ones end or are aborted; the server closes last. */
  stop(): Promise<void>;
}

export type Started = { readonly ok: true; readonly daemon: Daemon } | { readonly ok: false; readonly why: string };

// Together with the five seconds the runner grants an abort, below the ten that SIGTERM is promised to take.
const STOP_GRACE_SECONDS = 4;
// Probing has stopped when no tick came for this many of the shortest intervals, and at least a minute.
const STALLED_INTERVALS = 3;
const STALLED_AT_LEAST_SECONDS = 60;

/** What is bound, opened or created once. */
const RESTART_ONLY = ["web", "log", "history", "proxy"] as const;

/** Everything that lives as long as the daemon. */
interface Parts {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly latest: Latest;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly probing: Probing;
}

function join({ clock = systemClock, config, log, redactor, revision = "", sinks = [], historyPath }: DaemonOptions): Parts {
  const metrics = createMetrics({ version: VERSION, revision, clock });
  const latest = createLatest();
  const ledger = openLedger(historyPath ?? config.history.path, clock.wall(), (error) =>
    log.error({ err: error }, "what was spent cannot be written down; it is still counted, until the next start"),
  );
  const faults = createFaults({
    clock,
    log,
    latest: latest.list,
    onChange(open) {
      const tell = (name: SelfMetricName, value: (fault: OpenFault) => number): void =>
        metrics.setAll(
          name,
          open.map((fault) => {
            const { owner, reason, subject, kind, credential } = fault;
            return { labels: { owner, reason, subject, kind, credential }, value: value(fault) };
          }),
        );
      tell("healthd_fault_active", ({ explains }) => explains.length);
      tell("healthd_fault_sightings", ({ sightings }) => sightings);
      tell("healthd_fault_down", ({ down }) => Number(down));
      tell("healthd_fault_start_timestamp_seconds", ({ since }) => since / 1000);
    },
  });
  const probing = createProbing({
    clock,
    log,
    ledger,
    context: createContext(redactor, { proxies: config.proxy }),
    sinks: [metrics, latest, createRecordLog(log), faults, ...sinks],
    onTarget(target, pace) {
      metrics.addTarget(target, pace.longestSeconds);
      latest.add(target);
    },
    onGone(name) {
      metrics.removeTarget(name);
      latest.remove(name);
      faults.review();
    },
  });
  metrics.set("healthd_probes_in_flight", probing.inFlight);
  return { clock, log, metrics, latest, ledger, faults, probing };
}

/** A value that is no number is not exported: the gauges of a credential that left go with it. */
const GONE = Number.NaN;

/** Makes the parts follow the config; targets named in `keep` go on undisturbed. */
function apply(config: Config, { probing, metrics }: Parts, keep?: ReadonlySet<string>): void {
  probing.apply(config, keep);
  for (const { name: credential } of config.credentials) {
    const budget = () => probing.budgets().find((one) => one.credential === credential);
    metrics.set("healthd_budget_free_requests_remaining", () => budget()?.freeRequestsLeft ?? GONE, { credential });
    metrics.set("healthd_budget_usd_remaining", () => budget()?.usdLeft ?? GONE, { credential });
    metrics.set("healthd_budget_exhausted", () => Number(budget()?.exhausted ?? GONE), { credential });
  }
  metrics.set("healthd_shard_index", config.shard.index);
  metrics.set("healthd_shards", config.shard.total);
}

function ready({ latest, probing }: Parts): Standing {
  // What is not due for long, by the budget or after a restart, is not waited for.
  const soon = (name: string): boolean => (probing.paceOf(name)?.stretched ?? false) === false;
  const waiting = latest.list().filter(({ last, target }) => last === undefined && soon(target.name));
  return waiting.length === 0
    ? { ok: true }
    : { ok: false, why: `no result yet of ${waiting.map(({ target }) => target.name).join(", ")}` };
}

function alive({ probing }: Parts): Standing {
  const shortest = Math.min(...probing.targets().map(({ name }) => probing.paceOf(name)?.intervalSeconds ?? Number.POSITIVE_INFINITY));
  const silent = probing.silentSeconds();
  if (silent <= Math.max(STALLED_AT_LEAST_SECONDS, shortest * STALLED_INTERVALS)) return { ok: true };
  return { ok: false, why: `no probe was due for ${Math.round(silent)} s` };
}

function serve(options: DaemonOptions, parts: Parts, current: () => Config, reload: () => Promise<Reloaded>): Web {
  const { latest, probing, clock, log, metrics } = parts;
  return createWeb({
    metrics: { render: metrics.render, contentType: CONTENT_TYPE },
    targets: () =>
      latest.list().map((one) => {
        const nextRunAt = probing.nextRunAt(one.target.name);
        return { ...one, ...(nextRunAt === undefined ? {} : { nextRunAt }) };
      }),
    faults: parts.faults.open,
    probeNow: async (name) => probing.now(name),
    configText: () => options.redactor.text(current().text),
    ready: () => ready(parts),
    alive: () => alive(parts),
    reload,
    version: VERSION,
    clock,
    redact: options.redactor.text,
    log,
  });
}

/** Reads the config anew and swaps it in, whole or not at all. */
function reloader(options: DaemonOptions, parts: Parts, current: { config: Config }): () => Promise<Reloaded> {
  const { log, redactor } = options;
  return async () => {
    const loaded = options.read();
    noteReload(parts, loaded.ok);
    if (!loaded.ok) {
      log.error({ issues: loaded.issues.map(formatIssue) }, "the new config is wrong; the old one stays in force");
      return loaded;
    }
    const before = current.config;
    const { added, removed, changed, unchanged } = diff(before, loaded.config);
    for (const secret of loaded.config.secrets) redactor.learn(secret);
    const waits = RESTART_ONLY.filter((key) => !isDeepStrictEqual(before[key], loaded.config[key]));
    if (waits.length > 0) log.warn({ keys: waits }, `${waits.join(", ")}: changed, and takes effect at the next start`);
    current.config = loaded.config;
    apply(loaded.config, parts, new Set(unchanged));
    log.info({ added, removed, changed, unchanged: unchanged.length }, "config reloaded");
    return { ok: true };
  };
}

function noteReload({ metrics, clock }: Parts, ok: boolean): void {
  metrics.set("healthd_config_last_reload_successful", ok ? 1 : 0);
  if (ok) metrics.set("healthd_config_last_reload_success_timestamp_seconds", clock.wall() / 1000);
}

/** Starts probing and serving, or says why it cannot. Nothing is left behind when it cannot. */
export async function startDaemon(options: DaemonOptions): Promise<Started> {
  const { log, listen, config } = options;
  let parts: Parts;
  try {
    parts = join(options);
  } catch (error) {
    return { ok: false, why: `history.path ${config.history.path} cannot be opened: ${(error as Error).message}. Choose another place.` };
  }
  const current = { config };
  const reload = reloader(options, parts, current);
  const web = serve(options, parts, () => current.config, reload);
  let url: string;
  try {
    ({ url } = await web.listen(listen.host, listen.port));
  } catch (error) {
    await web.close();
    parts.ledger.close();
    const { code, message } = error as NodeJS.ErrnoException;
    const what = code === "EADDRINUSE" ? "something else listens there already" : message;
    return {
      ok: false,
      why: `cannot listen on ${listen.host}:${listen.port}: ${what}. Choose another with --listen HOST:PORT, or web.listen in the config.`,
    };
  }
  noteReload(parts, true);
  apply(config, parts);
  log.info(
    { url, targets: parts.probing.targets().length, version: VERSION },
    `serving ${url}/metrics, probing ${parts.probing.targets().length} targets`,
  );
  return {
    ok: true,
    daemon: {
      url,
      reload,
      async stop() {
        log.info("stopping: running probes end first");
        await parts.probing.stop(STOP_GRACE_SECONDS);
        parts.faults.stop();
        await web.close();
        parts.ledger.close();
        log.info("stopped");
      },
    },
  };
}
