import type { Config } from "../../config/config.ts";
import type { KeyFacts } from "../../core/outcome.ts";
import type { Planned } from "../../core/probe.ts";
import type { Allowance, Pace } from "../../schedule/planner.ts";
import { type Command, configOptions, flag, type Invocation } from "../command.ts";
import { EXIT, type ExitCode, type Io, paint } from "../io.ts";
import { type Column, table, usd } from "../table.ts";

const TARGETS: readonly Column[] = [
  { title: "TARGET" },
  { title: "KIND" },
  { title: "CONFIGURED" },
  { title: "RUNS EVERY" },
  { title: "RUNS/DAY", align: "right" },
  { title: "TOKENS/DAY", align: "right" },
  { title: "USD/DAY", align: "right" },
];
const ACCOUNTS: readonly Column[] = [
  { title: "CREDENTIAL" },
  { title: "FREE REQUESTS/DAY", align: "right" },
  { title: "OF THE QUOTA", align: "right" },
  { title: "USD/DAY", align: "right" },
  { title: "BUDGET", align: "right" },
];
const FAULTS: readonly Column[] = [
  { title: "FAULT" },
  { title: "NOTICED BY" },
  { title: "AT THE LATEST AFTER", align: "right" },
  { title: "PAGE OR TICKET AFTER", align: "right" },
];

interface Plan {
  readonly config: Config;
  readonly planned: readonly Planned[];
  readonly paces: ReadonlyMap<string, Pace>;
  readonly allowances: ReadonlyMap<string, Allowance>;
}

const round = (value: number): string => (value >= 10 ? value.toFixed(0) : value.toFixed(1));

interface Words {
  duration(seconds: number): string;
  runsPerDay(pace: Pace): number;
  freeRequestsAllowed(allowance: Allowance): number;
}

function targetRows({ planned, paces }: Plan, { duration, runsPerDay }: Words): string[][] {
  return planned.flatMap(({ target, spend }) => {
    const pace = paces.get(target.name);
    if (pace === undefined) return [];
    const runs = runsPerDay(pace);
    const used = spend?.();
    const every = "cron" in target.every ? target.every.cron : duration(target.every.seconds);
    const effective = pace.stretched ? `${duration(pace.intervalSeconds)} (budget)` : every;
    const cells =
      used === undefined ? ["", ""] : [round(runs * used.tokens), `${usd(used.free ? 0 : runs * used.usd)}${used.guessed ? " ?" : ""}`];
    return [[target.name, target.kind, every, effective, round(runs), ...cells]];
  });
}

interface Account {
  readonly name: string;
  readonly cells: readonly string[];
  /** Its cron expressions alone use more than the budget has. */
  readonly over: boolean;
}

function accountsOf({ config, planned, paces, allowances }: Plan, { runsPerDay, freeRequestsAllowed }: Words): readonly Account[] {
  return config.credentials.map(({ name, flavor }) => {
    let requests = 0;
    let cost = 0;
    for (const { target, spend } of planned) {
      const used = spend?.();
      const pace = paces.get(target.name);
      if (used?.credential !== name || pace === undefined) continue;
      if (used.free) requests += runsPerDay(pace);
      else cost += runsPerDay(pace) * used.usd;
    }
    const allowance = allowances.get(name);
    const limit = allowance?.freeRequestsPerDay ?? 0;
    const quota = flavor === "openrouter" ? [`${round(requests)} of ${limit}`, `${((100 * requests) / limit).toFixed(0)} %`] : ["", ""];
    // Sums of stretched intervals come out at the budget, give or take a rounding.
    const beyond = (use: number, budget: number): boolean => use > budget * 1.001;
    const over = allowance !== undefined && (beyond(requests, freeRequestsAllowed(allowance)) || beyond(cost, allowance.usdPerDay));
    return { name, cells: [name, ...quota, usd(cost), usd(allowance?.usdPerDay)], over };
  });
}

function print(plan: Plan, words: Words, faults: readonly (readonly string[])[], io: Io): void {
  const head = (title: string): string => paint(io, "bold", title);
  io.out(`${table(TARGETS, targetRows(plan, words), head)}\n`);
  const accounts = accountsOf(plan, words);
  const cells = accounts.map((account) => account.cells);
  if (accounts.length > 0) io.out(`\n${table(ACCOUNTS, cells, head)}\n`);
  io.out(`\n${table(FAULTS, faults, head)}\n`);
  for (const { name } of accounts.filter(({ over }) => over)) {
    io.out(
      `\n${paint(io, "yellow", `${name}: more than the budget has. Cron expressions are not stretched: when it is used up, nothing is asked until 00:00 UTC,`)}
${paint(io, "yellow", "and what breaks then is noticed that much later than said above. Write an interval instead, or fewer runs, or raise budget.")}\n`,
    );
  }
  if (plan.planned.some(({ spend }) => spend?.().guessed)) {
    io.out(
      `\n${paint(io, "dim", "?: neither the catalogue nor the config tells the price; reckoned as a dear model's. See price in the config.")}\n`,
    );
  }
  if ([...plan.paces.values()].some(({ stretched }) => stretched)) {
    io.out(
      `\n${paint(io, "dim", "(budget): probed less often than configured, so that the day's quota or money lasts; see budget in the config.")}\n`,
    );
  }
}

/** Learns the accounts' limits and the models' prices, as the daemon does, from what costs nothing. */
async function ask(planned: readonly Planned[], invocation: Invocation, redactor: import("../../base/redact.ts").Redactor) {
  const { probeOnce } = await import("../round.ts");
  const free = planned.filter(({ target }) => target.kind === "credential" || target.kind === "catalog");
  const records = await probeOnce(free, invocation.io, redactor);
  const facts = new Map<string, KeyFacts>();
  for (const { target, outcome } of records) {
    if (outcome.verdict !== "skipped" && outcome.evidence.key !== undefined) facts.set(target.name, outcome.evidence.key);
  }
  return facts;
}

async function run(invocation: Invocation): Promise<ExitCode> {
  const { io } = invocation;
  const [{ openConfig }, { createContext, planProbes }, planner, { detectionTimes }, paging, { formatDuration }] = await Promise.all([
    import("../open-config.ts"),
    import("../../probes/index.ts"),
    import("../../schedule/planner.ts"),
    import("../../schedule/detection.ts"),
    import("../../mixin/timing.ts"),
    import("../../base/duration.ts"),
  ]);
  const opened = openConfig(invocation);
  if (opened === undefined) return EXIT.usage;
  const { config, redactor } = opened;
  const planned = planProbes(config, createContext(redactor, { proxies: config.proxy })).filter(({ target }) =>
    planner.inShard(target, config.shard),
  );
  const facts = flag(invocation, "offline") ? new Map<string, KeyFacts>() : await ask(planned, invocation, redactor);
  const allowances = new Map(
    config.credentials.map(({ name }): [string, Allowance] => {
      return [name, planner.allowanceOf(config, facts.get(name)?.freeRequestsLimit)];
    }),
  );
  const unknown = config.credentials.filter(
    ({ name, flavor }) => flavor === "openrouter" && facts.get(name)?.freeRequestsLimit === undefined,
  );
  for (const { name } of unknown) {
    io.err(`${name} has not told its free requests a day; the least an account has, ${planner.LEAST_FREE_REQUESTS_PER_DAY}, is assumed.\n`);
  }
  const paces = planner.planPaces(
    planned.map(({ target, spend }) => (spend === undefined ? { target } : { target, spend: spend() })),
    allowances,
  );
  const never = "never";
  const duration = (seconds: number): string => (seconds === Number.POSITIVE_INFINITY ? never : formatDuration(Math.round(seconds)));
  const faults = detectionTimes(
    planned.map(({ target }) => target),
    (name) => paces.get(name),
  ).map(({ fault, by, noticedSeconds, confirmedSeconds }) => [
    fault,
    by,
    duration(noticedSeconds),
    duration(confirmedSeconds + paging.pagingDelaySeconds()),
  ]);
  const gone = paging.SCRAPE_SECONDS;
  faults.push(["llm-healthd itself is gone", "Prometheus", duration(gone), duration(paging.goneDelaySeconds())]);
  print({ config, planned, paces, allowances }, { duration, ...planner }, faults, io);
  return EXIT.ok;
}

export const plan: Command = {
  name: "plan",
  summary: "Show what will run when, what that uses of quota and money, and how long each kind of fault can go unnoticed. Spends nothing.",
  options: [...configOptions, { flags: "--offline", says: "ask nobody: assume the least quota, and no prices" }],
  examples: ["llm-healthd plan", "llm-healthd plan --offline"],
  exits: "0, 2 wrong config or usage",
  run,
};
