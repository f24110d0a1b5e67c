/** The built program: a few files that need one package, and do what the sources do. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startSimulator } from "../src/simulator/index.ts";
import { freePort, until } from "./support/programs.ts";
import { configFor, STANDARD } from "./support/world.ts";

const ROOT = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "healthd-build-"));
const dist = join(folder, "dist");
const main = join(dist, "main.js");

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, "node_modules/rolldown/bin/cli.mjs"), "-c", "rolldown.config.ts", "--dir", dist], {
    cwd: ROOT,
    stdio: "pipe",
  });
  // As `npm ci --omit=dev` would: nothing but what the package still depends on.
  cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { dependencies: Record<string, string> };
  for (const scope of new Set(Object.keys(dependencies).map((name) => name.split("/")[0] ?? ""))) {
    mkdirSync(join(folder, "node_modules"), { recursive: true });
    cpSync(join(ROOT, "node_modules", scope), join(folder, "node_modules", scope), { recursive: true });
  }
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const built = (): readonly string[] => readdirSync(dist).filter((file) => file.endsWith(".js"));
const text = (file: string): string => readFileSync(join(dist, file), "utf8");

test("it probes a key, models, a bucket and an app, and writes a log for people", async () => {
  const simulator = await startSimulator({ firstTokenMs: 5, tokenMs: 1, freeRequestsPerMinute: null });
  const port = await freePort();
  const config = join(folder, "healthd.yaml");
  writeFileSync(config, configFor(simulator, `${STANDARD}history: { path: "${join(folder, "history.db")}" }\n`), { mode: 0o600 });
  const args = ["--", main, "run", "--config", config, "--listen", `127.0.0.1:${port}`, "--log-format", "pretty"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (chunk) => (log += chunk));
  const up = async (): Promise<readonly string[]> => {
    const page = await fetch(`http://127.0.0.1:${port}/metrics`).then(
      (answer) => answer.text(),
      () => "",
    );
    return [...page.matchAll(/^healthd_probe_success\{.*target="([^"]*)".*\} 1$/gm)].map(([, name = ""]) => name).toSorted();
  };
  const all = ["deepseek_v3", "files", "files_read", "frontend", "gemini_flash", "openrouter", "openrouter_catalog", "qwen_coder"];
  try {
    await until(async () => (await up()).length === all.length, "all targets to be up").catch(() => undefined);
    expect(await up()).toEqual(all);
    expect(log).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: serving http/m);
  } finally {
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(0);
    await simulator.stop();
  }
}, 60_000);

test("it is started by its own first line", () => {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env.PATH}` };
  expect(execFileSync(main, ["--version"], { encoding: "utf8", env })).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("what was compiled is kept for each command, and by a daemon that is killed too", async () => {
  const cache = join(folder, "cache", "llm-healthd");
  const { NODE_COMPILE_CACHE: _, ...rest } = process.env;
  const env = { ...rest, XDG_CACHE_HOME: join(folder, "cache") };
  const kept = (): Record<string, number> =>
    Object.fromEntries(readdirSync(cache).map((name) => [/-(\w+)$/.exec(name)?.[1] ?? name, statSync(join(cache, name)).ino]));
  const explain = (more: Readonly<Record<string, string>> = {}): string =>
    execFileSync(process.execPath, ["--", main, "explain", "503"], { encoding: "utf8", env: { ...env, ...more } });
  explain({ NODE_DISABLE_COMPILE_CACHE: "1" });
  expect(existsSync(cache)).toBe(false);
  const said = explain({ NODE_COMPILE_CACHE: "" });
  spawnSync(process.execPath, ["--", main, "../explain"], { env });
  const first = kept();
  expect(Object.keys(first).toSorted()).toEqual(["explain", "other"]);
  expect(explain()).toBe(said);
  expect(kept()).toEqual(first);

  const config = join(folder, "kept.yaml");
  writeFileSync(config, 'apps: { a: { url: "http://127.0.0.1:9/" } }\nhistory: { path: ":memory:" }\n');
  const daemon = spawn(process.execPath, ["--", main, "run", "--config", config, "--listen", "127.0.0.1:0"], { stdio: "ignore", env });
  try {
    await until(async () => "run" in kept(), "the daemon to keep what was compiled");
  } finally {
    daemon.kill("SIGKILL");
    await once(daemon, "exit");
  }
}, 60_000);

test("a start loads nothing that only TLS needs", async () => {
  const config = join(folder, "plain.yaml");
  writeFileSync(config, 'apps: { a: { url: "http://127.0.0.1:9/", every: 5s, timeout: 5s } }\nhistory: { path: ":memory:" }\n');
  const preload = join(folder, "preload.cjs");
  writeFileSync(preload, 'process.once("SIGUSR2", () => process.stdout.write(process.moduleLoadList.join("\\n") + "\\nall\\n"));\n');
  const port = await freePort();
  const args = ["--require", preload, "--", main, "run", "--config", config, "--listen", `127.0.0.1:${port}`];
  const daemon = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  let said = "";
  daemon.stdout.setEncoding("utf8").on("data", (chunk) => (said += chunk));
  try {
    const page = (): Promise<string> => fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text());
    await until(async () => (await page().catch(() => "")).includes("healthd_probes_total{"), "the first probe to be done");
    daemon.kill("SIGUSR2");
    await until(async () => said.endsWith("\nall\n"), "the list of modules");
    const loaded = said.split("\n");
    expect(loaded).toContain("NativeModule http");
    expect(loaded.filter((name) => /^NativeModule (?:crypto|https|tls)$/.test(name))).toEqual([]);
  } finally {
    daemon.kill("SIGKILL");
    await once(daemon, "exit");
  }
}, 60_000);

test("the thread that writes checkpoints is in it", async () => {
  const path = join(folder, "log.db");
  using database = new DatabaseSync(path);
  database.exec("pragma journal_mode = wal; pragma wal_autocheckpoint = 0; create table t (x); insert into t values ('carried over')");
  expect(readFileSync(path, "latin1")).not.toContain("carried over");
  const [code] = (await once(new Worker(join(dist, "checkpoint.js"), { workerData: { checkpoint: path } }), "exit")) as [number];
  expect(code).toBe(0);
  expect(readFileSync(path, "latin1")).toContain("carried over");
});

test("it needs no other package than package.json says", () => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { dependencies: Record<string, string> };
  const asked = built().flatMap((file) =>
    [...text(file).matchAll(/\b(?:(?:from|import)\s*["']|(?:import|require[\w$]*)\(\s*["'`])([^."'`][^"'`]*)["'`]/g)].map(
      ([, name = ""]) => name,
    ),
  );
  const foreign = new Set(asked.filter((name) => !name.startsWith("node:") && !process.getBuiltinModule(name)));
  // What the AWS SDK would ask for if a bucket were signed for with SigV4a.
  for (const name of ["@aws-sdk/signature-v4-crt", "@aws-sdk/signature-v4a"]) foreign.delete(name);
  expect([...foreign]).toEqual(Object.keys(dependencies));
});

test("its native package is needed only where there are passwords, and missed before anybody logs in", () => {
  const alone = mkdtempSync(join(tmpdir(), "healthd-alone-"));
  cpSync(dist, join(alone, "dist"), { recursive: true });
  cpSync(join(folder, "package.json"), join(alone, "package.json"));
  const validate = (web: string) => {
    writeFileSync(join(alone, "web.yaml"), web, { mode: 0o600 });
    writeFileSync(join(alone, "healthd.yaml"), 'apps: { a: { url: "http://127.0.0.1:9/" } }\nweb: { config_file: web.yaml }\n');
    const args = (program: string) => ["--", program, "validate", "--config", join(alone, "healthd.yaml")];
    return [main, join(alone, "dist/main.js")].map((program) => spawnSync(process.execPath, args(program), { encoding: "utf8" }));
  };
  expect(validate("rate_limit: { interval: 1s, burst: 10 }\n").map(({ status }) => status)).toEqual([0, 0]);
  const [whole, lacking] = validate(`basic_auth_users: { alice: "$2y$04$${"a".repeat(53)}" }\n`);
  expect(whole?.status).toBe(0);
  expect(lacking).toMatchObject({ status: 2, stderr: expect.stringContaining("@node-rs/bcrypt") });
  rmSync(alone, { recursive: true });
});

test("every file is ASCII, which V8 keeps in half the memory, and which is the same text in UTF-8 and Latin-1", () => {
  expect(built().length).toBeGreaterThan(10);
  expect(built().filter((file) => /[^\0-\x7f]/.test(text(file)))).toEqual([]);
});

test("the licences of what is in it come along", () => {
  const notices = text("THIRD-PARTY-NOTICES.txt");
  for (const name of ["zod", "yaml", "pino", "pino-pretty", "prom-client", "node-cron", "got", "commander", "@aws-sdk/client-s3"]) {
    expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\((?:MIT|Apache-2\\.0|ISC|BSD-[23]-Clause)\\)$`, "m"));
  }
  const licences = new Set([...notices.matchAll(/^\S+ \d+\.\d+\.\d+\S* \((.*)\)$/gm)].map(([, licence]) => licence));
  expect([...licences].toSorted()).toEqual(["Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"]);
});
