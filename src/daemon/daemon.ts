/** The one place where things are joined: config to probes, probes to schedule, records to metrics, log, status and web. */
import { type Clock, systemClock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { Redactor } from "../base/redact.ts";
import type { Config } from "../config/config.ts";
import { diff } from "../config/diff.ts";
import { formatIssue } from "../config/issue.ts";
import type { Loaded } from "../config/load.ts";
import type { Sink, Target } from "../core/probe.ts";
import { createMetrics, type Metrics } from "../metrics/registry.ts";
import { CONTENT_TYPE } from "../metrics/render.ts";
import { createContext, planProbes } from "../probes/index.ts";
import type { PlannedProbe, ProbeContext } from "../probes/kind.ts";
import { createRunner, type Runner } from "../schedule/runner.ts";
import { createTimetable, fraction, intervalSeconds, type Timetable } from "../schedule/timetable.ts";
import type { Reloaded, Standing } from "../web/options.ts";
import { createWeb, type Web } from "../web/server.ts";
import { createLatest, type Latest } from "./latest.ts";
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

/** Everything that lives as long as the daemon. */
interface Parts {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly latest: Latest;
  readonly runner: Runner;
  readonly timetable: Timetable;
  readonly planned: Map<string, PlannedProbe>;
  readonly context: ProbeContext;
  readonly pulse: { at: number };
}

function join({ clock = systemClock, log, redactor, revision = "", sinks = [] }: DaemonOptions): Parts {
  const metrics = createMetrics({ version: VERSION, revision, clock });
  const latest = createLatest();
  const runner = createRunner({ clock, log, sinks: [metrics, latest, createRecordLog(log), ...sinks] });
  const planned = new Map<string, PlannedProbe>();
  const pulse = { at: clock.monotonic() };
  const timetable = createTimetable(clock, {
    due(target, latenessSeconds) {
      pulse.at = clock.monotonic();
      const one = planned.get(target.name);
      if (one !== undefined) runner.tick(one, latenessSeconds);
    },
    missed: (target) => runner.skip(target, "late"),
  });
  metrics.set("healthd_probes_in_flight", runner.inFlight);
  return { clock, log, metrics, latest, runner, timetable, planned, context: createContext(redactor), pulse };
}

/** Keys and catalogues cost nothing and every shard's models depend on them; all else is divided by name. */
const inShard = ({ kind, name }: Target, { index, total }: Config["shard"]): boolean =>
  kind === "credential" || kind === "catalog" || Math.floor(fraction(name) * total) === index;

/** Makes the parts probe what the config asks for; targets named in `keep` go on undisturbed. */
function apply(config: Config, parts: Parts, keep: ReadonlySet<string> = new Set()): void {
  const { planned, timetable, metrics, latest } = parts;
  const next = planProbes(config, parts.context).filter(({ target }) => inShard(target, config.shard));
  const names = new Set(next.map(({ target }) => target.name));
  for (const name of planned.keys()) {
    if (keep.has(name)) continue;
    timetable.remove(name);
    planned.delete(name);
    if (names.has(name)) continue;
    metrics.removeTarget(name);
    latest.remove(name);
  }
  for (const one of next) {
    if (keep.has(one.target.name)) continue;
    planned.set(one.target.name, one);
    metrics.addTarget(one.target, intervalSeconds(one.target.every));
    latest.add(one.target);
    timetable.add(one.target);
  }
  metrics.set("healthd_shard_index", config.shard.index);
  metrics.set("healthd_shards", config.shard.total);
}

function ready({ latest }: Parts): Standing {
  const waiting = latest.list().filter(({ last }) => last === undefined);
  return waiting.length === 0
    ? { ok: true }
    : { ok: false, why: `no result yet of ${waiting.map(({ target }) => target.name).join(", ")}` };
}

function alive({ clock, pulse, planned }: Parts): Standing {
  const shortest = Math.min(...[...planned.values()].map(({ target }) => intervalSeconds(target.every)));
  const silentSeconds = (clock.monotonic() - pulse.at) / 1000;
  if (silentSeconds <= Math.max(STALLED_AT_LEAST_SECONDS, shortest * STALLED_INTERVALS)) return { ok: true };
  return { ok: false, why: `no probe was due for ${Math.round(silentSeconds)} s` };
}

function serve(options: DaemonOptions, parts: Parts, current: () => Config, reload: () => Promise<Reloaded>): Web {
  const { latest, timetable, runner, planned, clock, log, metrics } = parts;
  return createWeb({
    metrics: { render: metrics.render, contentType: CONTENT_TYPE },
    targets: () =>
      latest.list().map((one) => {
        const nextRunAt = timetable.nextRunAt(one.target.name);
        return { ...one, ...(nextRunAt === undefined ? {} : { nextRunAt }) };
      }),
    async probeNow(name) {
      const one = planned.get(name);
      return one === undefined ? undefined : runner.now(one);
    },
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

/** Starts probing and serving, or says why it cannot. Nothing is left behind when it cannot. */
export async function startDaemon(options: DaemonOptions): Promise<Started> {
  const { log, redactor, listen } = options;
  const parts = join(options);
  let { config } = options;

  const noteReload = (ok: boolean): void => {
    parts.metrics.set("healthd_config_last_reload_successful", ok ? 1 : 0);
    if (ok) parts.metrics.set("healthd_config_last_reload_success_timestamp_seconds", parts.clock.wall() / 1000);
  };
  const reload = async (): Promise<Reloaded> => {
    const loaded = options.read();
    noteReload(loaded.ok);
    if (!loaded.ok) {
      log.error({ issues: loaded.issues.map(formatIssue) }, "the new config is wrong; the old one stays in force");
      return loaded;
    }
    const { added, removed, changed, unchanged } = diff(config, loaded.config);
    for (const secret of loaded.config.secrets) redactor.learn(secret);
    config = loaded.config;
    apply(config, parts, new Set(unchanged));
    log.info({ added, removed, changed, unchanged: unchanged.length }, "config reloaded");
    return { ok: true };
  };

  const web = serve(options, parts, () => config, reload);
  let url: string;
  try {
    ({ url } = await web.listen(listen.host, listen.port));
  } catch (error) {
    await web.close();
    const { code, message } = error as NodeJS.ErrnoException;
    const what = code === "EADDRINUSE" ? "something else listens there already" : message;
    return {
      ok: false,
      why: `cannot listen on ${listen.host}:${listen.port}: ${what}. Choose another with --listen HOST:PORT, or web.listen in the config.`,
    };
  }
  noteReload(true);
  apply(config, parts);
  log.info({ url, targets: parts.planned.size, version: VERSION }, `serving ${url}/metrics, probing ${parts.planned.size} targets`);
  return {
    ok: true,
    daemon: {
      url,
      reload,
      async stop() {
        log.info("stopping: running probes end first");
        parts.timetable.stop();
        await parts.runner.stop(STOP_GRACE_SECONDS);
        await web.close();
        log.info("stopped");
      },
    },
  };
}
