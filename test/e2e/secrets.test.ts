/** Canaries of every kind of secret are planted, every fault happens, everything that can be read is read: no canary stands in it. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashSync } from "@node-rs/bcrypt";
import { afterAll, beforeAll, expect, test } from "vitest";
import { faultNames, type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { killLeftovers, runHealthd, startHealthd } from "./healthd.ts";
import { type Parrot, startParrot } from "./parrot.ts";

const random = (bytes = 18): string => randomBytes(bytes).toString("hex");
/** With everything in it that some spelling changes. */
const odd = (): string => `${random(5)}/+${random(5)}=&"${random(5)}'<>%${random(5)}`;
const PASSWORD = random();
const CANARIES = {
  apiKey: `sk-or-v1-${random(32)}`,
  keyOfAFile: `sk-or-v1-${random(32)}`,
  openaiKey: random(),
  accessKeyId: `AKIA${random(8).toUpperCase()}`,
  secretAccessKey: odd(),
  sessionToken: odd(),
  bearer: random(),
  customHeader: random(),
  queryToken: random(),
  proxyPassword: odd(),
  userId: `user_${random()}`,
  flaggedInput: `private words "${random()}" of a user`,
  keyHash: random(32),
  password: PASSWORD,
  passwordHash: hashSync(PASSWORD, 4),
};

let folder: string;
let simulator: Simulator;
let parrot: Parrot;
let config: string;
let env: Record<string, string>;

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

const configText = (): string => `
credentials:
  openrouter: { api_key: "\${OPENROUTER_API_KEY}", base_url: "${simulator.openrouterUrl}" }
  parrot: { api_key_file: key.txt, base_url: "${parrot.url}/api/v1", headers: { X-Team: "\${TEAM}" } }
  parrot_literal: { flavor: openai, api_key: ${CANARIES.openaiKey}, base_url: "${parrot.url}/v1" }
models:
  good: { id: "qwen/qwen3-coder:free", credential: openrouter }
  repeated: { id: "qwen/qwen3-coder:free", credential: parrot }
  repeated_whole: { id: gpt, credential: parrot_literal, stream: false, price: { input: 0, output: 0 } }
buckets:
  files: { bucket: ${simulator.credentials.bucket}, endpoint: "${simulator.s3Url}", region: ${simulator.credentials.region}, access_key_id: "\${S3_ID}", secret_access_key: "\${S3_SECRET}" }
  told: { bucket: told, endpoint: "${parrot.url}", access_key_id: ${CANARIES.accessKeyId}, secret_access_key_file: s3.txt, session_token: "\${S3_TOKEN}" }
apps:
  frontend: { url: "${simulator.appUrl}" }
  gossip: { url: "${parrot.url}/health?format=full&access_token=${CANARIES.queryToken}", headers: { Authorization: "Bearer ${CANARIES.bearer}", X-Custom: ${CANARIES.customHeader} } }
  far: { url: "https://far.test/health" }
defaults: { every: 1h, timeout: 1s }
budget: { free_quota_share: 1, free_requests_per_minute: 100000 }
log: { level: debug, file: "${join(folder, "log.jsonl")}" }
history: { path: "${join(folder, "history.db")}" }
`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "healthd-secrets-"));
  simulator = await startSimulator({ firstTokenMs: 5, tokenMs: 1, freeRequestsPerMinute: null, freeRequestsPerDay: 1_000_000 });
  const { userId, flaggedInput, keyHash, secretAccessKey, sessionToken } = CANARIES;
  parrot = await startParrot([secretAccessKey, sessionToken, CANARIES.apiKey], {
    user_id: userId,
    flagged_input: flaggedInput,
    key_hash: keyHash,
  });
  write("key.txt", CANARIES.keyOfAFile);
  write("s3.txt", secretAccessKey);
  write("web.yaml", `basic_auth_users: { prometheus: "${CANARIES.passwordHash}" }\n`);
  config = write("healthd.yaml", configText());
  const { apiKey, accessKeyId, secretAccessKey: known } = simulator.credentials;
  env = {
    OPENROUTER_API_KEY: apiKey,
    OTHER_API_KEY: CANARIES.apiKey,
    S3_ID: accessKeyId,
    S3_SECRET: known,
    S3_TOKEN: sessionToken,
    TEAM: CANARIES.customHeader,
    HTTPS_PROXY: parrot.url.replace("http://", `http://bob:${encodeURIComponent(CANARIES.proxyPassword)}@`),
    // What a bug would tell: as an exception, and as a rejection that nobody takes.
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(BUGS)}`,
  };
});
const BUGS = `
const told = () => Object.values(process.env).join(" | ");
process.on("SIGUSR2", () => { throw Object.assign(new Error("a bug: " + told()), { config: told(), cause: new Error(told()) }); });
process.on("SIGPROF", () => { Promise.reject(new Error("a bug: " + told())); });
`;

afterAll(async () => {
  killLeftovers();
  await Promise.all([simulator.stop(), parrot.stop()]);
  rmSync(folder, { recursive: true });
});

/** The text, and what it says when its escapes are undone. */
function readings(text: string): string[] {
  const fromUrl = (from: string): string =>
    from.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const fromJson = (from: string): string =>
    from
      .replaceAll(/\\u00([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      .replaceAll(/\\+(["'/\\])/g, "$1");
  const fromHtml = (from: string): string => from.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
  const base64 = [...text.matchAll(/[A-Za-z0-9+/_-]{16,}/g)].flatMap(([run]) =>
    [0, 1, 2, 3].map((skip) => Buffer.from(run.slice(skip), "base64").toString("latin1")),
  );
  const hex = [...text.matchAll(/(?:[0-9a-f]{2}){10,}/gi)].map(([run]) => Buffer.from(run, "hex").toString("latin1"));
  const plain = [
    text,
    fromUrl(text),
    fromUrl(fromUrl(text)),
    fromJson(text),
    fromJson(fromJson(text)),
    fromHtml(text),
    fromJson(fromUrl(text)),
  ];
  return [...plain, base64.join("\n"), hex.join("\n")];
}

/** Half of a secret is too much of it. */
const PIECE = 10;
const STRIDE = 4;
/** Parts that are no secret: how such things begin. */
const NO_SECRET = /^(?:sk-or-v1-|\$2[a-z]\$04\$|.{0,13}private|rivate words|user_)/;
const around = (read: readonly string[], piece: string): string => {
  const where = read.find((some) => some.includes(piece)) ?? "";
  return where.slice(Math.max(0, where.indexOf(piece) - 60), where.indexOf(piece) + 60);
};
function leaksIn(texts: Readonly<Record<string, string>>): string[] {
  const { apiKey, accessKeyId, secretAccessKey } = simulator.credentials;
  const all = Object.entries({ ...CANARIES, simulatedKey: apiKey, simulatedId: accessKeyId, simulatedSecret: secretAccessKey });
  return Object.entries(texts).flatMap(([place, text]) => {
    const read = readings(text);
    return all.flatMap(([name, canary]) => {
      const pieces = Array.from({ length: Math.ceil((canary.length - PIECE + 1) / STRIDE) }, (_, at) =>
        canary.slice(at * STRIDE, at * STRIDE + PIECE),
      );
      const piece = pieces.find((one) => !NO_SECRET.test(one) && read.some((some) => some.includes(one)));
      return piece === undefined ? [] : [`${place}: ${name}: …${around(read, piece)}…`];
    });
  });
}

const filesOf = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((name) => /^(?:log|history)/.test(name))
      .map((name) => [name, readFileSync(join(folder, name), "latin1")]),
  );

const arguments_ = (): string[] => ["--config", config];

test("the search finds what is there", () => {
  const { secretAccessKey, apiKey } = CANARIES;
  const shown = [
    encodeURIComponent(secretAccessKey),
    JSON.stringify({ secretAccessKey }),
    Buffer.from(`ab${apiKey}`).toString("base64"),
    apiKey.slice(20, 40),
  ];
  for (const text of shown) expect(leaksIn({ text })).toHaveLength(1);
});

test("the daemon under every fault: log, metrics, API, pages, history, reload", { timeout: 600_000 }, async () => {
  const daemon = startHealthd(
    ["run", ...arguments_(), "--listen", "127.0.0.1:0", "--log-format", "json", "--web.config.file", join(folder, "web.yaml")],
    env,
  );
  const url = await daemon.says(/serving (http:\/\/[\d.:]+)\/metrics/);
  const authorization = `Basic ${Buffer.from(`prometheus:${PASSWORD}`).toString("base64")}`;
  const get = async (path: string, method = "GET"): Promise<string> => {
    const answer = await fetch(url + path, { method, headers: { authorization } });
    return `${answer.status} ${JSON.stringify([...answer.headers])} ${await answer.text()}`;
  };
  const targets = JSON.parse((await get("/api/v1/targets")).replace(/^200 \[\[.*?\]\] /s, "")) as { target: string }[];
  expect(targets.length).toBe(14);
  const texts: Record<string, string> & { probes: string } = { probes: "" };
  const probe = async (names: readonly string[]): Promise<void> => {
    for (const text of await Promise.all(names.map((name) => get(`/probe?target=${name}`)))) texts.probes += text;
  };
  const repeated = /^(?:parrot|repeated|told|gossip|far)/;
  for (const fault of faultNames) {
    simulator.faults.on(fault);
    await probe(targets.map(({ target }) => target).filter((name) => !repeated.test(name)));
    simulator.faults.clear();
  }
  // Each way in which the parrot answers, and more.
  for (let at = 0; at < 24; at += 1) await probe(targets.map(({ target }) => target).filter((name) => repeated.test(name)));
  expect(parrot.answered()).toBeGreaterThan(100);
  for (const path of [
    "/",
    "/metrics",
    "/config",
    "/api/v1/targets",
    "/api/v1/faults",
    "/api/v1/events?limit=1000",
    "/api/v1/incidents",
    "/nowhere",
  ])
    texts[path] = await get(path);
  for (const { target } of targets) texts[target] = await get(`/api/v1/targets/${target}`);
  write("healthd.yaml", `${configText()}models_: { ${CANARIES.openaiKey}: "${CANARIES.queryToken}" }\n`);
  texts.reload = await get("/-/reload", "POST");
  write("healthd.yaml", configText());
  Object.assign(texts, filesOf());
  daemon.signal("SIGTERM");
  await daemon.ended;
  Object.assign(texts, { out: daemon.out(), err: daemon.err(), closed: JSON.stringify(filesOf()) });
  expect(texts.reload).toContain("The config was refused");
  expect(texts["log.jsonl"]).toContain("[hidden]");
  expect(Object.values(filesOf()).join("")).toContain("repeated");
  expect(leaksIn(texts)).toEqual([]);
});

test.each([
  ["check"],
  ["check", "--json"],
  ["key"],
  ["key", "--json"],
  ["models"],
  ["validate"],
  ["validate", "--offline"],
  ["plan", "--offline"],
  ["events", "--tail", "1000"],
  ["events", "--tail", "1000", "--json"],
])("the command %s %s", async (...args) => {
  const { out, err } = await runHealthd([...args.filter((arg) => arg !== undefined), ...arguments_()], env);
  expect(out).not.toBe("");
  expect(leaksIn({ out, err })).toEqual([]);
});

test.each([
  ["an exception", "SIGUSR2"],
  ["a rejection that nobody takes", "SIGPROF"],
] as const)("a crash by %s ends with 70, and tells no secret", async (_, signal) => {
  const daemon = startHealthd(["run", ...arguments_(), "--listen", "127.0.0.1:0", "--log-format", "json"], env);
  await daemon.says(/serving (http)/);
  daemon.signal(signal);
  const { code } = await daemon.ended;
  expect(code).toBe(70);
  expect(daemon.err()).toContain("This is a bug in llm-healthd");
  expect(daemon.err()).toContain("a bug: ");
  expect(leaksIn({ out: daemon.out(), err: daemon.err(), ...filesOf() })).toEqual([]);
});
