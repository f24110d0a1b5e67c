import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { degraded, down, skipped } from "../../src/core/outcome.ts";
import { openArchive } from "../../src/history/archive.ts";
import { MIGRATIONS } from "../../src/history/migrations.ts";
import { cause, files, fine, type HistoryWorld, historyWorld, kimi, limited, recordAt, rowsOf, SECRET, spend } from "../support/history.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
let world: HistoryWorld;
beforeEach(() => {
  world = historyWorld();
});
afterEach(() => world.end());

const rows = (text: string): Record<string, unknown>[] => rowsOf(world.path, text);

describe("events", () => {
  test("a failure is kept with all that is known of it; of a run that went well a row", async () => {
    const history = world.open();
    const evidence = { errorBody: "x".repeat(16_384), requestId: "gen-1", request: { method: "POST", model: "kimi" } };
    history.take(recordAt(world.clock.wall(), kimi, fine));
    history.take(recordAt(world.clock.wall(), kimi, limited(evidence)));
    history.take(recordAt(world.clock.wall(), kimi, skipped("budget")));
    await world.clock.advance(250);
    expect(history.events({ limit: 10 })).toEqual([
      expect.objectContaining({
        at: "2026-11-23T12:00:00.000Z",
        target: "kimi",
        kind: "model",
        verdict: "down",
        reason: "rate_limited",
        owner: "quota",
        status_code: 429,
        via: "header",
        duration_seconds: 0.25,
        model: "moonshotai/kimi-k2:free",
        message: "Slow down",
        request_id: "gen-1",
        error_body: evidence.errorBody,
        request: evidence.request,
      }),
    ]);
    expect(rows("select verdict, reason from run")).toEqual([
      { verdict: "up", reason: "ok" },
      { verdict: "skipped", reason: "budget" },
    ]);
  });

  test("where much comes at once it is written in small lots, and the rest within a quarter of a second", async () => {
    const history = world.open();
    for (let at = 0; at < 40; at++) history.take(recordAt(world.clock.wall(), kimi, fine));
    expect(rows("select * from run")).toHaveLength(32);
    await world.clock.advance(250);
    expect(rows("select * from run")).toHaveLength(40);
  });

  test("each question finds what it asks for, the newest last", () => {
    const history = world.open();
    const now = world.clock.wall();
    history.take(recordAt(now - 3 * HOUR, kimi, limited()));
    history.take(recordAt(now - 2 * HOUR, files, degraded("s3_slow_down", { statusCode: 503, via: "header" })));
    history.take(recordAt(now - HOUR, kimi, down("dns", { statusCode: 0, via: "none" })));
    const found = (query: object) => history.events({ limit: 10, ...query }).map(({ reason }) => reason);
    expect(found({})).toEqual(["rate_limited", "s3_slow_down", "dns"]);
    expect(found({ limit: 2 })).toEqual(["s3_slow_down", "dns"]);
    expect(found({ target: "kimi" })).toEqual(["rate_limited", "dns"]);
    expect(found({ target: "kimi' or 1=1 --" })).toEqual([]);
    expect(found({ code: 0 })).toEqual(["dns"]);
    expect(found({ reason: "s3_slow_down", code: 503, target: "files" })).toEqual(["s3_slow_down"]);
    expect(found({ since: now - 2 * HOUR })).toEqual(["s3_slow_down", "dns"]);
    const [first] = history.events({ limit: 3 });
    expect(found({ after: first?.id })).toEqual(["s3_slow_down", "dns"]);
  });

  test("another process reads beside the one that writes, and after it", () => {
    const history = world.open();
    history.take(recordAt(world.clock.wall(), kimi, limited()));
    history.events({ limit: 1 });
    const beside = openArchive(world.path);
    expect(beside.events({ limit: 5 })).toHaveLength(1);
    history.take(recordAt(world.clock.wall(), files, limited()));
    history.events({ limit: 1 });
    expect(beside.events({ limit: 5 }).map(({ target }) => target)).toEqual(["kimi", "files"]);
    beside.close();
    history.close();
    const after = openArchive(world.path);
    expect(after.events({ limit: 5 })).toHaveLength(2);
    after.close();
  });

  test("numbers and words that no upstream should send do not stop the writing", () => {
    const history = world.open();
    const odd = { inputTokens: 1e300, outputTokens: Number.NaN, costUsd: Number.POSITIVE_INFINITY, servedModel: "m\u0000\ud800" };
    history.take(recordAt(world.clock.wall(), kimi, limited({ statusCode: 99.5, durationSeconds: Number.NaN, completion: odd })));
    history.take(recordAt(world.clock.wall() + 0.7, kimi, limited({ request: { deep: [{ a: undefined, b: 1n.toString() }] } })));
    expect(history.events({ limit: 5 })).toHaveLength(2);
    expect(world.told).toEqual([]);
  });

  test("no byte of the file holds a secret that an upstream echoes", () => {
    const history = world.open();
    const echo = { errorBody: `key ${SECRET}`, message: SECRET, requestId: SECRET, request: { url: `https://x/?k=${SECRET}` } };
    history.take(recordAt(world.clock.wall(), kimi, limited({ ...echo, completion: { servedModel: SECRET, provider: SECRET } })));
    history.follow([{ ...cause, message: SECRET, since: world.clock.wall() }]);
    const shown = JSON.stringify([history.events({ limit: 5 }), history.incidents(0, 5)]);
    history.close();
    const kept = JSON.stringify(["run", "failure", "evidence", "incident", "uptime"].map((table) => rows(`select * from ${table}`)));
    expect(kept).toContain("[hidden]");
    expect(shown + kept).not.toContain(SECRET);
    expect(readFileSync(world.path).includes(SECRET)).toBe(false);
  });
});

describe("incidents", () => {
  test("open, grown, over: one line with its length", async () => {
    const history = world.open();
    const since = world.clock.wall();
    history.follow([{ ...cause, explains: ["files"], since }]);
    await world.clock.advance(HOUR);
    history.follow([{ ...cause, since }]);
    expect(history.incidents(0, 10)).toEqual([{ ...cause, since }]);
    history.follow([]);
    expect(history.incidents(0, 10)).toEqual([{ ...cause, since, closedAt: since + HOUR }]);
    expect(history.incidents(since + HOUR + 1, 10)).toEqual([]);
  });

  test("what was open goes on after a restart, and closes when it is over", async () => {
    const first = world.open();
    const since = world.clock.wall();
    first.follow([{ ...cause, since }]);
    first.take(recordAt(since, files, limited()));
    first.close();
    await world.clock.advance(10 * 60_000);
    const second = world.open();
    expect(second.openBefore()).toEqual([{ ...cause, since }]);
    second.follow([{ ...cause, since }]);
    expect(second.incidents(0, 10)).toEqual([{ ...cause, since }]);
    second.follow([]);
    expect(second.incidents(0, 10)).toEqual([{ ...cause, since, closedAt: since + 10 * 60_000 }]);
  });

  test("after a longer absence it is over since the daemon was last awake", async () => {
    const first = world.open();
    const since = world.clock.wall();
    first.follow([{ ...cause, since }]);
    first.take(recordAt(since + 5000, files, limited()));
    first.close();
    await world.clock.advance(7 * DAY);
    const second = world.open();
    expect(second.openBefore()).toEqual([]);
    expect(second.incidents(0, 10)).toEqual([{ ...cause, since, closedAt: since + 5000 }]);
  });

  test("a reason that this version does not know closes, and shows nowhere", () => {
    world.open().close();
    const database = new DatabaseSync(world.path);
    const fault = JSON.stringify({ ...cause, reason: "solar_flare" });
    database.prepare("insert into incident (opened_at, fault) values (?, ?)").run(world.clock.wall(), fault);
    database.close();
    const history = world.open();
    expect(history.openBefore()).toEqual([]);
    expect(history.incidents(0, 10)).toEqual([]);
    history.close();
    expect(rows("select closed_at is null as open from incident")).toEqual([{ open: 0 }]);
  });
});

describe("uptime", () => {
  test("the share that was not down, by window, over restarts", async () => {
    let history = world.open();
    const look = (verdicts: string) => {
      for (const verdict of verdicts) history.take(recordAt(world.clock.wall(), kimi, verdict === "d" ? limited() : fine));
      history.take(recordAt(world.clock.wall(), kimi, skipped("budget")));
    };
    expect(history.uptime("kimi")).toEqual({ "24h": null, "7d": null, "30d": null });
    look("uuud");
    history.close();
    await world.clock.advance(3 * DAY);
    history = world.open();
    expect(history.uptime("kimi")).toEqual({ "24h": null, "7d": 0.75, "30d": 0.75 });
    look("udud");
    expect(history.uptime("kimi")).toEqual({ "24h": 0.5, "7d": 5 / 8, "30d": 5 / 8 });
    history.close();
    await world.clock.advance(27 * DAY);
    history = world.open();
    expect(history.uptime("kimi")).toEqual({ "24h": null, "7d": null, "30d": 0.5 });
    expect(history.uptime("nobody")["30d"]).toBeNull();
  });

  test("what waits to be written for longer than a day takes nobody's place", async () => {
    const history = world.open();
    const start = world.clock.wall();
    history.take(recordAt(start, kimi, limited()));
    history.take(recordAt(start + 25 * HOUR, kimi, fine));
    await world.clock.advance(25 * HOUR);
    expect(history.uptime("kimi")["24h"]).toBe(1);
    expect(rows("select up, down from uptime where hours = 1 and up > 0")).toEqual([{ up: 1, down: 0 }]);
  });
});

test("a file of the first version is brought up to date, and what it knew of today is counted", () => {
  const database = new DatabaseSync(world.path);
  database.exec(`${MIGRATIONS[0]}; pragma user_version = 1`);
  database
    .prepare("insert into spend (credential, target, at, free, usd) values ('openrouter', 'kimi', ?, 1, 0.5)")
    .run(world.clock.wall() - 1000);
  database.prepare("insert into last_run (target, at) values ('kimi', ?)").run(world.clock.wall() - 1000);
  database.close();
  expect(() => openArchive(world.path)).toThrow(/older llm-healthd made it/);
  const history = world.open();
  expect(history.ledger.freeRequestsSince("openrouter", 0)).toBe(1);
  expect(history.ledger.lastRunAt("kimi")).toBe(world.clock.wall() - 1000);
  history.ledger.begin("kimi", spend, world.clock.wall());
  history.take(recordAt(world.clock.wall(), kimi, limited()));
  expect(history.events({ limit: 5 })).toHaveLength(1);
  history.close();
  expect(rows("select count(*) as n from spend")).toEqual([{ n: 2 }]);
  expect(rows("pragma user_version")).toEqual([{ user_version: MIGRATIONS.length }]);
});
