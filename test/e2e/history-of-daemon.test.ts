/** The program with its history: read beside it, shut to a second one, and on a disk that is full. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { noSmallDisk, type SmallDisk, smallDisk } from "../support/disk.ts";
import { until } from "../support/programs.ts";
import { configFor } from "../support/world.ts";
import { type Healthd, killLeftovers, runHealthd, scrape, startHealthd } from "./healthd.ts";

describe.skipIf(noSmallDisk() !== undefined)("on a small disk", () => {
  let simulator: Simulator;
  let disk: SmallDisk;
  let config: string;
  beforeAll(async () => {
    simulator = await startSimulator();
  });
  beforeEach(() => {
    disk = smallDisk();
    config = join(disk.folder, "healthd.yaml");
    const yaml = `apps:\n  frontend: { url: "$APP", every: 1s, timeout: 900ms }\nhistory: { path: "${disk.folder}/history.db" }\n`;
    writeFileSync(config, configFor(simulator, yaml));
  });
  afterEach(() => {
    killLeftovers();
    simulator.faults.clear();
    disk.end();
  });
  afterAll(() => simulator.stop());

  const start = (): Healthd => startHealthd(["run", "--config", config, "--listen", "127.0.0.1:0", "--log-format", "json"]);
  const urlOf = (healthd: Healthd): Promise<string> => healthd.says(/"url":"(http:[^"]+)"/);
  const valueAt = async (url: string, name: string): Promise<number> =>
    (await scrape(`${url}/metrics`)).filter((one) => one.name === name).reduce((sum, { value }) => sum + value, 0);
  const probes = (url: string) => valueAt(url, "healthd_probes_total");
  const writable = (url: string) => valueAt(url, "healthd_history_writable");

  test("events beside the daemon, after a kill, and when it has ended", async () => {
    simulator.faults.on("app");
    const reasons = async (): Promise<string[]> => {
      const { code, out, err } = await runHealthd(["events", "--config", config, "--json"]);
      expect({ code, err }).toEqual({ code: 0, err: "" });
      return (JSON.parse(out) as { reason: string }[]).map(({ reason }) => reason);
    };
    const first = start();
    const url = await urlOf(first);
    await until(async () => (await valueAt(url, "healthd_probe_failures_total")) >= 2, "two failures");
    await until(async () => (await reasons()).length >= 2, "both to be told");
    const told = (await reasons()).length;
    first.signal("SIGKILL");
    await first.ended;
    expect((await reasons()).length).toBeGreaterThanOrEqual(told);
    const second = start();
    await urlOf(second);
    second.signal("SIGTERM");
    expect((await second.ended).code).toBe(0);
    expect(new Set(await reasons())).toEqual(new Set(["app_status"]));
  });

  test("a second daemon on the file: exit 2, and why", async () => {
    await urlOf(start());
    const { code, err } = await runHealthd(["run", "--config", config, "--listen", "127.0.0.1:0", "--log-format", "json"]);
    expect(code).toBe(2);
    expect(err).toContain("history.db cannot be used: another llm-healthd writes it now");
  });

  test("full: probing and metrics go on, it is said once, and it is written again when there is room", async () => {
    const healthd = start();
    const url = await urlOf(healthd);
    await until(async () => (await probes(url)) >= 2, "the first probes");
    disk.fill();
    await until(async () => (await writable(url)) === 0, "the metric to tell");
    const before = await probes(url);
    await until(async () => (await probes(url)) >= before + 8, "more probes");
    expect(await valueAt(url, "healthd_history_write_failures_total")).toBeGreaterThan(1);
    const lines = (words: string) => healthd.log().filter(({ msg }) => String(msg).includes(words)).length;
    expect(lines("cannot be written")).toBe(1);
    disk.clear();
    await until(async () => (await writable(url)) === 1, "the metric to tell that it is written");
    expect(lines("is written again")).toBe(1);
    healthd.signal("SIGTERM");
    expect(await healthd.ended).toEqual({ code: 0, signal: null });
  });

  test("started on a full one: it probes, and writes when there is room", async () => {
    disk.fill();
    const healthd = start();
    const url = await urlOf(healthd);
    await until(async () => (await probes(url)) >= 2, "probes");
    expect(await writable(url)).toBe(0);
    disk.clear();
    await until(async () => (await writable(url)) === 1, "the metric to tell that it is written");
  });
});
