/** What the shipped rules would have paged for, by a real Prometheus over what was scraped. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { parseDuration } from "../../src/base/duration.ts";
import { answers, findProgram, freePort, startProgram } from "../support/programs.ts";
import type { Life } from "./life.ts";
import { LOOKBACK_SECONDS, SCRAPE_SECONDS } from "./pages.ts";

export interface Page {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since 1970. */
  readonly from: number;
  readonly seconds: number;
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
}

const RULES = resolve(import.meta.dirname, "../../config/prometheus/alerts.yaml");
// Prometheus gives no more points of a series at once.
const POINTS = 11_000;

export function criticalRules(): readonly Rule[] {
  const { groups } = parse(readFileSync(RULES, "utf8")) as { groups: readonly { rules: readonly Rule[] }[] };
  return groups.flatMap(({ rules }) => rules).filter(({ labels }) => labels.severity === "critical");
}

function importAll(files: readonly string[], data: string): void {
  for (const file of files) {
    const { status, stderr } = spawnSync(
      findProgram("promtool") ?? "",
      ["tsdb", "create-blocks-from", "openmetrics", "--quiet", file, data],
      {
        encoding: "utf8",
      },
    );
    if (status !== 0) throw new Error(`promtool could not read ${file}: ${stderr}`);
  }
}

/** Spans of time without a gap in which the expression held, per series of its outcome. */
async function spans(server: string, { alert, expr }: Rule, { start, end }: Life): Promise<Page[]> {
  const times = new Map<string, number[]>();
  for (let from = start; from < end; from += POINTS * SCRAPE_SECONDS) {
    const to = Math.min(end, from + (POINTS - 1) * SCRAPE_SECONDS);
    const body = new URLSearchParams({ query: expr, start: String(from), end: String(to), step: String(SCRAPE_SECONDS) });
    const answer = await fetch(`${server}/api/v1/query_range`, { method: "POST", body });
    const { status, error, data } = (await answer.json()) as {
      status: string;
      error?: string;
      data: { result: readonly { metric: Record<string, string>; values: readonly (readonly [number, string])[] }[] };
    };
    if (status !== "success") throw new Error(`${alert}: ${error}`);
    for (const { metric, values } of data.result) {
      const key = JSON.stringify(metric);
      times.set(key, [...(times.get(key) ?? []), ...values.map(([at]) => at)]);
    }
  }
  return [...times].flatMap(([labels, ats]) => {
    const found: Page[] = [];
    for (const at of ats) {
      const last = found.at(-1);
      if (last !== undefined && at - (last.from + last.seconds) <= SCRAPE_SECONDS)
        found[found.length - 1] = { ...last, seconds: at - last.from };
      else found.push({ alert, labels: JSON.parse(labels), from: at, seconds: 0 });
    }
    return found;
  });
}

/** Every page, in the order of time. Throws when Prometheus holds nothing of it: silence would prove nothing. */
export async function pagesOf(life: Life, folder: string): Promise<readonly Page[]> {
  const data = join(folder, "tsdb");
  importAll(life.files, data);
  const listen = `127.0.0.1:${await freePort()}`;
  const server = `http://${listen}`;
  const prometheus = await startProgram(
    findProgram("prometheus") ?? "",
    [
      "--config.file=/dev/null",
      `--storage.tsdb.path=${data}`,
      "--storage.tsdb.retention.time=10y",
      `--query.lookback-delta=${LOOKBACK_SECONDS}s`,
      `--web.listen-address=${listen}`,
    ],
    () => answers(`${server}/-/ready`),
  );
  try {
    const seen = await spans(server, { alert: "", expr: "count(up == 1) and count(healthd_probe_success) > 5", labels: {} }, life);
    const share = seen.reduce((sum, { seconds }) => sum + seconds, 0) / (life.end - life.start);
    if (share < 0.95) throw new Error(`Prometheus knows only ${Math.round(share * 100)} % of the time`);
    const all: Page[] = [];
    for (const rule of criticalRules()) {
      const patience = parseDuration(rule.for ?? "1ms") ?? 0;
      all.push(...(await spans(server, rule, life)).filter(({ seconds }) => rule.for === undefined || seconds >= patience));
    }
    return all.toSorted((one, other) => one.from - other.from);
  } finally {
    await prometheus.stop();
  }
}
