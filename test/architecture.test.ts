import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");

/** house.md: import only downwards, or inside your own folder. A folder that is not here may not exist. */
const FLOORS: Readonly<Record<string, number>> = {
  base: 0,
  core: 1,
  config: 2,
  clients: 2,
  metrics: 2,
  history: 2,
  runbooks: 2,
  probes: 3,
  schedule: 3,
  web: 3,
  daemon: 4,
  cli: 5,
  // Beside the building: the simulator must be able to prove the clients wrong, the mixin only writes files.
  simulator: 2,
  mixin: 3,
};
const TOP = 6;

/** One door per vendor package: the only files or folders that may import it. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  pino: ["base/log.ts"],
  "pino-pretty": ["base/log.ts"],
  got: ["clients/http"],
  "@aws-sdk/client-s3": ["clients/s3/"],
  "prom-client": ["metrics/"],
  "node-cron": ["base/cron.ts"],
  "@node-rs/bcrypt": ["web/basic-auth.ts"],
  commander: ["cli/"],
  // Reading belongs to config/; the mixin writes files for Prometheus and Alertmanager.
  yaml: ["config/", "mixin/"],
  "node:sqlite": ["history/"],
  "@grafana/grafana-foundation-sdk": ["mixin/dashboards/"],
};

const IMPORT = /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\("([^"]+)"\)|(?:^|\n)import\s+"([^"]+)"/g;

interface Edge {
  readonly from: string;
  readonly to: string;
}

function edges(): Edge[] {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  return files.flatMap((from) => {
    const text = readFileSync(join(SRC, from), "utf8");
    return [...text.matchAll(IMPORT)].map((match) => {
      const to = match[1] ?? match[2] ?? match[3] ?? "";
      return { from, to: to.startsWith(".") ? relative(SRC, resolve(SRC, dirname(from), to)) : to };
    });
  });
}

const inside = (file: string): boolean => file.endsWith(".ts") || file.endsWith(".json");
const room = (file: string): string => (file.includes("/") ? (file.split("/")[0] ?? "") : "");
const floor = (file: string): number | undefined => (room(file) === "" ? TOP : FLOORS[room(file)]);
/** `a/b` is in package a, `@a/b/c` in `@a/b`. */
const packageOf = (to: string): string =>
  to
    .split("/")
    .slice(0, to.startsWith("@") ? 2 : 1)
    .join("/");
const print = (edge: Edge): string => `${edge.from} imports ${edge.to}`;

test("every folder has a floor", () => {
  const rooms = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(rooms.map((entry) => entry.name).filter((name) => !(name in FLOORS))).toEqual([]);
});

test("imports go down or stay inside their folder", () => {
  const local = edges().filter(({ to }) => inside(to));
  expect(local.length).toBeGreaterThan(5);
  const up = local.filter(({ from, to }) => room(from) !== room(to) && !((floor(from) ?? -1) > (floor(to) ?? TOP)));
  expect(up.map(print)).toEqual([]);
});

test("the simulator shares no code with the clients it must be able to prove wrong", () => {
  const shared = edges().filter(({ from, to }) => room(from) === "simulator" && inside(to) && !["simulator", "base"].includes(room(to)));
  expect(shared.map(print)).toEqual([]);
});

test("each vendor package has one door", () => {
  const broken = edges().filter(({ from, to }) => {
    const doors = DOORS[to] ?? DOORS[packageOf(to)];
    return doors !== undefined && !doors.some((door) => from.startsWith(door));
  });
  expect(broken.map(print)).toEqual([]);
});

/** What the program is made of; whatever else package.json names is for development. Each has its line in docs/decisions/0001. */
const PACKAGES = [
  "@aws-sdk/client-s3",
  "@node-rs/bcrypt",
  "commander",
  "got",
  "node-cron",
  "pino",
  "pino-pretty",
  "prom-client",
  "yaml",
  "zod",
];

test("the program loads these packages, and the builders of dashboards are not in it", () => {
  const all = edges();
  const loaded = new Set(["boot.ts"]);
  for (const file of loaded) for (const { from, to } of all) if (from === file && inside(to)) loaded.add(to);
  expect(loaded.size).toBeGreaterThan(100);
  const foreign = all.filter(({ from, to }) => loaded.has(from) && !inside(to) && !to.startsWith("node:"));
  expect([...new Set(foreign.map(({ to }) => packageOf(to)))].toSorted()).toEqual(PACKAGES);
  expect([...loaded].filter((file) => file.startsWith("mixin/dashboards/"))).toEqual([]);
});

test("only base/clock reads the time, only the edges read the environment or print", () => {
  const RULES: readonly (readonly [RegExp, readonly string[]])[] = [
    [
      /\bDate\.now\(|\bperformance\.now\(|\bnew Date\(\)|\bset(?:Timeout|Interval)\(/,
      ["base/clock.ts", "simulator/", "main.ts", "boot.ts"],
    ],
    [/\bprocess\.env\b/, ["config/source.ts", "main.ts", "boot.ts"]],
    [/\bconsole\.|process\.std(?:out|err)\b/, ["cli/", "main.ts", "boot.ts", "generate.ts"]],
    [/\bprocess\.exit\b/, ["main.ts", "boot.ts"]],
  ];
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  const broken = files.flatMap((file) =>
    RULES.filter(([what, where]) => !where.some((place) => file.startsWith(place)) && what.test(readFileSync(join(SRC, file), "utf8"))).map(
      ([what]) => `${file} uses ${what.source}`,
    ),
  );
  expect(broken).toEqual([]);
});
