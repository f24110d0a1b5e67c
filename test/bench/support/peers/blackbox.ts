/** blackbox_exporter at its best: asked over a kept connection. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { join } from "node:path";
import { fraction } from "../../../../src/schedule/planner.ts";
import { answers, findProgram, freePort, until } from "../../../support/programs.ts";
import { certificate, cpuMs, end, folder, owned, rssMiB } from "../scratch.ts";
import { machineClock } from "../stats.ts";
import type { Upstream } from "../upstream.ts";

export const BLACKBOX = findProgram("prometheus-blackbox-exporter") ?? findProgram("blackbox_exporter");

export interface Blackbox {
  /** Asks for that many probes, each at its own moment of every second; what its clock added to the upstream's, in milliseconds. */
  probe(upstream: Upstream, perSecond: number, seconds: number, moments?: Moments): Promise<number[]>;
  cpuMs(): number;
  rssMiB(): number;
  end(): Promise<void>;
}

/** When in a second each of so many probes is asked for, as parts of it: as Prometheus would have it, by a hash of each target; or evenly. */
type Moments = (perSecond: number) => readonly number[];
const hashed: Moments = (perSecond) => [...Array(perSecond).keys()].map((at) => fraction(`a${at}`)).toSorted((a, b) => a - b);
export const evenly: Moments = (perSecond) => [...Array(perSecond).keys()].map((at) => at / perSecond);

const MODULES = `modules:
  http:
    prober: http
    timeout: 10s
    http: { preferred_ip_protocol: ip4, tls_config: { ca_file: ${JSON.stringify(certificate)} } }
`;

/** Undefined where it is not installed. */
export async function startBlackbox(): Promise<Blackbox | undefined> {
  if (BLACKBOX === undefined) return undefined;
  const config = join(folder, "blackbox.yml");
  writeFileSync(config, MODULES);
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const child = owned(spawn(BLACKBOX, [`--config.file=${config}`, `--web.listen-address=${address}`], { stdio: "ignore" }));
  await until(() => answers(`http://${address}/-/healthy`), "blackbox_exporter");
  const agent = new Agent({ keepAlive: true });
  const ask = (target: string): Promise<string> =>
    new Promise((done, failed) => {
      get(`http://${address}/probe?module=http&target=${encodeURIComponent(target)}`, { agent }, (response) => {
        let page = "";
        response.setEncoding("utf8").on("data", (chunk) => (page += chunk));
        response.on("end", () => done(page));
      }).on("error", failed);
    });
  let asked = 0;
  return {
    async probe(upstream, perSecond, seconds, moments = hashed) {
      const pages = await paced(moments(perSecond), seconds, async () => {
        const path = `/b${asked++}`;
        return { path, page: await ask(upstream.url + path) };
      });
      const visits = await upstream.visits();
      return pages.flatMap(({ path, page }) => {
        const visit = visits.get(path)?.[0];
        const took = Number(/^probe_duration_seconds (\S+)/m.exec(page)?.[1]) * 1000;
        return visit === undefined || !page.includes("probe_success 1") ? [] : [took - (visit.sent - visit.received)];
      });
    },
    cpuMs: () => cpuMs(child.pid ?? 0),
    rssMiB: () => rssMiB(child.pid ?? 0),
    end: () => end(child),
  };
}

/** Starts one at each of these moments of every second, and waits for all. */
async function paced<T>(moments: readonly number[], seconds: number, one: () => Promise<T>): Promise<T[]> {
  const due = [...Array(seconds).keys()].flatMap((second) => moments.map((moment) => (second + moment) * 1000));
  const started: Promise<T>[] = [];
  const begin = machineClock();
  for (const at of due) {
    const wait = begin + at - machineClock();
    if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    started.push(one());
  }
  return Promise.all(started);
}
