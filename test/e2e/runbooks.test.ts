/** What the runbooks tell people to type, typed: the silences into a real Alertmanager, the queries into a real Prometheus. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeBlocks, shellLines, written } from "../runbooks/written.ts";
import { answers, findProgram, freePort, missing, type Program, startProgram } from "../support/programs.ts";

const why = missing("prometheus", "prometheus-alertmanager", "amtool");

const ALERTMANAGER = "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n";

interface Silence {
  readonly matchers: readonly { readonly name: string; readonly value: string; readonly isEqual: boolean }[];
  readonly status: { readonly state: string };
  readonly comment: string;
  readonly startsAt: string;
  readonly endsAt: string;
}

describe.skipIf(why !== undefined)(`Runbooks${why === undefined ? "" : `: ${why}`}`, () => {
  let folder: string;
  let prometheus: Program;
  let alertmanager: Program;
  let queries: string;
  let silences: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "healthd-runbooks-"));
    const address = async (): Promise<string> => `127.0.0.1:${await freePort()}`;
    const listen = { prometheus: await address(), alertmanager: await address() };
    queries = `http://${listen.prometheus}`;
    silences = `http://${listen.alertmanager}`;
    writeFileSync(join(folder, "prometheus.yml"), "{}\n");
    writeFileSync(join(folder, "alertmanager.yml"), ALERTMANAGER);
    // Where docs/runbooks/README.md says that amtool finds its Alertmanager, upstream's and Debian's.
    for (const file of ["amtool/config.yml", "prometheus/amtool.yml"]) {
      mkdirSync(join(folder, ".config", dirname(file)), { recursive: true });
      writeFileSync(join(folder, ".config", file), `alertmanager.url: ${silences}\n`);
    }
    prometheus = await startProgram(
      findProgram("prometheus") ?? "",
      [
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=${listen.prometheus}`,
      ],
      () => answers(`${queries}/-/ready`),
    );
    alertmanager = await startProgram(
      findProgram("prometheus-alertmanager") ?? "",
      [
        `--config.file=${join(folder, "alertmanager.yml")}`,
        `--storage.path=${join(folder, "alertmanager")}`,
        "--cluster.listen-address=",
        `--web.listen-address=${listen.alertmanager}`,
      ],
      () => answers(`${silences}/-/ready`),
    );
  });
  afterAll(async () => {
    await Promise.all([prometheus.stop(), alertmanager.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const shell = (command: string): string =>
    execFileSync("sh", ["-c", command], { encoding: "utf8", env: { ...process.env, HOME: folder } });
  const active = async (): Promise<readonly Silence[]> => {
    const all = (await (await fetch(`${silences}/api/v2/silences`)).json()) as readonly Silence[];
    return all.filter(({ status }) => status.state === "active");
  };

  test("each silence is taken, and silences its alert alone", async () => {
    const commands = written.flatMap((book) => shellLines(book).filter((line) => line.startsWith("amtool silence add")));
    // All but the Watchdog, which nobody may silence.
    expect(commands).toHaveLength(written.length - 1);
    for (const command of commands) expect(shell(command).trim()).toMatch(/^[0-9a-f-]{36}$/);
    const found = await active();
    const alertOf = ({ matchers }: Silence): string | undefined => matchers.find(({ name }) => name === "alertname")?.value;
    expect(found.map(alertOf).toSorted()).toEqual(written.map(({ name }) => name).filter((name) => name !== "Watchdog"));
    for (const { matchers, comment, startsAt, endsAt } of found) {
      expect(matchers.every(({ isEqual, value }) => isEqual && value !== "")).toBe(true);
      expect(comment).not.toBe("");
      // A silence that outlives its reason hides the next fault.
      expect(Date.parse(endsAt) - Date.parse(startsAt)).toBeLessThanOrEqual(7 * 86_400_000 + 1000);
    }
  });

  test("a silence is found and ended as the README and the Watchdog's page say", async () => {
    shell('amtool silence add alertname=Watchdog --duration=1h --comment="by mistake"');
    expect(shell("amtool silence query alertname=Watchdog")).toContain("by mistake");
    const book = written.find(({ name }) => name === "Watchdog");
    const [expire = ""] = (book === undefined ? [] : shellLines(book)).filter((line) => line.startsWith("amtool silence expire"));
    shell(expire);
    expect((await active()).filter(({ comment }) => comment === "by mistake")).toEqual([]);
    for (const line of book === undefined ? [] : shellLines(book).filter((one) => one.startsWith("amtool alert query"))) shell(line);
  });

  test("each query is understood", async () => {
    const refused: string[] = [];
    for (const { name, blocks } of written) {
      for (const query of codeBlocks(blocks, "promql")) {
        const answer = await fetch(`${queries}/api/v1/query?query=${encodeURIComponent(query)}`);
        const { status, error } = (await answer.json()) as { readonly status: string; readonly error?: string };
        if (status !== "success") refused.push(`${name}: ${query}: ${error}`);
      }
    }
    expect(refused).toEqual([]);
  });
});
