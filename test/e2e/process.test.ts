/** The program's life as its operator sees it: exit codes, signals, reload, and what it says when it does not start. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { answers, freePort, until } from "../support/programs.ts";
import { configFor } from "../support/world.ts";
import { byTarget, killLeftovers, ROOT, runHealthd, scrape, startHealthd } from "./healthd.ts";

let folder: string;
let simulator: Simulator;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "healthd-process-"));
  simulator = await startSimulator({ firstTokenMs: 5, tokenMs: 1, freeRequestsPerMinute: null });
});
afterEach(() => simulator.faults.clear());
afterAll(async () => {
  killLeftovers();
  await simulator.stop();
  rmSync(folder, { recursive: true });
});

let histories = 0;
/** Each with a history of its own: what one test has used is not held against the next. */
function configFile(name: string, yaml: string): string {
  const file = join(folder, name);
  writeFileSync(file, `${configFor(simulator, yaml)}history: { path: "${folder}/history-${histories++}.db" }\n`);
  return file;
}

const CREDENTIAL = 'credentials:\n  openrouter: { api_key: $KEY, base_url: "$API" }\n';
const HANGING = `${CREDENTIAL}models:\n  coder: qwen/qwen3-coder:free\ndefaults: { every: 60s, timeout: 50s }\n`;
const DEAD = ["qwen/qwen3-coder-480b", "moonshot/kimi-dev-72b", "deepseek/deepseek-r1-70b"];
const TEN = `${CREDENTIAL}models:
  qwen_coder: qwen/qwen3-coder:free
  qwen_vl: { id: "qwen/qwen2.5-vl-72b-instruct:free", expect: { vision: true } }
  gemini_flash: { id: "google/gemini-2.0-flash-exp:free", expect: { vision: true } }
  kimi_k2: moonshotai/kimi-k2:free
  deepseek_v3: deepseek/deepseek-chat-v3.1:free
  tongyi_research: alibaba/tongyi-deepresearch-30b-a3b:free
  gemma_27b: { id: "google/gemma-3-27b-it:free", expect: { vision: true } }
  old_coder: ${DEAD[0]}
  old_kimi: ${DEAD[1]}
  old_deepseek: ${DEAD[2]}
`;

const startDaemon = (config: string, env: Record<string, string> = {}) =>
  startHealthd(["run", "--config", config, "--listen", "127.0.0.1:0", "--log-format", "json", "--log-level", "debug"], env);
const urlOf = (daemon: ReturnType<typeof startHealthd>): Promise<string> => daemon.says(/"url":"(http:[^"]+)"/);

test("run without a config says where to write what, and names the demo", async () => {
  const file = join(folder, "absent", "healthd.yaml");
  const { code, out, err } = await runHealthd(["run"], { LLM_HEALTHD_CONFIG: file });
  expect({ code, out }).toEqual({ code: 2, out: "" });
  for (const words of [file, "api_key", "models", "npm run demo"]) expect(err).toContain(words);
});

test("run with a wrong config names every issue with its place, and listens nowhere", async () => {
  const port = await freePort();
  const config = configFile(
    "wrong.yaml",
    `${CREDENTIAL}models:\n  coder: { id: qwen/qwen3-coder:free, evry: 5m }\ndefaults: { timeout: 60 }\nweb: { listen: "10556" }\n`,
  );
  const healthd = startHealthd(["run", "--config", config, "--listen", `127.0.0.1:${port}`]);
  let listened = false;
  while (!healthd.hasEnded()) listened ||= await answers(`http://127.0.0.1:${port}/-/healthy`);
  expect({ listened, ended: await healthd.ended, out: healthd.out() }).toEqual({
    listened: false,
    ended: { code: 2, signal: null },
    out: "",
  });
  const issues = healthd
    .err()
    .split("\n")
    .filter((line) => line.startsWith("error "));
  expect(issues).toEqual([
    expect.stringMatching(/wrong\.yaml:4:\d+ {2}models\.coder\.evry/),
    expect.stringMatching(/wrong\.yaml:5:\d+ {2}defaults\.timeout/),
    expect.stringMatching(/wrong\.yaml:6:\d+ {2}web\.listen/),
  ]);
  expect(healthd.err()).toContain("3 problems");
});

test("a port that is taken: exit 2, and what to do about it", async () => {
  const daemon = startDaemon(configFile("first.yaml", HANGING));
  const { host } = new URL(await urlOf(daemon));
  const { code, err } = await runHealthd(["run", "--config", configFile("second.yaml", HANGING), "--listen", host]);
  expect(code).toBe(2);
  expect(err).toContain(`cannot listen on ${host}`);
  expect(err).toContain("--listen");
  daemon.signal("SIGTERM");
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
});

test("SIGTERM while a probe hangs: still scraped, ended within ten seconds, exit 0", async () => {
  simulator.faults.on("slow_headers", { service: "openrouter" });
  const daemon = startDaemon(configFile("hanging.yaml", HANGING));
  const url = await urlOf(daemon);
  const inFlight = async (): Promise<number | undefined> =>
    (await scrape(`${url}/metrics`)).find(({ name }) => name === "healthd_probes_in_flight")?.value;
  await until(async () => (await inFlight()) === 3, "every probe to hang");

  const start = performance.now();
  daemon.signal("SIGTERM");
  await daemon.says(/(stopping)/);
  expect(await inFlight()).toBe(3);
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
  const seconds = (performance.now() - start) / 1000;
  process.stdout.write(`SIGTERM with hanging probes: ended after ${seconds.toFixed(1)} s\n`);
  expect(seconds).toBeLessThan(10);
  expect(daemon.log().at(-1)).toMatchObject({ msg: "stopped" });
  expect(daemon.err()).not.toMatch(/unhandled|prober_fault|"verdict":"down"/i);
});

test.for([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("a second %s does not wait", async ([signal, code]) => {
  simulator.faults.on("slow_headers", { service: "openrouter" });
  const daemon = startDaemon(configFile("hanging.yaml", HANGING));
  const url = await urlOf(daemon);
  await until(
    async () => (await scrape(`${url}/metrics`)).some(({ name, value }) => name === "healthd_probes_in_flight" && value > 0),
    "a hanging probe",
  );
  daemon.signal(signal);
  await daemon.says(/(stopping)/);
  const start = performance.now();
  daemon.signal(signal);
  expect(await daemon.ended).toEqual({ code, signal: null });
  expect(performance.now() - start).toBeLessThan(2000);
});

test("SIGHUP takes a new config, and refuses a wrong one without harm; a changed file needs no signal", async () => {
  const config = configFile("reloaded.yaml", HANGING);
  const daemon = startDaemon(config);
  const url = await urlOf(daemon);
  const targets = async (): Promise<string[]> => Object.keys(byTarget(await scrape(`${url}/metrics`), "healthd_probe_success")).toSorted();
  await until(async () => (await targets()).length === 3, "the first round");

  configFile("reloaded.yaml", HANGING.replace("coder: qwen/qwen3-coder:free", "kimi: moonshotai/kimi-k2:free"));
  daemon.signal("SIGHUP");
  await until(async () => (await targets()).includes("kimi"), "the new model's first result");
  expect(await targets()).toEqual(["kimi", "openrouter", "openrouter_catalog"]);

  configFile("reloaded.yaml", "models: [");
  daemon.signal("SIGHUP");
  await daemon.says(/(the new config is wrong)/);
  const after = await scrape(`${url}/metrics`);
  expect(after.find(({ name }) => name === "healthd_config_last_reload_successful")?.value).toBe(0);
  expect(await targets()).toEqual(["kimi", "openrouter", "openrouter_catalog"]);

  // Nobody says anything: it sees by itself that the file is right again.
  configFile("reloaded.yaml", HANGING);
  await until(async () => (await targets()).includes("coder"), "the changed file to be noticed");
  expect(await targets()).toEqual(["coder", "openrouter", "openrouter_catalog"]);
  daemon.signal("SIGINT");
  expect(await daemon.ended).toEqual({ code: 0, signal: null });
});

test("check: seven good models and three dead ids", async () => {
  const { code, out } = await runHealthd(["check", "--config", configFile("ten.yaml", TEN)]);
  expect(code).toBe(1);
  const verdicts = Object.fromEntries(
    [...out.matchAll(/^(\w+) +model +(up|down) +(\d+)/gm)].map(([, name, verdict, status]) => [name, `${verdict} ${status}`]),
  );
  expect(verdicts).toEqual({
    ...Object.fromEntries(
      ["qwen_coder", "qwen_vl", "gemini_flash", "kimi_k2", "deepseek_v3", "tongyi_research", "gemma_27b"].map((name) => [name, "up 200"]),
    ),
    ...Object.fromEntries(["old_coder", "old_kimi", "old_deepseek"].map((name) => [name, "down 400"])),
  });
  for (const id of DEAD) expect(out).toContain(`the model id does not exist: ${id} is not a valid model ID`);
  expect(out).toContain("llm-healthd models");
});

test("models: names the dead ids and proposes what was meant", async () => {
  const { code, out } = await runHealthd(["models", "--config", configFile("ten.yaml", TEN)]);
  expect(code).toBe(1);
  // Each dead id's paragraph ends where the next begins.
  const firstProposals = Object.fromEntries(
    [...out.matchAll(/● \w+: (\S+) does not exist\.[^\n]*\n {2}→ (\S+)/g)].map(([, id, proposal]) => [id, proposal]),
  );
  expect(firstProposals).toEqual({
    "qwen/qwen3-coder-480b": "qwen/qwen3-coder:free",
    "moonshot/kimi-dev-72b": expect.stringMatching(/^moonshotai\/kimi.*:free$/),
    "deepseek/deepseek-r1-70b": expect.stringMatching(/^deepseek\/deepseek-.*:free$/),
  });
});

test("npm hands no SIGTERM on: a daemon whose npm was ended ends too, and frees its port", async () => {
  const config = configFile("orphan.yaml", HANGING);
  const npm = spawn(
    "npm",
    ["run", "--silent", "healthd", "--", "run", "--config", config, "--listen", "127.0.0.1:0", "--log-format", "json"],
    {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let err = "";
  npm.stderr.setEncoding("utf8").on("data", (chunk) => (err += chunk));
  await until(() => /"url":"(http:[^"]+)"/.test(err), "the daemon to serve");
  const url = /"url":"(http:[^"]+)"/.exec(err)?.[1] ?? "";
  npm.kill("SIGTERM");
  await until(async () => !(await answers(`${url}/-/healthy`)), "the daemon to end with its npm", 15_000);
});

test("--env-file is ours, not Node's: a missing one is a problem of the config, with exit 2", async () => {
  const { code, err } = await runHealthd([
    "validate",
    "--offline",
    "--env-file",
    join(folder, "absent.env"),
    "--config",
    configFile("e.yaml", HANGING),
  ]);
  expect({ code, named: err.includes("absent.env  found no such file") }).toEqual({ code: 2, named: true });
});

test("a place for the log that cannot be is one line and exit 2", async () => {
  const config = configFile("log.yaml", `${HANGING}log: { file: /proc/nowhere/healthd.log }\n`);
  const { code, err } = await runHealthd(["run", "--config", config, "--listen", "127.0.0.1:0"]);
  expect(code).toBe(2);
  expect(err).toContain("log.file /proc/nowhere/healthd.log cannot be written: ENOENT");
});
