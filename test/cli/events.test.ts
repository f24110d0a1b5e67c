import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Io } from "../../src/cli/io.ts";
import { degraded, down } from "../../src/core/outcome.ts";
import type { History } from "../../src/history/history.ts";
import { type CliRun, cli } from "../support/cli.ts";
import { files, fine, type HistoryWorld, historyWorld, kimi, limited, recordAt } from "../support/history.ts";
import { until } from "../support/programs.ts";

const KEY = `sk-or-v1-${"0123456789abcdef".repeat(4)}`;
const HOUR = 3_600_000;

let world: HistoryWorld;
let history: History;
let config: string;
beforeEach(() => {
  world = historyWorld();
  config = join(world.folder, "healthd.yaml");
  writeFileSync(
    config,
    `credentials: { openrouter: { api_key: "\${API_KEY}" } }\nmodels: { kimi: moonshotai/kimi-k2 }\nhistory: { path: "${world.path}" }\n`,
    { mode: 0o600 },
  );
  // The command reads the real clock.
  world.clock.jump(Date.now() - world.clock.wall());
  history = world.open();
});
afterEach(() => world.end());

function fill(): void {
  const now = world.clock.wall();
  const request = { method: "POST", url: "https://openrouter.ai/api/v1/chat/completions", model: "moonshotai/kimi-k2" };
  history.take(recordAt(now - 3 * HOUR, files, degraded("s3_slow_down", { statusCode: 503, via: "header" })));
  history.take(recordAt(now - HOUR, kimi, fine));
  history.take(recordAt(now - HOUR / 2, kimi, down("dns", { statusCode: 0, via: "none", message: "no such host" })));
  const errorBody = `{"error":{"code":429,"message":"Slow \\u001b[2J down ${KEY}"}}`;
  history.take(recordAt(now, kimi, limited({ via: "body", errorBody, request, requestId: "gen-7", message: "Slow down" })));
  history.events({ limit: 1 });
}
const events = (args: readonly string[] = [], over: Partial<Io> = {}): Promise<CliRun> =>
  cli(["events", "--config", config, ...args], { env: { API_KEY: KEY }, ...over });
const targets = async (...args: string[]): Promise<string[]> =>
  (JSON.parse((await events([...args, "--json"])).out) as { reason: string }[]).map(({ reason }) => reason);

test("for a person: what failed, whose it is, what to do, what was asked and what came; the newest last", async () => {
  fill();
  const { code, out, err } = await events();
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const [first = "", second = "", third = ""] = out.split("\n\n");
  expect(first).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}files {2}degraded {2}503 {2}s3_slow_down {2}owner storage {2}0\.50 s\n/);
  expect(second).toMatch(
    /kimi {2}down {2}no answer {2}dns {2}owner network .*\n {2}the host name does not resolve: no such host\n {2}→ Check/,
  );
  expect(third).toMatch(/kimi {2}down {2}429 \(body\) {2}rate_limited {2}owner quota/);
  expect(third).toContain('  request id gen-7\n  request\n    {\n      "method": "POST",');
  expect(third).toContain('  error body\n    {\n      "error": {\n        "code": 429,');
  expect(out).not.toContain("\u001b");
  expect(out).not.toContain(KEY.slice(10, 40));
});

test("colours on a terminal, none without", async () => {
  fill();
  expect((await events([], { colour: true })).out).toContain("\u001b[31mdown\u001b[39m");
});

test("as one JSON array, with the fields of the interface", async () => {
  fill();
  const rows = JSON.parse((await events(["--json"])).out) as Record<string, unknown>[];
  expect(rows).toHaveLength(3);
  expect(rows[2]).toMatchObject({
    target: "kimi",
    kind: "model",
    verdict: "down",
    reason: "rate_limited",
    owner: "quota",
    status_code: 429,
    via: "body",
    duration_seconds: 0.25,
    first_token_seconds: null,
    request: { model: "moonshotai/kimi-k2" },
  });
  expect(JSON.stringify(rows)).not.toContain(KEY.slice(10, 40));
});

test("each option narrows it down", async () => {
  fill();
  expect(await targets()).toEqual(["s3_slow_down", "dns", "rate_limited"]);
  expect(await targets("--tail", "1")).toEqual(["rate_limited"]);
  expect(await targets("--tail", "0")).toEqual([]);
  expect(await targets("--target", "kimi")).toEqual(["dns", "rate_limited"]);
  expect(await targets("--code", "0")).toEqual(["dns"]);
  expect(await targets("--code", "503", "--reason", "s3_slow_down")).toEqual(["s3_slow_down"]);
  expect(await targets("--since", "2h")).toEqual(["dns", "rate_limited"]);
  expect((await events(["--code", "418"])).err).toBe("Nothing failed, as far as this asks.\n");
  expect((await events(["--target", "kimmy"])).err).toMatch(/^Nothing failed.*\nThe config has no target kimmy\. It has .*kimi/);
});

test("after the daemon has ended, too", async () => {
  fill();
  history.close();
  expect(await targets("--target", "kimi")).toEqual(["dns", "rate_limited"]);
});

test("--follow waits for what comes, goes along when the file is begun anew, and ends when it is stopped", async () => {
  fill();
  const stop = new AbortController();
  let out = "";
  const over: Partial<Io> = {
    stop: stop.signal,
    out(text) {
      out += text;
    },
  };
  const running = events(["--follow", "--json", "--tail", "1"], over);
  const reasons = (): string[] =>
    out
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => (JSON.parse(line) as { reason: string }).reason);
  await until(() => reasons().length === 1, "the newest");
  const come = async (record: Parameters<History["take"]>[0], count: number): Promise<void> => {
    history.take(record);
    history.events({ limit: 1 });
    await until(() => reasons().length === count, `line ${count}`);
  };
  await come(recordAt(world.clock.wall(), kimi, down("tls", { statusCode: 0, via: "none" })), 2);
  rmSync(world.path);
  await come(recordAt(world.clock.wall(), files, down("timeout_total", { statusCode: 0, via: "none" })), 3);
  stop.abort();
  expect((await running).code).toBe(0);
  expect(reasons()).toEqual(["rate_limited", "tls", "timeout_total"]);
});

describe("complains, with exit 2", () => {
  test.each([
    [["--tail", "-1"], "--tail: expected a whole number"],
    [["--tail", "many"], "--tail: expected a whole number"],
    [["--code", "4xx"], "--code: expected a status code such as 429"],
    [["--since", "yesterday"], "--since: expected a duration such as 2h"],
    [["--reason", "solar_flare"], "Allowed choices are dns, "],
  ])("%j", async (args, words) => {
    const { code, out, err } = await events(args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(words);
  });

  test("a history that is in memory only", async () => {
    writeFileSync(config, `credentials: { openrouter: { api_key: "\${API_KEY}" } }\nhistory: { path: ":memory:" }\n`, { mode: 0o600 });
    const { code, err } = await events();
    expect(code).toBe(2);
    expect(err).toContain("it is kept in the daemon's memory; ask its /api/v1/events");
  });

  test.each([
    ["none yet", () => undefined, "there is no such file; `llm-healthd run` makes it"],
    ["a folder", () => mkdirSync(world.path), "it is a folder"],
    ["no database", () => writeFileSync(world.path, "x".repeat(5000)), "file is not a database"],
  ])("%s in the place of the history", async (_, make, words) => {
    history.close();
    rmSync(world.path);
    make();
    const { code, out, err } = await events();
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(words);
    expect(err).toContain(world.path);
  });
});
