import { Registry } from "prom-client";
import { describe, expect, test } from "vitest";
import { createFamily, SELF } from "../../src/metrics/family.ts";
import { renderPage } from "../../src/metrics/render.ts";
import { until } from "../support/programs.ts";

const nobody = { registry: new Registry(), readings: [], measured: () => undefined, onFault: () => undefined };

async function read(page: Parameters<typeof renderPage>[0]): Promise<string[]> {
  const pieces: string[] = [];
  for await (const piece of renderPage(page)) pieces.push(piece);
  return pieces;
}

test("a page comes in pieces, and whole, whatever its letters", async () => {
  const family = createFamily({ name: "healthd_x", help: "Größe – 大", type: "gauge", labels: ["target"] });
  const names = [...Array(2000).keys()].map((at) => `größe-大-${at}`);
  family.put(
    SELF,
    names.map((target, value) => ({ labels: { target }, value })),
  );
  const pieces = await read({ ...nobody, families: [family] });
  const lines = names.map((target, value) => `healthd_x{target="${target}"} ${value}\n`);
  expect(pieces.join("")).toBe(`# HELP healthd_x Größe – 大\n# TYPE healthd_x gauge\n${lines.join("")}`);
  expect(pieces.length).toBeGreaterThan(5);
});

describe("work beside a probe is time in its latency", () => {
  const many = createFamily({ name: "healthd_x", help: "Many.", type: "gauge", labels: ["target"] });
  many.put(
    SELF,
    [...Array(20_000).keys()].map((at) => ({ labels: { target: `t${at}` }, value: at })),
  );

  test("so the page waits until none runs", async () => {
    const probes = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let looks = 0;
    let done = false;
    const measured = (): Promise<void> | undefined => probes[looks++]?.promise;
    const page = read({ ...nobody, families: [many], measured, patienceMs: 60_000 }).then((pieces) => {
      done = true;
      return pieces;
    });
    // The second begins where the first ends: the page cannot have come between.
    await until(() => looks === 1, "the page to look whether a probe runs");
    probes[0]?.resolve();
    await until(() => looks === 2, "it to look again");
    expect(done).toBe(false);
    probes[1]?.resolve();
    expect((await page).join("")).toContain('{target="t19999"} 19999\n');
  });

  test("but not for ever: somebody always measures where there is much to measure", async () => {
    const pieces = await read({ ...nobody, families: [many], measured: () => new Promise(() => undefined) });
    expect(pieces.join("")).toBe((await read({ ...nobody, families: [many] })).join(""));
  });
});
