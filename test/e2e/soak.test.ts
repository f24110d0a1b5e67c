/** The soak in small: six hours in which eight times as much goes wrong once, and an outage that does not end by itself. `npm run soak` lives a week. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { live } from "../soak/life.ts";
import { OUTAGE } from "../soak/outage.ts";
import { criticalRules, pagesOf } from "../soak/verdict.ts";
import { missing } from "../support/programs.ts";

/** Ten seconds each where nothing else runs. */
const LONG_MS = 600_000;

const why = missing("prometheus", "promtool");

describe.skipIf(why !== undefined)(`the shipped alerts over simulated time${why === undefined ? "" : `: ${why}`}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "healthd-soak-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const place = (name: string): string => mkdtempSync(join(folder, name));

  test(
    "single failures of every kind of target page nobody",
    async () => {
      const home = place("calm-");
      const life = await live({ hours: 6, failureShare: 0.04, folder: home });
      const last = life.moments.at(-1);
      expect(last?.failures).toBeGreaterThan(2);
      expect(last?.reloads).toBeGreaterThan(0);
      expect(criticalRules().length).toBeGreaterThan(10);
      expect(await pagesOf(life, home)).toEqual([]);
    },
    LONG_MS,
  );

  test(
    "an outage pages once, for what is broken",
    async () => {
      const home = place("outage-");
      const life = await live({ ...OUTAGE, folder: home });
      const pages = await pagesOf(life, home);
      expect(pages.map(({ alert, labels }) => [alert, labels.subject])).toEqual([[OUTAGE.alert, "files"]]);
      const [page] = pages;
      // Noticed at its next turn, and agreed on within seconds.
      const late = (page?.from ?? 0) - (life.start + 1800);
      expect(late).toBeGreaterThan(0);
      expect(late).toBeLessThan(5 * 60 + 60);
    },
    LONG_MS,
  );
});
