/** That the dashboards hang together: layout, links, words, and the files from which Grafana takes them. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { alertNames } from "../../src/mixin/alerts.ts";
import { SCRAPE_SECONDS } from "../../src/mixin/timing.ts";
import { boards, type Dashboard, type Link, type Panel, panelsOf } from "./boards.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(resolve(ROOT, path), "utf8");
const unique = (some: readonly unknown[]): boolean => new Set(some).size === some.length;

/** Links of a panel and of its cells. */
const linksOf = ({ links = [], fieldConfig }: Panel): Link[] => [
  ...links,
  ...(fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
    properties.flatMap(({ id, value }) => (id === "links" ? (value as Link[]) : [])),
  ),
];

describe.each(boards.map((board): [string, Dashboard] => [board.uid, board]))("%s", (uid, board) => {
  const panels = panelsOf(board);

  test("is known by its uid, and found by its tag", () => {
    expect(board).toMatchObject({ id: null, uid, tags: ["llm-healthd"], schemaVersion: 42 });
    expect(board.title).toMatch(/^llm-healthd \/ \w/);
    expect(board.links[0]).toMatchObject({ type: "dashboards", tags: ["llm-healthd"], keepTime: true, includeVars: true });
    // The SDK's own placement hides them in a menu.
    expect(JSON.stringify(board).includes("inControlsMenu")).toBe(false);
  });

  test("has no more panels than a reader can hold, each with a name and a letter for each query of its own", () => {
    expect(panels.length).toBeLessThanOrEqual(25);
    expect(unique(panels.map(({ title }) => title))).toBe(true);
    expect(unique(board.panels.map(({ id }) => id))).toBe(true);
    for (const { targets = [] } of panels) expect(targets.map(({ refId }) => refId)).toEqual(targets.map((_, at) => "ABCDEFGHIJ"[at]));
  });

  test("every panel says what it shows, in whole sentences", () => {
    expect(panels.filter(({ description = "" }) => !/^[A-Z].{20,}\.$/.test(description)).map(({ title }) => title)).toEqual([]);
  });

  test("no panel lies on another or beyond the page", () => {
    const cells = board.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(unique(cells)).toBe(true);
    expect(board.panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  });

  test("every link leads somewhere", () => {
    const links = panels.flatMap(linksOf);
    expect(links.length).toBeGreaterThan(5);
    for (const { url } of links) {
      const [, alert] = /^\$healthd\/runbooks\/(\w+)$/.exec(url) ?? [];
      const [, other = "", variable] = /^\/d\/([\w-]+)\?var-(\w+)=\$\{__data\.fields\["\w+"\]\}&\$\{__url_time_range\}$/.exec(url) ?? [];
      const target = boards.find((one) => one.uid === other);
      if (alert !== undefined) expect(alertNames).toContain(alert);
      else if (target !== undefined) expect(target.templating.list.map(({ name }) => name)).toContain(variable);
      else expect(url).toMatch(/^\$healthd\/$|^\$healthd\/runbooks\/\$\{__data\.fields\["Alert"\]\}$/);
    }
  });

  test("every variable that a query names is there", () => {
    const known = new Set(board.templating.list.map(({ name }) => name));
    const queries = [
      ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
      ...board.annotations.list.map(({ expr }) => expr),
    ];
    const named = queries.flatMap((expr) => [...expr.matchAll(/\$(\w+)/g)].map(([, name = ""]) => name));
    expect(named.filter((name) => !known.has(name) && !name.startsWith("__"))).toEqual([]);
  });
});

test("the first thing on the overview is what is broken, whose it is, and since when", () => {
  const overview = boards.find(({ uid }) => uid === "healthd-overview");
  const [row, ...rest] = overview?.panels ?? [];
  expect(row).toMatchObject({ type: "row", title: "What is broken, whose it is, since when" });
  const table = rest.find(({ type }) => type === "table");
  expect(table).toMatchObject({ title: "What is broken", gridPos: { y: 4, w: 24 } });
  const headings = (table?.fieldConfig?.overrides ?? []).map(({ matcher }) => matcher.options);
  expect(headings).toEqual(expect.arrayContaining(["What", "Owner", "Reason, and the first thing to do", "Since"]));
});

test("Grafana is told the scrape interval, and finds the dashboards where compose puts them", () => {
  const { datasources } = parse(read("config/grafana/provisioning/datasources/prometheus.yaml"));
  expect(datasources).toEqual([
    expect.objectContaining({ type: "prometheus", jsonData: expect.objectContaining({ timeInterval: `${SCRAPE_SECONDS}s` }) }),
  ]);
  const { providers } = parse(read("config/grafana/provisioning/dashboards/llm-healthd.yaml"));
  const { services, configs } = parse(read("deploy/compose.yaml"));
  expect(configs.prometheus.content).toContain(`scrape_interval: ${SCRAPE_SECONDS}s`);
  const [{ options }] = providers;
  expect(services.grafana.volumes).toContain(`../dashboards:${options.path}:ro`);
  for (const folder of ["datasources", "dashboards"])
    expect(services.grafana.volumes).toContain(`../config/grafana/provisioning/${folder}:/etc/grafana/provisioning/${folder}:ro`);
  expect(datasources[0].url).toBe("http://prometheus:9090");
  expect(services.prometheus).toBeDefined();
  expect(services.grafana.environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH).toBe(`${options.path}/healthd-overview.json`);
});
