import { writeFileSync } from "node:fs";
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

describe("a saved catalogue", () => {
  const save = async (): Promise<string> => {
    const path = join(folder, "models.json");
    writeFileSync(path, await (await fetch(`${simulator.openrouterUrl}/models`)).text());
    return path;
  };
  test("serves when the API does not answer", async () => {
    const saved = await save();
    simulator.faults.on("html", { service: "openrouter", status: 520 });
    const { code, out, err } = await cli(["models", "--config", file("ten.yaml", TEN_MODELS), "--catalog", saved]);
    expect(code).toBe(1);
    expect(err).toContain("Using the saved one");
    expect(out.match(/does not exist/g)).toHaveLength(3);
  });
  test("serves validate --offline, which then asks nobody", async () => {
    const saved = await save();
    const before = simulator.requests.length;
    const { code, out } = await cli(["validate", "--offline", "--catalog", saved, "--config", file("ten.yaml", TEN_MODELS)]);
    expect({ code, asked: simulator.requests.length - before }).toEqual({ code: 2, asked: 0 });
    expect(out).toContain("→ qwen/qwen3-coder:free");
    expect(out).not.toContain("gemini_flash");
  });
  test("without --offline it is refused", async () => {
    const { code, err } = await cli(["validate", "--catalog", "no.json", "--config", file("ten.yaml", TEN_MODELS)]);
    expect(code).toBe(2);
    expect(err).toContain("needs --offline");
  });
  test("prices are shown per million tokens as they are, the hundreds too", async () => {
    const saved = file(
      "dear.json",
      '{"data":[{"id":"a/dear","pricing":{"prompt":"0.00015","completion":"0.0006"}},{"id":"a/odd","pricing":{"prompt":"0.0000001234","completion":"0"}}]}',
    );
    simulator.faults.on("html", { service: "openrouter", status: 520 });
    const config = file(
      "dear.yaml",
      `credentials:\n  o: { api_key: "\${API_KEY}", base_url: "$API" }\nmodels: { dear: a/dear, odd: a/odd }\n`,
    );
    const { out } = await cli(["models", "--config", config, "--catalog", saved]);
    expect(out).toMatch(/^dear +a\/dear +yes +no +150 +600 /m);
    expect(out).toMatch(/^odd +a\/odd +yes +no +0\.123 +0 /m);
  });
  test("a file that is none is said to be none", async () => {
    const { code, err } = await cli([
      "validate",
      "--offline",
      "--catalog",
      file("none.json", "{}"),
      "--config",
      file("ten.yaml", TEN_MODELS),
    ]);
    expect(code).toBe(2);
    expect(err).toContain("none.json: found no catalogue");
  });
});

describe("plan", () => {
  test("says what runs when, what it uses, and how long each fault can go unnoticed", async () => {
    const { code, out, err } = await cli(["plan", "--config", file("ten.yaml", TEN_MODELS)]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    // 1000 free requests a day, a fifth of them, ten models: seven of them free by name.
    expect(out).toMatch(/^qwen_coder +model +5m +\S+ \(budget\) +\d+ +\d+ +\$0$/m);
    expect(out).toMatch(/^openrouter +credential +1m +1m +1440/m);
    expect(out).toMatch(/^openrouter +200 of 1000 +20 % +\$\S+ +\$0\.05$/m);
    expect(out).toMatch(/^the key is rejected \(401, key_valid 0\) +credential +1m15s +2m37s$/m);
    expect(out).toMatch(/^a model fails, stalls or answers wrongly +model +\S+ +\S+$/m);
  });
  test("cron expressions beyond the budget: that it will be used up, and what that means", async () => {
    const yaml = (every: string): string =>
      `credentials:\n  o: { api_key: "\${API_KEY}", base_url: "$API" }\nmodels:\n  coder: { id: "qwen/qwen3-coder:free", every: "${every}" }\n`;
    const within = await cli(["plan", "--config", file("within.yaml", yaml("0 * * * *"))]);
    expect(within.out).not.toContain("more than the budget");
    const beyond = await cli(["plan", "--config", file("beyond.yaml", yaml("* * * * *"))]);
    expect(beyond.out).toMatch(/^o +1440 of 1000 +144 %/m);
    expect(beyond.out).toContain("o: more than the budget has. Cron expressions are not stretched");
    expect(beyond.out).toContain("until 00:00 UTC");
    // Intervals are stretched to what there is.
    expect((await cli(["plan", "--config", file("intervals.yaml", yaml("1m"))])).out).not.toContain("more than the budget");
  });
  test("offline, the least quota is assumed, and said", async () => {
    const before = simulator.requests.length;
    const { out, err } = await cli(["plan", "--offline", "--config", file("ten.yaml", TEN_MODELS)]);
    expect(simulator.requests.length).toBe(before);
    expect(err).toContain("the least an account has, 50, is assumed");
    expect(out).toMatch(/^openrouter +10 of 50 +20 %/m);
  });
});
