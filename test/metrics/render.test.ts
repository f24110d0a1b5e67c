import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.ts";
import { createFamily, SELF } from "../../src/metrics/family.ts";
import { renderPage } from "../../src/metrics/render.ts";

test.each([1, 1_000_000])(
  "a page is whole, whatever its letters, and whether %i bytes were expected of it or not",
  async (expectedBytes) => {
    const family = createFamily({ name: "healthd_x", help: "Größe – 大", type: "gauge", labels: ["target"] });
    const names = [...Array(2000).keys()].map((at) => `größe-大-${at}`);
    family.put(
      SELF,
      names.map((target, value) => ({ labels: { target }, value })),
    );
    const page = await renderPage({
      readings: [],
      registry: new Registry(),
      families: [family],
      clock: systemClock,
      onFault: () => undefined,
      expectedBytes,
    });
    const lines = names.map((target, value) => `healthd_x{target="${target}"} ${value}\n`);
    expect(page.toString()).toBe(`# HELP healthd_x Größe – 大\n# TYPE healthd_x gauge\n${lines.join("")}`);
  },
);
