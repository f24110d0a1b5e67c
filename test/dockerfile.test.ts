import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const root = (file: string): string => readFileSync(resolve(import.meta.dirname, "..", file), "utf8");

interface Instruction {
  readonly name: string;
  readonly value: string;
}

/** Instructions by stage; a line that ends in a backslash goes on in the next. */
function stages(): readonly (readonly Instruction[])[] {
  const lines = root("Dockerfile")
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll(/\s*\\\n\s*/g, " ")
    .split("\n")
    .filter((line) => line !== "");
  const found: Instruction[][] = [];
  for (const line of lines) {
    const [, name = "", value = ""] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (name === "FROM") found.push([]);
    found.at(-1)?.push({ name, value });
  }
  return found;
}

const [build = [], runtime = []] = stages();
const of = (stage: readonly Instruction[], name: string): string[] => stage.filter((one) => one.name === name).map(({ value }) => value);

test("two stages on the Node that the package asks for", () => {
  const { engines } = JSON.parse(root("package.json")) as { engines: { node: string } };
  const major = /\d+/.exec(engines.node)?.[0];
  expect(stages()).toHaveLength(2);
  expect([...of(build, "FROM"), ...of(runtime, "FROM")]).toEqual([`node:${major}-slim AS build`, `node:${major}-slim`]);
  expect(of(build, "RUN").map((command) => command.split(" --")[0])).toEqual(["npm ci", "npm run build"]);
});

test("what runs has production dependencies, the built files and the runbooks, nothing else", () => {
  expect(of(runtime, "RUN").filter((command) => command.includes("npm ci"))).toEqual([expect.stringMatching(/^npm ci --omit=dev /)]);
  expect(of(runtime, "COPY")).toEqual(["package.json package-lock.json ./", "--from=build /app/dist dist", "docs/runbooks docs/runbooks"]);
  const { dependencies } = JSON.parse(root("package.json")) as { dependencies: Record<string, string> };
  // The second Node is for machines that have an old one; the image has the right one.
  expect(Object.keys(dependencies)).not.toContain("node");
});

test("not as root, in /app, on the port of the documentation", () => {
  expect(of(runtime, "WORKDIR")).toEqual(["/app"]);
  expect(of(runtime, "USER")).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
  expect(of(runtime, "EXPOSE")).toEqual(["10556"]);
  // Whatever comes after USER runs without root: nothing may need it any more.
  const after = runtime.slice(runtime.findIndex(({ name }) => name === "USER") + 1).map(({ name }) => name);
  expect(after).not.toContain("RUN");
  expect(JSON.parse(of(runtime, "ENTRYPOINT")[0] ?? "")).toEqual([
    "node",
    "--max-semi-space-size=2",
    "--v8-pool-size=1",
    "--",
    "dist/main.js",
  ]);
  expect(JSON.parse(of(runtime, "CMD").at(-1) ?? "")).toEqual(["run", "--listen", "0.0.0.0:10556"]);
});

test("image, unit and the package's own command start it alike", () => {
  const [, settings = "", command = ""] = /^#!\/usr\/bin\/env -S ((?:\S+=\S+ )*)(node .*--)$/m.exec(root("src/boot.ts")) ?? [];
  expect(settings.trim()).toMatch(/^MALLOC_/);
  // Kernels before 5.1 read no more of it.
  expect(root("src/boot.ts").indexOf("\n")).toBeLessThan(128);
  expect(of(runtime, "ENV")).toContain(settings.trim());
  expect((JSON.parse(of(runtime, "ENTRYPOINT")[0] ?? "") as string[]).join(" ")).toBe(`${command} dist/main.js`);
  const unit = root("deploy/llm-healthd.service");
  expect(unit).toContain(`\nEnvironment=${settings.trim()}\n`);
  expect(unit).toContain(`\nExecStart=/usr/bin/env ${command} /opt/llm-healthd/dist/main.js `);
});

test("the health check asks the daemon with Node itself", () => {
  const [check = ""] = of(runtime, "HEALTHCHECK");
  const [program, flag, script = ""] = JSON.parse(/CMD (\[.*\])$/.exec(check)?.[1] ?? "[]") as string[];
  expect([program, flag]).toEqual(["node", "-e"]);
  expect(script).toContain("http://127.0.0.1:10556/-/healthy");
  expect(() => new Function(script)).not.toThrow();
});

test("the build's context holds what it copies, and no secret", () => {
  const rules = root(".dockerignore")
    .split("\n")
    .filter((line) => line !== "");
  expect(rules[0]).toBe("*");
  const copies = [...of(build, "COPY"), ...of(runtime, "COPY")].filter((value) => !value.startsWith("--from"));
  const copied = [...new Set(copies.flatMap((value) => value.split(" ").slice(0, -1)))];
  expect(
    rules
      .slice(1)
      .map((rule) => rule.replace("!", ""))
      .toSorted(),
  ).toEqual(copied.toSorted());
});
