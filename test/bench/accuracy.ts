/** How far is what we say of whole probes from what the upstream saw, beside blackbox_exporter, cloudprober and curl. */
import type { Answer, Cell, Goal, Question, Table } from "./support/answer.ts";
import { type Blackbox, evenly, startBlackbox } from "./support/peers/blackbox.ts";
import { type Cloudprober, findCloudprober } from "./support/peers/cloudprober.ts";
import { curl } from "./support/peers/curl.ts";
import { addedMs, apps, type Rig, startRig } from "./support/rig.ts";
import { machineClock, median, type Spread, sleep, spread } from "./support/stats.ts";
import { startUpstream, type Upstream } from "./support/upstream.ts";

const ROUNDS = 5;
// Of rates that no goal speaks of.
const FEW_ROUNDS = 3;
// First runs spread over half an interval, the second come within one and a half.
const SETTLE_SECONDS = 1.6;
interface Rate {
  readonly perSecond: number;
  readonly seconds: number;
  readonly goal?: boolean;
  /** Curl, which takes a process for ten a second. */
  readonly floor?: boolean;
}
const RATES: readonly Rate[] = [
  { perSecond: 1, seconds: 2 },
  // So many that the p99 is not merely the slowest of them.
  { perSecond: 10, seconds: 30, goal: true, floor: true },
  { perSecond: 50, seconds: 2 },
  { perSecond: 100, seconds: 10, goal: true },
  { perSecond: 200, seconds: 2 },
];

type Prober = (rate: Rate) => Promise<readonly number[] | undefined>;

/** One daemon after the other, each target every second: the rate is how many there are. */
export const healthdProber =
  (rig: Rig, upstream: Upstream): Prober =>
  async ({ perSecond, seconds }) => {
    await rig.start({ yaml: apps(upstream, perSecond), everySeconds: 1 });
    await sleep(SETTLE_SECONDS * 1000);
    const from = machineClock();
    await sleep(seconds * 1000);
    const to = machineClock();
    await rig.stop();
    return addedMs((await rig.collect()).runs, await upstream.visits(), { from, to });
  };

/** Each in turn, a different one first in each round. */
async function rounds(probers: ReadonlyMap<string, Prober>, rate: Rate): Promise<Map<string, Spread[]>> {
  const names = [...probers.keys()];
  const seen = new Map(names.map((name) => [name, [] as Spread[]]));
  for (let round = 0; round < (rate.goal ? ROUNDS : FEW_ROUNDS); round++) {
    process.stderr.write(`  ${rate.perSecond} probes/s, round ${round + 1}\n`);
    for (const at of names.keys()) {
      const name = names[(at + round) % names.length] ?? "";
      const added = await probers.get(name)?.(rate);
      if (added !== undefined) seen.get(name)?.push(spread(added));
    }
  }
  return seen;
}

interface Compared {
  /** Median over the rounds. */
  readonly ms: number;
  /** Median of the rounds' own. */
  readonly ratio: number;
  /** The lowest and the highest of them. */
  readonly ratios: string;
}

function compare(seen: ReadonlyMap<string, readonly Spread[]>): Record<"p50" | "p99", (name: string) => Compared> {
  const of = (which: keyof Spread) => (name: string) => {
    const own = (seen.get(name) ?? []).map((one) => one[which]);
    const peer = (seen.get("blackbox_exporter") ?? []).map((one) => one[which]);
    const ratios = own.map((one, at) => one / (peer[at] ?? Number.NaN));
    const range = [Math.min(...ratios), Math.max(...ratios)].filter(Number.isFinite).map((one) => one.toFixed(2));
    return { ms: median(own), ratio: median(ratios), ratios: range.join(" to ") };
  };
  return { p50: of("p50"), p99: of("p99") };
}

interface Peers {
  readonly blackbox: Blackbox | undefined;
  readonly cloudprober: Cloudprober | undefined;
}

async function wholeProbes(tls: boolean, rig: Rig, { blackbox, cloudprober }: Peers): Promise<{ table: Table; goals: Goal[] }> {
  const upstream = await startUpstream({ tls });
  const rows: Cell[][] = [];
  const goals: Goal[] = [];
  for (const rate of RATES) {
    const probers = new Map<string, Prober>([["llm-healthd", healthdProber(rig, upstream)]]);
    probers.set("blackbox_exporter", async ({ perSecond, seconds }) => blackbox?.probe(upstream, perSecond, seconds));
    if (rate.goal) {
      probers.set("blackbox_exporter, spread evenly", async ({ perSecond, seconds }) =>
        blackbox?.probe(upstream, perSecond, seconds, evenly),
      );
      probers.set("cloudprober", async ({ perSecond, seconds }) => (await cloudprober?.(upstream, perSecond, seconds))?.addedMs);
    }
    if (rate.floor) probers.set("curl", ({ perSecond, seconds }) => curl(upstream, perSecond, seconds));
    const { p50, p99 } = compare(await rounds(probers, rate));
    for (const name of probers.keys()) {
      rows.push([name, `${rate.perSecond}/s`, p50(name).ms, p99(name).ms, p50(name).ratio, p99(name).ratio, p99(name).ratios]);
    }
    if (!rate.goal) continue;
    const goal = (which: string, figure: number): Goal => ({
      goal: `added error ${which}, ${rate.perSecond} probes/s, ${tls ? "TLS" : "plain"}, of blackbox_exporter's`,
      atMost: 1,
      figure,
      unit: "×",
    });
    goals.push(goal("p50", p50("llm-healthd").ratio), goal("p99", p99("llm-healthd").ratio));
  }
  const head = ["prober", "probes", "p50 ms", "p99 ms", "p50 of blackbox's", "p99 of blackbox's", "in its rounds"];
  return { table: { title: `Added error, fresh connections, ${tls ? "TLS" : "plain"}`, head, rows }, goals };
}

const METHOD = `What a prober says a probe took, less what passed at the upstream between having the request and sending its last byte: connecting, TLS
and the prober's own delay. The clocks begin where each tool begins them: the daemon's with the connection (decisions 0016, 0020), blackbox_exporter's with its
prober, which makes its client first; that one is also asked by a process of its own on the same cores. Each prober in turn, ${ROUNDS} rounds (${FEW_ROUNDS} where no goal is set), a different one first each time; medians over the rounds, ratios within a round.
blackbox_exporter is asked as Prometheus would ask, at a moment by a hash of each target. The daemon has the same hash, and gives each target 5 ms of
the interval to itself (decision 0023); what that alone is worth, blackbox_exporter shows when it is asked evenly. cloudprober spreads its probes evenly over the second, and counts until it has the answer's headers.
A p99 is the machine's as much as a prober's: the last column has the lowest and the highest of its rounds' ratios. At ten a second over TLS the daemon and
blackbox_exporter are about even: other askings of 2026-11-28 had 1.03 (half as many probes), 1.01, 1.10 and 1.06 (all of 1,500 probes each, together).`;

export const accuracy: Question = {
  name: "accuracy",
  async ask(): Promise<Answer> {
    const rig = startRig();
    const blackbox = await startBlackbox();
    const peers: Peers = { blackbox, cloudprober: findCloudprober() };
    const parts = [await wholeProbes(false, rig, peers), await wholeProbes(true, rig, peers)];
    await blackbox?.end();
    await rig.end();
    return { title: "Accuracy", method: METHOD, tables: parts.map(({ table }) => table), goals: parts.flatMap(({ goals }) => goals) };
  },
};
