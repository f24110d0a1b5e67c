import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { createFamily, SELF } from "../../src/metrics/family.ts";
import { renderPage } from "../../src/metrics/render.ts";

test("a page comes in pieces, and whole, whatever its letters", async () => {
  const family = createFamily({ name: "healthd_x", help: "Größe – 大", type: "gauge", labels: ["target"] });
  const names = [...Array(2000).keys()].map((at) => `größe-大-${at}`);
  family.put(
    SELF,
    names.map((target, value) => ({ labels: { target }, value })),
  );
  const page = { readings: [], registry: new Registry(), families: [family], clock: systemClock, onFault: () => undefined };
  const pieces: string[] = [];
  for await (const piece of renderPage(page)) pieces.push(piece);
  const lines = names.map((target, value) => `healthd_x{target="${target}"} ${value}\n`);
  expect(pieces.join("")).toBe(`# HELP healthd_x Größe – 大\n# TYPE healthd_x gauge\n${lines.join("")}`);
  expect(pieces.length).toBeGreaterThan(5);
});
