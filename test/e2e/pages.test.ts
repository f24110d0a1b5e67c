/**
 * The live chain: simulator, daemon, Prometheus, Alertmanager and a pager, with the shipped rules and routes. One broken thing makes one page,
 * with its name, in the time that `plan` promises; it resolves once; and what is no fault makes none. Every story has a world of its own.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseDuration } from "../../src/base/duration.ts";
import { demoConfig } from "../../src/cli/demo/config-text.ts";
import type { Page } from "../../src/cli/stack/pager.ts";
import { findPrograms, startStack } from "../../src/cli/stack/stack.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { freePort, missing, until } from "../support/programs.ts";
import { byTarget, type Healthd, killLeftovers, runHealthd, scrape, startHealthd } from "./healthd.ts";

const why = missing("prometheus", "prometheus-alertmanager");

/** Shortens what comes after the first page: how long an alert is kept, how often its group is looked at again. */
const TIME_SCALE = 0.05;
/** And how long Prometheus may miss the daemon: longer than a restart takes, here too. */
const RESTART_TIME_SCALE = 0.5;
const A_MOMENT_MS = 1_500;
const UNLIMITED = { freeRequestsPerMinute: null, freeRequestsPerDay: 1_000_000 } as const;
const TARGETS = 11;
const PATIENCE_MS = 120_000;

interface World {
  readonly config: string;
  readonly url: string;
  /** Critical ones only. */
  readonly pages: readonly Page[];
  simulator(): Simulator;
  healthd(): Healthd;
  /** Everything is cut, as when a cable is pulled; `plug` puts it back. */
  unplug(): Promise<void>;
  plug(): Promise<void>;
  startDaemon(): Promise<void>;
  /** The config with some texts replaced; takes effect at once. */
  reload(replaced: Readonly<Record<string, string>>): Promise<void>;
  settled(): Promise<void>;
  /** Seconds in which Prometheus has evaluated the rules this many times more. */
  evaluated(times: number): Promise<void>;
  end(): Promise<void>;
}

async function startWorld(timeScale = TIME_SCALE): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "healthd-pages-"));
  const listen = `127.0.0.1:${await freePort()}`;
  const ports = { port: await freePort(), s3Port: await freePort() };
  let simulator = await startSimulator({ ...UNLIMITED, ...ports });
  const config = join(folder, "healthd.yaml");
  const text = `${demoConfig(simulator)}history: { path: "${folder}/history.db" }\n`;
  writeFileSync(config, text);
  const pages: Page[] = [];
  let healthd: Healthd;
  const start = async (): Promise<void> => {
    healthd = startHealthd(["run", "--config", config, "--listen", listen, "--log-format", "json"]);
    await healthd.says(/"url":"(http:[^"]+)"/);
  };
  const url = `http://${listen}`;
  const settled = async (): Promise<void> => {
    const up = async (): Promise<number> =>
      Object.values(byTarget(await scrape(`${url}/metrics`), "healthd_probe_success")).filter((value) => value === 1).length;
    await until(async () => (await up()) === TARGETS, "every target to be up", PATIENCE_MS);
  };
  await start();
  await settled();
  const programs = findPrograms(process.env.PATH ?? "");
  if (!("prometheus" in programs)) throw new Error(`no ${programs.join(", ")}`);
  const stack = await startStack({
    programs,
    daemon: listen,
    timeScale,
    onPage: (page) => void (page.receiver === "page" && pages.push(page)),
  });
  const evaluations = async (): Promise<number> => {
    const samples = await scrape(`${stack.prometheusUrl}/metrics`);
    return samples.filter(({ name }) => name === "prometheus_rule_group_iterations_total").reduce((sum, { value }) => sum + value, 0);
  };
  const groups = async (): Promise<number> =>
    (await scrape(`${stack.prometheusUrl}/metrics`)).filter(({ name }) => name === "prometheus_rule_group_iterations_total").length;
  return {
    config,
    url,
    pages,
    simulator: () => simulator,
    healthd: () => healthd,
    unplug: () => simulator.stop(),
    async plug() {
      simulator = await startSimulator({ ...UNLIMITED, ...ports });
    },
    startDaemon: start,
    async reload(replaced) {
      writeFileSync(
        config,
        Object.entries(replaced).reduce((all, [one, other]) => all.replaceAll(one, other), text),
      );
      expect((await fetch(`${url}/-/reload`, { method: "POST" })).status).toBe(200);
    },
    settled,
    async evaluated(times) {
      const goal = (await evaluations()) + times * (await groups());
      await until(async () => (await evaluations()) >= goal, `${times} evaluations`, PATIENCE_MS);
    },
    async end() {
      healthd.signal("SIGTERM");
      await healthd.ended;
      await stack.stop();
      await simulator.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The promise of `plan`, in seconds, for the row that begins so. */
async function promised(config: string, fault: RegExp): Promise<number> {
  const { out } = await runHealthd(["plan", "--config", config]);
  const row = out.split("\n").find((line) => fault.test(line));
  const seconds = parseDuration(row?.trim().split(/ +/).at(-1) ?? "");
  if (seconds === undefined) throw new Error(`plan promises nothing for ${fault}:\n${out}`);
  return seconds;
}

interface Story {
  readonly fault: string;
  readonly alert: string;
  /** How many alerts the one page holds. */
  readonly alerts?: number;
  /** The row of `plan` that promises it. */
  readonly promise: RegExp;
  break(world: World): Promise<void> | void;
  mend(world: World): Promise<void> | void;
}

const switched = (name: Parameters<Simulator["faults"]["on"]>[0]): Pick<Story, "break" | "mend"> => ({
  break: (world) => world.simulator().faults.on(name),
  mend: (world) => world.simulator().faults.clear(),
});
const DEAD_IDS = {
  "qwen/qwen3-coder:free": "qwen/qwen3-coder-480b",
  "moonshotai/kimi-k2:free": "moonshot/kimi-dev-72b",
  "deepseek/deepseek-chat-v3.1:free": "deepseek/deepseek-r1-70b",
};

const STORIES: readonly Story[] = [
  { fault: "the key is revoked, with 7 models", alert: "ApiKeyRejected", promise: /^the key is rejected/, ...switched("key") },
  {
    fault: "three model ids that do not exist",
    alert: "ModelMissing",
    alerts: 3,
    promise: /^a model is retired/,
    break: (world) => world.reload(DEAD_IDS),
    mend: (world) => world.reload({}),
  },
  { fault: "503 on all models", alert: "ProviderUnavailable", promise: /^a model fails/, ...switched("provider_busy") },
  { fault: "the bucket is down, and the app that needs it", alert: "StorageUnavailable", promise: /^the bucket/, ...switched("storage") },
  {
    fault: "the network is cut",
    alert: "NetworkUnreachable",
    promise: /^nothing answers/,
    break: (world) => world.unplug(),
    mend: (world) => world.plug(),
  },
  {
    fault: "the daemon is killed",
    alert: "HealthdDown",
    promise: /^llm-healthd itself/,
    break: (world) => world.healthd().signal("SIGKILL"),
    mend: (world) => world.startDaemon(),
  },
];

describe.skipIf(why !== undefined)(`pages${why === undefined ? "" : `: ${why}`}`, { concurrent: true, timeout: 400_000 }, () => {
  const measured: string[] = [];
  afterAll(() => {
    killLeftovers();
    process.stderr.write(`\nfrom fault to page:\n${measured.map((line) => `  ${line}\n`).join("")}`);
  });

  test.each(STORIES)("$fault: one page, $alert, and it resolves once", async ({ fault, alert, alerts = 1, promise, ...story }) => {
    const world = await startWorld();
    const bound = await promised(world.config, promise);
    const broken = Date.now();
    await story.break(world);
    await until(() => world.pages.length > 0, `the page of ${alert}`, PATIENCE_MS);
    const seconds = ((world.pages[0]?.at ?? 0) - broken) / 1000;
    measured.push(`${fault}: paged after ${seconds.toFixed(1)} s, promised ${bound} s`);
    // What else would page does so by now.
    await world.evaluated(6);
    const told = (page: Page) => [page.status, ...page.alerts.map(({ labels }) => labels.alertname)];
    expect(world.pages.map(told)).toEqual([["firing", ...Array(alerts).fill(alert)]]);
    expect(seconds).toBeLessThanOrEqual(bound);

    await story.mend(world);
    await until(() => world.pages.some(({ status }) => status === "resolved"), `${alert} to resolve`, PATIENCE_MS);
    await world.evaluated(3);
    expect(world.pages.map(({ status }) => status)).toEqual(["firing", "resolved"]);
    await world.end();
  });

  test("the daemon is killed, and Prometheus misses it for as long as in earnest: in the promised time", async () => {
    const world = await startWorld(1);
    const bound = await promised(world.config, /^llm-healthd itself/);
    const broken = Date.now();
    world.healthd().signal("SIGKILL");
    await until(() => world.pages.length > 0, "the page of HealthdDown", PATIENCE_MS);
    const seconds = ((world.pages[0]?.at ?? 0) - broken) / 1000;
    measured.push(`the daemon is killed, unscaled: paged after ${seconds.toFixed(1)} s, promised ${bound} s`);
    expect(world.pages.map(({ groupLabels }) => groupLabels.alertname)).toEqual(["HealthdDown"]);
    expect(seconds).toBeLessThanOrEqual(bound);
    await world.startDaemon();
    await world.end();
  });

  test("an outage of a moment, however many targets meet it: no page", async () => {
    const world = await startWorld();
    // So that nothing has its second turn while it lasts, even on a loaded machine.
    await world.reload({ "every: 5s": "every: 30s", "every: 15s": "every: 40s" });
    await world.settled();
    const down = async (): Promise<boolean> =>
      Object.values(byTarget(await scrape(`${world.url}/metrics`), "healthd_probe_success")).includes(0);
    await world.unplug();
    await until(down, "a probe to fail", PATIENCE_MS);
    // This long is what is tried, not what is waited for.
    await new Promise((next) => setTimeout(next, A_MOMENT_MS));
    await world.plug();
    await world.settled();
    await world.evaluated(6);
    expect(world.pages).toEqual([]);
    await world.end();
  });

  test("a single failed probe, a reload, a restart: no page", async () => {
    const world = await startWorld(RESTART_TIME_SCALE);
    for (const name of ["provider_busy", "storage", "key", "app"] as const) {
      world.simulator().faults.on(name, { times: 1 });
      await until(() => world.simulator().faults.active().length === 0, `${name} to be seen once`, PATIENCE_MS);
      await world.settled();
    }
    await world.reload({ "kimi_k2:": "kimi:" });
    await world.evaluated(3);
    world.healthd().signal("SIGTERM");
    await world.healthd().ended;
    await world.startDaemon();
    await world.settled();
    await world.evaluated(6);
    expect(world.pages).toEqual([]);
    await world.end();
  });
});
