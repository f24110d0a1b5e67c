/** See rig.ts. */
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createLog } from "../../../src/base/log.ts";
import { createRedactor } from "../../../src/base/redact.ts";
import { Transcript } from "../../../src/clients/openrouter/transcript.ts";
import type { Config } from "../../../src/config/config.ts";
import { loadConfig } from "../../../src/config/load.ts";
import type { ProbeRecord } from "../../../src/core/probe.ts";
import { type Daemon, startDaemon } from "../../../src/daemon/daemon.ts";
import { sections } from "../../../src/probes/index.ts";
import type { Handed, Order, Run } from "./rig.ts";
import { machineClock } from "./stats.ts";

let daemon: Daemon | undefined;
let runs: Run[] = [];
const gaps = monitorEventLoopDelay({ resolution: 1 });

function take({ target, outcome, durationSeconds, latenessSeconds }: ProbeRecord): void {
  const seen = outcome.verdict === "skipped" ? undefined : outcome.evidence;
  const durationMs = (seen?.durationSeconds ?? durationSeconds) * 1000;
  const first = seen?.completion?.firstTokenSeconds?.answer;
  runs.push({
    target: target.name,
    verdict: outcome.verdict === "skipped" ? `skipped ${outcome.cause}` : outcome.verdict,
    startedAt: machineClock() - durationSeconds * 1000,
    durationMs,
    latenessMs: (latenessSeconds ?? 0) * 1000,
    ...(first === undefined ? {} : { firstTokenMs: first * 1000 }),
  });
}

// The daemon keeps no token's time but the first's and the last's. Its transcript is told each, counted from the exchange's start. What is noted
// is no object, or the collector would have more to do than the daemon gives it: when a token was sent, when it came since its stream began,
// which stream that is, and 1 for its first.
const MOST_TOKENS = 1_000_000;
const WIDTH = 4;
const noted = new Float64Array(WIDTH * MOST_TOKENS);
let length = 0;
/** When each stream began, on the machine's clock. */
const starts = new Float64Array(MOST_TOKENS).fill(Number.POSITIVE_INFINITY);
let streams = 0;

const STREAM = Symbol("stream");
const { add } = Transcript.prototype;
const noting: typeof add = function (this: Transcript & { [STREAM]?: number }, item, atSeconds) {
  this[STREAM] ??= streams++;
  const stream = this[STREAM];
  // What runs between the two clocks can only make the difference larger: the smallest one that its stream ever sees is the start.
  starts[stream] = Math.min(starts[stream] ?? Number.NaN, machineClock() - atSeconds * 1000);
  const sent = item.type === "data" ? Number(/"content":"([\d.]+) "/.exec(item.text)?.[1]) : Number.NaN;
  if (Number.isFinite(sent) && length < noted.length) {
    noted.set([sent, atSeconds * 1000, stream, this.lastTokenSeconds === undefined ? 1 : 0], length);
    length += WIDTH;
  }
  add.call(this, item, atSeconds);
};

/** As numbers: as objects they would be what the daemon's next major collections, within what is measured next, have to look through. */
function handOver(): Float64Array {
  const handed = new Float64Array((3 * length) / WIDTH);
  for (let from = 0, to = 0; from < length; from += WIDTH, to += 3) {
    const start = starts[noted[from + 2] ?? 0] ?? Number.NaN;
    handed[to] = noted[from] ?? Number.NaN;
    handed[to + 1] = start + (noted[from + 1] ?? Number.NaN);
    handed[to + 2] = noted[from + 3] ?? 0;
  }
  length = 0;
  return handed;
}

function configOf({ yaml, everySeconds, only }: Order): Config {
  const loaded = loadConfig({ file: "bench.yaml", text: yaml, sections, env: {} });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
  const { config } = loaded;
  if (everySeconds === undefined) return config;
  const every = { seconds: everySeconds };
  return { ...config, entries: config.entries.map((entry) => (only === undefined || entry.kind === only ? { ...entry, every } : entry)) };
}

async function start(order: Order): Promise<string> {
  Transcript.prototype.add = order.tokens ? noting : add;
  if (order.gaps) gaps.enable();
  else gaps.disable();
  const config = configOf(order);
  const redactor = createRedactor(config.secrets);
  const started = await startDaemon({
    config,
    listen: { host: "127.0.0.1", port: 0 },
    log: createLog({ level: "info", redactor }),
    redactor,
    read: () => ({ ok: true, config, warnings: [], files: new Map() }),
    historyPath: join(mkdtempSync(join(process.argv[2] ?? "", "rig-")), "history.db"),
    sinks: [{ take }],
  });
  if (!started.ok) throw new Error(started.why);
  ({ daemon } = started);
  return daemon.url;
}

function collect(): Handed {
  const longestGapMs = gaps.count === 0 ? 0 : gaps.max / 1e6 - 1;
  gaps.reset();
  const collected = { runs, tokens: handOver(), longestGapMs };
  runs = [];
  return collected;
}

process.on("message", (message: { start?: Order; stop?: true; collect?: true }) => {
  void (async () => {
    if (message.start !== undefined) process.send?.(await start(message.start));
    else if (message.collect) process.send?.(collect());
    else {
      await daemon?.stop();
      process.send?.("stopped");
    }
  })();
});
process.on("disconnect", () => process.exit());
