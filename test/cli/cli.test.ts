import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Simulator } from "../../src/simulator/index.ts";
import { type CliWorld, startCliWorld, TEN_MODELS } from "../support/cli.ts";

let world: CliWorld;
let simulator: Simulator;
let folder: string;
let file: CliWorld["file"];
let cli: CliWorld["cli"];
beforeAll(async () => {
  world = await startCliWorld();
  ({ simulator, folder, file, cli } = world);
});
afterAll(() => world.end());
afterEach(() => simulator.faults.clear());

describe("check", () => {
  test("says in plain words which models do not exist, and exits 1", async () => {
    const { code, out, err } = await cli(["check", "--config", file("ten.yaml", TEN_MODELS)]);
    expect(code).toBe(1);
    expect(err).not.toContain("error");
    expect(out).toMatch(/^TARGET +KIND +VERDICT +CODE +LATENCY +FIRST TOKEN +TOKENS +COST +REASON$/m);
    expect(out).toMatch(/^qwen_coder +model +up +200 .*20\+16 +\$0/m);
    for (const [name, id] of [
      ["dead_qwen", "qwen/qwen3-coder-480b"],
      ["dead_kimi", "moonshot/kimi-dev-72b"],
      ["dead_deepseek", "deepseek/deepseek-r1-70b"],
    ]) {
      expect(out).toMatch(new RegExp(`^${name} +model +down +400 .*model_missing$`, "m"));
      expect(out).toContain(`● ${name} is down: the model id does not exist: ${id} is not a valid model ID`);
    }
    expect(out).toContain("→ Run `llm-healthd models`: it proposes the nearest ids that do exist.");
    expect(out).toMatch(/\n\nCauses and steps: llm-healthd explain model_missing\n$/);
  });

  test("all well: exit 0, and JSON with the promised fields", async () => {
    const { code, out } = await cli(["check", "--config", file("ten.yaml", TEN_MODELS), "--json", "qwen_coder", "openrouter"]);
    expect(code).toBe(0);
    const rows = JSON.parse(out) as Record<string, unknown>[];
    expect(rows.map(({ target }) => target)).toEqual(["openrouter", "qwen_coder"]);
    expect(rows[0]).toMatchObject({ kind: "credential", verdict: "up", reason: "ok", owner: null, status_code: 200, via: "header" });
    expect(rows[1]).toMatchObject({ kind: "model", input_tokens: 20, output_tokens: 16, cost_usd: 0, provider: expect.any(String) });
    expect(rows[1]?.first_token_seconds).toBeGreaterThan(0);
  });

  test.each(["--json", "--kind=app"])("Ctrl-C: what it cut off or kept from beginning was not probed (%s)", async (option) => {
    const stop = new AbortController();
    let asked = 0;
    const server = createServer((request, response) => {
      if (request.url === "/a0") response.end();
      // As many as are probed at once, and the first, which was done.
      if (++asked === 17) stop.abort();
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const names = Array.from({ length: 20 }, (_, at) => `a${at}`);
    const config = file(
      "stopped.yaml",
      `apps:\n${names.map((name) => `  ${name}: { url: "http://127.0.0.1:${port}/${name}" }\n`).join("")}`,
    );
    const { code, out, err } = await cli(["check", "--config", config, option], { stop: stop.signal });
    server.close();
    expect(code).toBe(1);
    expect(err).toContain("Stopped: 19 of 20 targets were not probed.\n");
    const rows = option === "--json" ? JSON.parse(out).map(({ target, verdict }: Record<string, string>) => `${target} ${verdict}`) : [];
    if (option === "--json") expect(rows).toEqual(names.map((name) => `${name} ${name === "a0" ? "up" : "skipped"}`));
    else expect(out).toMatch(/^a0 +app +up +200 /m);
  });

  test("what was measured while the process itself stood still is marked: in the table, and in JSON", async () => {
    const server = createServer((_, response) => {
      for (const end = performance.now() + 200; performance.now() < end; );
      response.end();
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const config = file("held-up.yaml", `apps: { held_up: { url: "http://127.0.0.1:${(server.address() as AddressInfo).port}/" } }`);
    const { code, out } = await cli(["check", "--config", config]);
    expect(code).toBe(0);
    expect(out).toMatch(/^held_up +app +up +200 +≤ 0\.\d\d s /m);
    expect(out).toMatch(/^≤ this machine was busy, .* stood still for up to 0\.\d\d s: .* llm-healthd check held_up$/m);
    const [row] = JSON.parse((await cli(["check", "--config", config, "--json"])).out);
    expect(row.standstill_seconds).toBeGreaterThan(0.15);
    server.close();
  });

  test("probes begin apart, so that they are not measured together", async () => {
    const askedAt: number[] = [];
    const all = Promise.withResolvers<void>();
    const server = createServer((_, response) => {
      void all.promise.then(() => response.end());
      if (askedAt.push(performance.now()) === 16) all.resolve();
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const apps = Array.from({ length: 16 }, (_, at) => `  app${at}: { url: "http://127.0.0.1:${port}/${at}" }\n`);
    expect((await cli(["check", "--config", file("sixteen.yaml", `apps:\n${apps.join("")}`)])).code).toBe(0);
    expect(Math.max(...askedAt) - Math.min(...askedAt)).toBeGreaterThan(100);
    server.close();
  });

  test("only one kind", async () => {
    const { out } = await cli(["check", "--config", file("ten.yaml", TEN_MODELS), "--kind", "catalog", "--json"]);
    expect((JSON.parse(out) as { target: string }[]).map(({ target }) => target)).toEqual(["openrouter_catalog"]);
  });

  test("a target that is none is named together with those that are", async () => {
    const { code, out, err } = await cli(["check", "nope", "--config", file("ten.yaml", TEN_MODELS)]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^No target is called nope\. The config has: openrouter, openrouter_catalog, qwen_coder/);
  });

  test("progress moves on a terminal only, on stderr", async () => {
    const config = file("ten.yaml", TEN_MODELS);
    expect((await cli(["check", "--config", config, "openrouter"])).err).toBe("");
    expect((await cli(["check", "--config", config, "openrouter"], { live: true })).err).toContain("0/1  openrouter …");
  });

  test("no secret is printed, whatever goes wrong", async () => {
    simulator.faults.on("key");
    const { out, err } = await cli(["check", "--config", file("ten.yaml", TEN_MODELS)]);
    expect(out).toContain("unauthorized");
    expect(out + err).not.toContain(simulator.credentials.apiKey.slice(9, 30));
  });
});

describe("models", () => {
  test("names those that do not exist and proposes, for each, the right one", async () => {
    const { code, out } = await cli(["models", "--config", file("ten.yaml", TEN_MODELS)]);
    expect(code).toBe(1);
    expect(out).toMatch(/^qwen_coder +qwen\/qwen3-coder:free +yes +yes +0 +0 +262144 +text/m);
    const proposal = (id: string): string | undefined => out.split(`${id} does not exist. Did you mean\n`)[1]?.split("\n")[0];
    expect(proposal("qwen/qwen3-coder-480b")).toContain("→ qwen/qwen3-coder:free");
    expect(proposal("moonshot/kimi-dev-72b")).toMatch(/→ moonshotai\/kimi-\S+:free/);
    expect(proposal("deepseek/deepseek-r1-70b")).toMatch(/→ deepseek\/deepseek-\S+:free/);
    expect(out.match(/does not exist/g)).toHaveLength(3);
  });

  test("as JSON", async () => {
    const { out } = await cli(["models", "--config", file("ten.yaml", TEN_MODELS), "--json"]);
    const rows = JSON.parse(out) as { target: string; exists: boolean; nearest: { id: string; why: string }[] }[];
    expect(rows.filter(({ exists }) => !exists).map(({ target }) => target)).toEqual(["dead_qwen", "dead_kimi", "dead_deepseek"]);
    expect(rows.find(({ target }) => target === "dead_qwen")?.nearest[0]?.id).toBe("qwen/qwen3-coder:free");
  });

  test("searches the whole catalogue", async () => {
    const { code, out } = await cli(["models", "--config", file("ten.yaml", TEN_MODELS), "--search", "KIMI"]);
    expect(code).toBe(0);
    expect(out).toContain("moonshotai/kimi-k2:free");
    expect(out).not.toContain("qwen/");
  });

  test("a catalogue that does not answer is said, with the remedy", async () => {
    simulator.faults.on("html", { service: "openrouter", status: 520 });
    const { code, err } = await cli(["models", "--config", file("ten.yaml", TEN_MODELS)]);
    expect(code).toBe(1);
    expect(err).toContain("The catalogue of openrouter cannot be read: the API itself failed");
  });
});

describe("key", () => {
  test("a good key, as a table and as JSON", async () => {
    const config = file("ten.yaml", TEN_MODELS);
    const { code, out } = await cli(["key", "--config", config]);
    expect(code).toBe(0);
    expect(out).toMatch(/^openrouter +yes +yes +none .* of 1000 +never$/m);
    const [row] = JSON.parse((await cli(["key", "--config", config, "--json"])).out) as Record<string, unknown>[];
    expect(row).toMatchObject({ target: "openrouter", valid: true, format_valid: true, free_requests_limit: 1000 });
  });

  test("a revoked key exits 1 and says what to do", async () => {
    simulator.faults.on("key");
    const { code, out } = await cli(["key", "--config", file("ten.yaml", TEN_MODELS)]);
    expect(code).toBe(1);
    expect(out).toContain("● openrouter is down: the API key was rejected (401): User not found.");
  });

  test("a key that could not be asked is unknown, not bad", async () => {
    simulator.faults.on("status", { service: "openrouter", status: 503 });
    expect((await cli(["key", "--config", file("ten.yaml", TEN_MODELS)])).out).toMatch(/^openrouter +yes +unknown/m);
  });
});

describe("validate", () => {
  test("offline asks nobody", async () => {
    const before = simulator.requests.length;
    const { code, out } = await cli(["validate", "--offline", "--config", file("ten.yaml", TEN_MODELS)]);
    expect({ code, asked: simulator.requests.length - before }).toEqual({ code: 0, asked: 0 });
    expect(out).toMatch(/^ok .*ten\.yaml: 12 targets/);
  });

  test("live, it finds the models that do not exist without asking any model", async () => {
    const before = simulator.requests.length;
    const { code, out } = await cli(["validate", "--config", file("ten.yaml", TEN_MODELS)]);
    expect(code).toBe(2);
    expect(out).toContain("not in the catalogue: dead_qwen (qwen/qwen3-coder-480b), dead_kimi");
    expect(simulator.requests.slice(before).filter(({ endpoint }) => endpoint === "chat")).toEqual([]);
  });

  test("a wrong file: every problem with its place, exit 2", async () => {
    const { code, err } = await cli([
      "validate",
      "--config",
      file("bad.yaml", 'modles:\n  a: b\ncredentials:\n  x: { api_key: "nope" }\n'),
    ]);
    expect(code).toBe(2);
    expect(err).toMatch(/^error .*bad\.yaml:1:1 {2}modles {2}.*did you mean/im);
    expect(err).toMatch(/^error .*bad\.yaml:4:17 {2}credentials\.x\.api_key/m);
    expect(err).toMatch(/^2 problems; nothing was started/m);
  });
});

describe("usage", () => {
  test.each([["--help"], ["check", "--help"]])("%s %s exits 0 with examples", async (...args) => {
    const { code, out } = await cli(args);
    expect(code).toBe(0);
    expect(out).toContain("llm-healthd");
  });
  test.each([
    ["chek"],
    ["check", "--nope"],
    ["check", "--kind", "modle"],
    ["simulate", "--fault", "nope"],
    ["simulate", "--port", "99999"],
  ])("%s %s %s is refused with exit 2", async (...args) => {
    const { code, out, err } = await cli(args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).not.toBe("");
  });
  test("no config: what to write where, and the demo", async () => {
    const { code, err } = await cli(["run", "--config", join(folder, "absent.yaml")]);
    expect(code).toBe(2);
    expect(err).toContain("absent.yaml");
    expect(err).toContain("OPENROUTER_API_KEY");
    expect(err).toContain("npm run demo");
  });
  test("the config's name may come from the environment, and variables from an env file", async () => {
    const config = file("env.yaml", TEN_MODELS);
    expect((await cli(["validate", "--offline"], { env: { LLM_HEALTHD_CONFIG: config } })).err).toContain(
      "variable API_KEY, which is not set",
    );
    const env = file("dev.env", "API_KEY=$KEY\n");
    expect((await cli(["validate", "--offline", "--env-file", env], { env: { LLM_HEALTHD_CONFIG: config } })).code).toBe(0);
  });
});
