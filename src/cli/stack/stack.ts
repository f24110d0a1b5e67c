/** The installed Prometheus and Alertmanager with the shipped rules and routes, on loopback, paging a webhook of ours. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultOptions } from "../../mixin/alert.ts";
import { alertmanagerYaml, webhooks } from "../../mixin/alertmanager.ts";
import { prometheusYaml } from "../../mixin/prometheus.ts";
import { alertsYaml, recordingsYaml } from "../../mixin/rules.ts";
import { type Page, startPager } from "./pager.ts";
import { findProgram, freePort, type Program, startProgram } from "./program.ts";

/** Full paths. */
export interface Programs {
  readonly prometheus: string;
  readonly alertmanager: string;
}

export interface StackOptions {
  readonly programs: Programs;
  /** HOST:PORT of the daemon. */
  readonly daemon: string;
  /** Below 1 everything but the first page comes sooner: for trials. */
  readonly timeScale?: number;
  onPage(page: Page): void;
}

export interface Stack {
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
  stop(): Promise<void>;
}

/** Where the programs are on this PATH, or the names of those that it lacks. */
export function findPrograms(path: string): Programs | readonly string[] {
  const prometheus = findProgram(path, "prometheus");
  // Debian's name, and upstream's.
  const alertmanager = findProgram(path, "prometheus-alertmanager", "alertmanager");
  if (prometheus !== undefined && alertmanager !== undefined) return { prometheus, alertmanager };
  return [...(prometheus === undefined ? ["prometheus"] : []), ...(alertmanager === undefined ? ["alertmanager"] : [])];
}

const LOOPBACK = async (): Promise<string> => `127.0.0.1:${await freePort()}`;

/** Rejects when a program does not start; nothing is left behind then. */
export async function startStack({ programs, daemon, timeScale = 1, onPage }: StackOptions): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), "llm-healthd-stack-"));
  const pager = await startPager(onPage);
  const started: Program[] = [];
  const stop = async (): Promise<void> => {
    for (const program of started.toReversed()) await program.stop();
    await pager.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [alertmanager, prometheus] = [await LOOPBACK(), await LOOPBACK()];
    const files = {
      "prometheus.yml": prometheusYaml({ daemon, alertmanager }),
      "alerts.yaml": alertsYaml({ ...defaultOptions, timeScale }),
      "recording-rules.yaml": recordingsYaml(),
      "alertmanager.yml": alertmanagerYaml({ says: [], ...webhooks(pager.url) }, timeScale),
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const at = (name: string): string => join(folder, name);
    // Without a cluster it neither listens beyond loopback nor waits for peers.
    const alone = ["--cluster.listen-address=", `--storage.path=${at("alertmanager")}`];
    started.push(await startProgram(programs.alertmanager, alertmanager, [`--config.file=${at("alertmanager.yml")}`, ...alone]));
    const data = `--storage.tsdb.path=${at("prometheus")}`;
    started.push(await startProgram(programs.prometheus, prometheus, [`--config.file=${at("prometheus.yml")}`, data]));
    return { prometheusUrl: `http://${prometheus}`, alertmanagerUrl: `http://${alertmanager}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
