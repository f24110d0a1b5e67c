/** The one place where things are joined: config to probes, probes to schedule, records to metrics, log, status and web. */
import { type Clock, systemClock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Redactor } from "../base/redact.ts";
import type { Config } from "../config/config.ts";
import type { FileStamps, Loaded } from "../config/load.ts";
import { watchFiles } from "../config/watch.ts";
import type { Sink } from "../core/probe.ts";
import type { History } from "../history/history.ts";
import type { SelfMetricName } from "../metrics/catalogue.ts";
import type { Sample } from "../metrics/metric.ts";
import { createMetrics, type Metrics } from "../metrics/registry.ts";
import { CONTENT_TYPE } from "../metrics/render.ts";
import { alertOf } from "../mixin/alerts/reasons.ts";
import { createContext } from "../probes/index.ts";
import type { Reloaded, Standing } from "../web/options.ts";
import { createWeb, type Web } from "../web/server.ts";
import { createFaults, type Faults } from "./faults.ts";
import { keepHistory } from "./keep.ts";
import { createLatest, type Latest } from "./latest.ts";
import { createProbing, type Probing } from "./probing.ts";
import { createRecordLog } from "./record-log.ts";
import { createReloader, type Reloader } from "./reload.ts";
import { alive, ready } from "./standing.ts";
import { VERSION } from "./version.ts";
import { openWebAccess, type WebAccess } from "./web-access.ts";

export interface DaemonOptions {
  readonly config: Config;
  readonly listen: Config["web"]["listen"];
  readonly log: Log;
  readonly redactor: Redactor;
  /** Reads the config again, for a reload. */
  read(): Loaded;
  /** What the config was read from; a change of one of them is a reload. */
  readonly files?: FileStamps;
  readonly clock?: Clock;
  readonly revision?: string;
  /** In place of the config's; `:memory:` keeps nothing. */
  readonly historyPath?: string;
  /** In place of the config's. */
  readonly webConfigFile?: string;
  /** Also told of every record. */
  readonly sinks?: readonly Sink[];
}

export interface Daemon {
  readonly url: string;
  reload(): Promise<Reloaded>;
  /** Not ok when probing has stopped. */
  alive(): Standing;
  /** Probes that are running now. */
  inFlight(): number;
  /** No new probes; running ones end or are aborted; the server closes last. */
  stop(): Promise<void>;
}

export type Started = { readonly ok: true; readonly daemon: Daemon } | { readonly ok: false; readonly why: string };

// Together with the five seconds the runner grants an abort, below the ten that SIGTERM is promised to take.
const STOP_GRACE_SECONDS = 4;

/** Everything that lives as long as the daemon. */
interface Parts {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly latest: Latest;
  readonly history: History;
  readonly faults: Faults;
  readonly probing: Probing;
}

/** One of the daemon's own gauges, with a series for each of them. */
const tellEach =
  <T>(metrics: Metrics, all: () => readonly T[], labelsOf: (one: T) => Sample["labels"]) =>
  (name: SelfMetricName, value: (one: T) => number): void =>
    metrics.setAll(name, () => all().map((one) => ({ labels: labelsOf(one), value: value(one) })));

function join({ clock = systemClock, config, log, redactor, revision = "", sinks = [], historyPath }: DaemonOptions): Parts {
  const metrics = createMetrics({ version: VERSION, revision, clock });
  const latest = createLatest();
  const history = keepHistory({ config: { ...config.history, path: historyPath ?? config.history.path }, clock, log, redactor, metrics });
  const faults = createFaults({
    clock,
    log,
    latest,
    before: history.openBefore(),
    onChange: (open) => history.follow(open),
    onDoubt: (names) => probing.doubt(names),
  });
  const probing = createProbing({
    clock,
    log,
    ledger: history.ledger,
    context: createContext(redactor, { proxies: config.proxy }),
    sinks: [metrics, latest, createRecordLog(log), faults, history, ...sinks],
    onTarget(target, pace) {
      metrics.addTarget(target, pace.longestSeconds);
      latest.add(target);
    },
    onGone(name) {
      metrics.removeTarget(name);
      latest.remove(name);
    },
  });
  metrics.set("healthd_probes_in_flight", probing.inFlight);
  const tellFaults = tellEach(metrics, faults.open, ({ owner, reason, subject, kind, credential }) => ({
    owner,
    reason,
    subject,
    kind,
    credential,
  }));
  tellFaults("healthd_fault_active", ({ explains }) => explains.length);
  tellFaults("healthd_fault_sightings", ({ sightings }) => sightings);
  tellFaults("healthd_fault_down", ({ down }) => Number(down));
  tellFaults("healthd_fault_start_timestamp_seconds", ({ since }) => since / 1000);
  const tellBudgets = tellEach(
    metrics,
    () => probing.budgets(),
    ({ credential }) => ({ credential }),
  );
  tellBudgets("healthd_budget_free_requests_remaining", ({ freeRequestsLeft }) => freeRequestsLeft);
  tellBudgets("healthd_budget_usd_remaining", ({ usdLeft }) => usdLeft);
  tellBudgets("healthd_budget_exhausted", ({ exhausted }) => Number(exhausted));
  return { clock, log, metrics, latest, history, faults, probing };
}

/** Makes the parts follow the config; targets named in `keep` go on undisturbed. */
function apply(config: Config, { probing, metrics, faults }: Parts, keep?: ReadonlySet<string>): void {
  probing.apply(config, keep);
  faults.review();
  metrics.set("healthd_shard_index", config.shard.index);
  metrics.set("healthd_shards", config.shard.total);
}

function serve(options: DaemonOptions, parts: Parts, { current, reload }: Reloader, { webConfig }: WebAccess): Web {
  const { latest, probing, clock, log, metrics, history } = parts;
  return createWeb({
    metrics: { render: () => metrics.render(probing.ended), contentType: CONTENT_TYPE },
    targets: () =>
      latest.list().map((one) => {
        const nextRunAt = probing.nextRunAt(one.target.name);
        return { ...one, uptime: history.uptime(one.target.name), ...(nextRunAt === undefined ? {} : { nextRunAt }) };
      }),
    faults: parts.faults.open,
    alertOf,
    events: (query) => history.events(query),
    incidents: (since, limit) => history.incidents(since, limit),
    probeNow: async (name) => probing.now(name),
    configText: () => options.redactor.text(current().text),
    ready: () => ready(latest, probing),
    alive: () => alive(probing),
    reload,
    ...(webConfig === undefined ? {} : { webConfig }),
    hosts: options.config.web.hosts,
    version: VERSION,
    clock,
    redact: options.redactor.text,
    log,
  });
}

/** Starts probing and serving, or says why it cannot. Nothing is left behind when it cannot. */
export async function startDaemon(options: DaemonOptions): Promise<Started> {
  const { log, listen, config } = options;
  const access = openWebAccess(options.webConfigFile ?? config.web.configFile, log);
  if (!access.ok) return access;
  let parts: Parts;
  try {
    parts = join(options);
  } catch (error) {
    const path = options.historyPath ?? config.history.path;
    return { ok: false, why: `history.path ${path} cannot be used: ${(error as Error).message}. Choose another place.` };
  }
  const { read, redactor, files = new Map() } = options;
  const swap = (next: Config, keep?: ReadonlySet<string>): void => apply(next, parts, keep);
  const reloader = createReloader({ ...parts, config, redactor, read, apply: swap, webConfigInForce: access.inForce }, files);
  const web = serve(options, parts, reloader, access);
  let url: string;
  try {
    ({ url } = await web.listen(listen.host, listen.port));
  } catch (error) {
    await web.close();
    parts.history.close();
    const { code, message } = error as NodeJS.ErrnoException;
    const what = code === "EADDRINUSE" ? "something else listens there already" : message;
    return {
      ok: false,
      why: `cannot listen on ${listen.host}:${listen.port}: ${what}. Choose another with --listen HOST:PORT, or web.listen in the config.`,
    };
  }
  apply(config, parts);
  // What goes wrong in it stands in the log.
  const changed = (): void => void reloader.reload().catch(() => undefined);
  const unwatch = watchFiles({ clock: parts.clock, files: reloader.files, changed });
  log.info(
    { url, targets: parts.probing.targets().length, version: VERSION },
    `serving ${url}/metrics, probing ${parts.probing.targets().length} targets`,
  );
  return {
    ok: true,
    daemon: {
      url,
      reload: reloader.reload,
      alive: () => alive(parts.probing),
      inFlight: parts.probing.inFlight,
      async stop() {
        log.info("stopping: running probes end first");
        unwatch();
        await parts.probing.stop(STOP_GRACE_SECONDS);
        parts.faults.stop();
        await web.close();
        parts.history.close();
        log.info("stopped");
      },
    },
  };
}
