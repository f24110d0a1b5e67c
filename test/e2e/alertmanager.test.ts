/** Debian's Alertmanager with the shipped file: what belongs together is one notification, and what something wider explains is silent. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AlertName } from "../../src/mixin/alerts.ts";
import { alertRules } from "../../src/mixin/rules.ts";
import { faultCases } from "../rules/cases/faults.ts";
import { modelCases } from "../rules/cases/models.ts";
import { ownCases } from "../rules/cases/own.ts";
import { answers, findProgram, freePort, missing, type Program, startProgram, until } from "../support/programs.ts";
import { ROOT } from "./healthd.ts";

const why = missing("prometheus-alertmanager");
const rules = alertRules().groups.flatMap((group) => group.rules);
const cases = [...faultCases, ...ownCases, ...modelCases];

type Labels = Readonly<Record<string, string>>;

/** Where the shipped file sends to. On this machine somebody may listen there: these alerts are not for him. */
const SHIPPED = "http://127.0.0.1:9099";

/** As Prometheus would send it, by the rule and by the case that promtool has proven. */
function sent(alertname: AlertName, over: Labels = {}): Labels {
  const rule = rules.find(({ alert }) => alert === alertname);
  const known = cases.find(({ alert }) => alert === alertname);
  if (rule === undefined || known === undefined) throw new Error(alertname);
  return { alertname, ...known.fires.labels, ...rule.labels, ...over };
}

describe.skipIf(why !== undefined)(`Alertmanager${why === undefined ? "" : `: ${why}`}`, () => {
  let folder: string;
  let program: Program;
  let url: string;
  /** What reached a receiver, by its path. */
  let paged: string[];
  const sink = createServer((request, response) => {
    paged.push(request.url ?? "");
    request.resume();
    response.end();
  });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "healthd-alertmanager-"));
    await new Promise<void>((done) => sink.listen(0, "127.0.0.1", done));
    const shipped = readFileSync(join(ROOT, "config/alertmanager/alertmanager.yml"), "utf8");
    const ours = shipped.replaceAll(SHIPPED, `http://127.0.0.1:${(sink.address() as AddressInfo).port}`);
    expect(shipped.split(SHIPPED)).toHaveLength(4);
    writeFileSync(join(folder, "alertmanager.yml"), ours);
  });
  afterAll(() => {
    sink.close();
    sink.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });
  // A fresh one for each: what was sent before would still be firing.
  beforeEach(async () => {
    paged = [];
    const listen = `127.0.0.1:${await freePort()}`;
    url = `http://${listen}`;
    const args = [
      `--config.file=${join(folder, "alertmanager.yml")}`,
      `--storage.path=${mkdtempSync(join(folder, "data-"))}`,
      "--cluster.listen-address=",
      `--web.listen-address=${listen}`,
    ];
    program = await startProgram(findProgram("prometheus-alertmanager") ?? "", args, () => answers(`${url}/-/ready`));
    return () => program.stop();
  });

  const get = async <T>(path: string): Promise<T> => (await (await fetch(`${url}/api/v2/${path}`)).json()) as T;
  async function send(...all: readonly Labels[]): Promise<void> {
    const body = JSON.stringify(all.map((labels) => ({ labels })));
    const { status } = await fetch(`${url}/api/v2/alerts`, { method: "POST", headers: { "content-type": "application/json" }, body });
    expect(status).toBe(200);
    await until(async () => (await get<unknown[]>("alerts")).length === all.length, "all to have arrived");
  }
  /** Names of those that go out. */
  async function heard(): Promise<string[]> {
    const active = await get<{ labels: Labels }[]>("alerts?inhibited=false");
    return active.map(({ labels }) => labels.alertname ?? "").toSorted();
  }

  test.each<[string, readonly Labels[], readonly AlertName[]]>([
    [
      "a rejected key silences the tickets of its account, and not another's",
      [sent("ApiKeyRejected"), sent("RateLimited"), sent("ProviderErrors"), sent("FreeQuotaSpent", { credential: "other" })],
      ["ApiKeyRejected", "FreeQuotaSpent"],
    ],
    [
      "a dead daemon silences what it said last, and not what another says",
      [sent("HealthdDown"), sent("GatewayOutage"), sent("ErrorBudgetBurn"), sent("StorageUnavailable", { instance: "other:10556" })],
      ["HealthdDown", "StorageUnavailable"],
    ],
    [
      "a cut network silences all that cannot be reached",
      [sent("NetworkUnreachable"), sent("StorageUnavailable"), sent("AppUnavailable"), sent("GatewayOutage"), sent("HealthdReloadFailed")],
      ["HealthdReloadFailed", "NetworkUnreachable"],
    ],
    [
      "two causes at once are two pages",
      [sent("ProviderUnavailable"), sent("ModelMissing"), sent("StorageAccessDenied"), sent("ApiKeyRejected")],
      ["ApiKeyRejected", "ModelMissing", "ProviderUnavailable", "StorageAccessDenied"],
    ],
    [
      "a dead bucket silences that it is slow, and not that another is",
      [sent("StorageUnavailable"), sent("StorageSlow"), sent("StorageSlow", { subject: "backups", target: "backups" })],
      ["StorageSlow", "StorageUnavailable"],
    ],
    [
      "where a page names the cause, everywhere is no second page; alone it is one",
      [sent("ProviderUnavailable"), sent("ModelDownEverywhere"), sent("ModelDownEverywhere", { credential: "other" })],
      ["ModelDownEverywhere", "ProviderUnavailable"],
    ],
    [
      "a burning budget is silent beside the page that says why",
      [sent("ProviderUnavailable"), sent("ErrorBudgetBurn"), sent("LatencyBudgetBurn"), sent("HealthdBug")],
      ["HealthdBug", "ProviderUnavailable"],
    ],
  ])("%s", async (_, alerts, expected) => {
    await send(...alerts);
    expect(await heard()).toEqual(expected);
  });

  test("the heartbeat is sent at once", async () => {
    const watchdog = rules.find(({ alert }) => alert === "Watchdog");
    await send({ alertname: "Watchdog", ...watchdog?.labels }, sent("ModelMissing"));
    await until(() => paged.length > 0, "the heartbeat");
    expect(paged).toEqual(["/heartbeat"]);
  });

  test("what one cause brings is one notification", async () => {
    await send(
      ...["qwen", "kimi", "deepseek"].map((subject) => sent("ModelMissing", { subject })),
      ...["eu:1", "us:1", "ap:1"].map((instance) => sent("ApiKeyRejected", { instance, region: instance.slice(0, 2) })),
      ...["files", "backups"].map((subject) => sent("StorageUnavailable", { subject })),
    );
    type Group = { labels: Labels; receiver: { name: string }; alerts: unknown[] };
    await until(async () => (await get<Group[]>("alerts/groups")).length === 3, "three groups");
    const groups = (await get<Group[]>("alerts/groups")).map(({ labels, receiver, alerts }) => [
      labels.alertname,
      receiver.name,
      alerts.length,
    ]);
    expect(groups.toSorted()).toEqual([
      ["ApiKeyRejected", "page", 3],
      ["ModelMissing", "page", 3],
      ["StorageUnavailable", "page", 2],
    ]);
  });
});
