/** Every expression of every dashboard and rule, asked of a real Prometheus that scrapes a real daemon: in health, and while things are broken. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { boards, LABEL_VALUES, type Place, placesOf } from "../mixin/boards.ts";
import { missing, until } from "../support/programs.ts";
import { ROOT } from "./healthd.ts";
import { type Stack, startStack } from "./stack.ts";

const YAML = `credentials:
  openrouter: { api_key: $KEY, base_url: "$API", every: 5s, timeout: 5s, catalog: { every: 5s, timeout: 5s } }
models:
  coder: qwen/qwen3-coder:free
  reasoner: deepseek/deepseek-r1:free
  paid: qwen/qwen3-coder
buckets:
  files: { bucket: $BUCKET, endpoint: "$S3", region: $REGION, access_key_id: $S3_KEY, secret_access_key: $S3_SECRET }
apps:
  frontend: { url: "$APP", needs: [files] }
defaults: { every: 5s, timeout: 5s }
budget: { free_quota_share: 1, free_requests_per_minute: 10000, usd_per_day: 100 }
`;

const RULES = ["alerts.yaml", "recording-rules.yaml"].map((name) => join(ROOT, "config/prometheus", name));

/** Filled in as Grafana does on a page of five minutes: `All` of each variable is `.+`. */
const DURATIONS = { __range: "300s", __interval: "300s", __rate_interval: "20s" };
const asked = (expr: string): string =>
  expr
    .replaceAll(/\$(__range|__interval|__rate_interval)\b/g, (_, name: keyof typeof DURATIONS) => DURATIONS[name])
    .replaceAll(/=~"\$\w+"/g, '=~".+"');

/** What has nothing to show while all is well, and why. Exact: what does show something must leave the list. */
const EMPTY_IN_HEALTH: Readonly<Record<string, string>> = {
  "healthd-overview / What is broken / A": "nothing is broken",
  "healthd-overview / What is broken / B": "nothing is broken",
  "healthd-overview / What is broken / C": "nothing is broken",
  "healthd-overview / Targets that are not up / A": "all are up",
  "healthd-overview / Targets that are not up / B": "all are up",
  "healthd-overview / Targets that are not up / C": "all are up",
  "healthd-overview / Alerts firing / A": "none fires; the Watchdog has no job",
  "healthd-overview / Root causes over time / A": "nothing was broken",
  "healthd-overview / Targets down, by owner / A": "none was down",
  "healthd-overview / What ends soon / B": "no key ends",
  "healthd-overview / What ends soon / C": "no model leaves",
  "healthd-overview / Left of the key's limit / A": "the key has no limit",
  "healthd-money / Left of the key's limit / A": "the key has no limit",
  "healthd-money / The key's limit / A": "the key has no limit",
  "healthd-money / The key's limit / B": "the key has no limit",
  "healthd-money / Key expires in / A": "the key does not end",
  "healthd-model / Catalogue / H": "no model leaves",
  "healthd-model / Failures in the last hour, by reason / A": "no probe failed",
  "healthd-money / Refused for money or quota / A": "none was refused",
  "healthd-storage / Failed operations in the last hour / A": "no operation failed",
};
/** What this world cannot show at all. */
const EMPTY_HERE: Readonly<Record<string, string>> = {
  "healthd-overview / What ends soon / A": "everything on loopback speaks plain HTTP",
  "healthd-storage / Certificate ends in / A": "everything on loopback speaks plain HTTP",
};

interface Range {
  readonly result: readonly unknown[];
}

const why = missing("prometheus");

describe.skipIf(why !== undefined)(`dashboards${why === undefined ? "" : `: ${why}`}`, () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ yaml: YAML, rules: RULES });
  });
  afterAll(() => stack.stop());

  const range = (expr: string): Promise<Range> => {
    const now = Date.now() / 1000;
    return stack.api("query_range", { query: asked(expr), start: String(now - 60), end: String(now), step: "5" });
  };
  /** As the panel asks: at one moment, or over the page's range. */
  const shows = async ({ target }: Place): Promise<boolean> =>
    (target.instant ? await stack.query(asked(target.expr)) : (await range(target.expr)).result).length > 0;

  const places = boards.flatMap(placesOf);
  async function empty(): Promise<string[]> {
    const all: string[] = [];
    for (const place of places) if (!(await shows(place))) all.push(place.name);
    return all.toSorted();
  }
  /** Waits until exactly these are empty; then says which are. */
  async function emptyOnceSettled(expected: readonly string[]): Promise<string[]> {
    let now: string[] = [];
    const settled = async (): Promise<boolean> => {
      now = await empty();
      return now.join() === expected.join();
    };
    await until(settled, "the panels to settle", 90_000).catch(() => undefined);
    return now;
  }

  test("while all is well, every panel shows something, but for what is listed with a reason", async () => {
    const expected = Object.keys({ ...EMPTY_IN_HEALTH, ...EMPTY_HERE }).toSorted();
    expect(await emptyOnceSettled(expected)).toEqual(expected);
    expect(places.length).toBeGreaterThan(100);
  });

  test("every variable has values to choose from, and every mark can be asked for", async () => {
    for (const { uid, templating, annotations } of boards) {
      for (const { query, type, name } of templating.list) {
        if (type !== "query") continue;
        const [, match = "", label = ""] = LABEL_VALUES.exec(query) ?? [];
        const values = await stack.api<readonly string[]>(`label/${label}/values`, { "match[]": asked(match) });
        expect(values, `${uid} ${name}`).not.toEqual([]);
      }
      for (const { name, expr } of annotations.list)
        expect((await range(expr)).result.length > 0, `${uid} ${name}`).toBe(name !== "Alerts firing");
    }
  });

  interface Rule {
    readonly alert?: string;
    readonly expr: string;
  }
  const rules = RULES.flatMap((file) => {
    const { groups } = parse(readFileSync(file, "utf8")) as { groups: readonly { rules: readonly Rule[] }[] };
    return groups.flatMap((group) => group.rules);
  });

  test("while all is well, no alert's expression finds anything but the watchdog's", async () => {
    const alerts = rules.filter(({ alert }) => alert !== undefined);
    expect(alerts.length).toBeGreaterThan(40);
    const found: string[] = [];
    for (const { alert = "", expr } of alerts) if ((await stack.query(expr)).length > 0) found.push(alert);
    expect(found).toEqual(["Watchdog"]);
  });

  test("every recording makes something", async () => {
    const recordings = rules.filter(({ alert }) => alert === undefined);
    expect(recordings.length).toBeGreaterThan(5);
    for (const { expr } of recordings) expect((await stack.query(expr)).length, expr).toBeGreaterThan(0);
  });

  test("while things are broken, what was empty in health shows them", async () => {
    const { faults } = stack.simulator;
    for (const fault of ["storage", "model_leaving", "key_expiring", "key_limit_low"] as const) faults.on(fault);
    // The third model goes on to answer.
    faults.on("provider", { model: "qwen/qwen3-coder:free" });
    faults.on("shared_pool", { model: "deepseek/deepseek-r1:free" });
    const expected = Object.keys(EMPTY_HERE).toSorted();
    expect(await emptyOnceSettled(expected)).toEqual(expected);
    const [row] = await stack.query(asked(places.find(({ name }) => name === "healthd-overview / What is broken / A")?.target.expr ?? ""));
    expect(row?.metric).toMatchObject({ subject: expect.any(String), owner: expect.any(String), reason: expect.any(String) });
    const since = Number(row?.value[1]);
    expect(since).toBeLessThanOrEqual(Date.now());
    expect(Date.now() - since).toBeLessThan(120_000);
  });
});
