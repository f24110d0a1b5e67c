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
  /** Asks for that many probes, at the same moments of each second as the daemon; what its clock added to the upstream's, in milliseconds. */
  probe(upstream: Upstream, perSecond: number, seconds: number): Promise<number[]>;
  cpuMs(): number;
  rssMiB(): number;
  end(): Promise<void>;
}

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
    async probe(upstream, perSecond, seconds) {
      const pages = await paced(perSecond, seconds, async () => {
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

/** Starts each at the moment of a second at which the daemon starts the same target's probe, and waits for all. */
async function paced<T>(perSecond: number, seconds: number, one: () => Promise<T>): Promise<T[]> {
  const phases = [...Array(perSecond).keys()].map((at) => fraction(`a${at}`)).toSorted((a, b) => a - b);
  const due = [...Array(seconds).keys()].flatMap((second) => phases.map((phase) => (second + phase) * 1000));
  const started: Promise<T>[] = [];
  const begin = machineClock();
  for (const at of due) {
    const wait = begin + at - machineClock();
    if (wait > 0) await new Promise((done) => setTimeout(done, wait));
    started.push(one());
  }
  return Promise.all(started);
}
