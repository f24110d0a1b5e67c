/** cloudprober, built where there is a Go toolchain: a process for each asking, for its targets stand in its config. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, freePort } from "../../../support/programs.ts";
import { ROOT } from "../installed.ts";
import { certificate, cpuMs, end, folder, owned } from "../scratch.ts";
import { machineClock, sleep } from "../stats.ts";
import type { Upstream } from "../upstream.ts";

const VERSION = "0.14.0";
const MODULE = "github.com/cloudprober/cloudprober";

export interface Asked {
  /** What its clock added to the upstream's, in milliseconds. */
  readonly addedMs: readonly number[];
  /** CPU of its whole process while it probed, for each probe that ended well, in milliseconds. */
  readonly cpuMs: number;
}

/** `perSecond` targets, each probed every second. */
export type Cloudprober = (upstream: Upstream, perSecond: number, seconds: number) => Promise<Asked>;

/** Its first targets begin with it, the last a second later. */
const SETTLE_SECONDS = 2;

/** Undefined without Go, or where its sources cannot be had. */
export function findCloudprober(): Cloudprober | undefined {
  const program = findProgram("cloudprober") ?? build();
  return program === undefined ? undefined : (upstream, perSecond, seconds) => ask(program, upstream, perSecond, seconds);
}

export const cloudproberVersion = (): string | undefined => (findProgram("cloudprober") === undefined ? undefined : VERSION);

/** In a module of its own, which needs nothing but that one version; takes minutes. */
function build(): string | undefined {
  const go = findProgram("go");
  if (go === undefined) return undefined;
  process.stderr.write(`building cloudprober ${VERSION}\n`);
  const cwd = join(folder, "cloudprober");
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, "go.mod"), `module peer\n\ngo 1.24\n\nrequire ${MODULE} v${VERSION}\n`);
  const file = join(ROOT, ".cache/bin/cloudprober");
  try {
    execFileSync(go, ["build", "-mod=mod", "-o", file, `${MODULE}/cmd/cloudprober`], { cwd, stdio: ["ignore", "ignore", "pipe"] });
    return file;
  } catch (error) {
    process.stderr.write(`it cannot be built here: ${String(error)}\n`);
    return undefined;
  }
}

/** It spreads its targets evenly, and tells each probe's time in microseconds, summed up by target. */
const config = (upstream: Upstream, perSecond: number, port: number, output: string): string => `host: "127.0.0.1"
port: ${port}
disable_jitter: true
surfacer { type: FILE file_surfacer { file_path: "${output}" } }
probe {
  name: "bench" type: HTTP
  interval: "1s" timeout: "900ms" latency_unit: "us" stats_export_interval_msec: 1000
  targets {
${[...Array(perSecond).keys()].map((at) => `    endpoint { name: "k${at}" url: "${upstream.url}/k${at}" }\n`).join("")}  }
  http_probe { interval_between_targets_msec: ${1000 / perSecond} tls_config { ca_cert_file: "${certificate}" } }
}
`;

let asked = 0;

async function ask(program: string, upstream: Upstream, perSecond: number, seconds: number): Promise<Asked> {
  const file = join(folder, `cloudprober-${asked++}`);
  writeFileSync(`${file}.cfg`, config(upstream, perSecond, await freePort(), `${file}.txt`));
  // It asks no cloud where it is.
  const alone = ["-cloud_metadata", "none", "-disable_cloud_logging", "-stop_time", "100ms"];
  const child = owned(spawn(program, ["-config_file", `${file}.cfg`, ...alone], { stdio: "ignore" }));
  await sleep(SETTLE_SECONDS * 1000);
  const from = machineClock();
  const before = cpuMs(child.pid ?? 0);
  await sleep(seconds * 1000);
  const used = cpuMs(child.pid ?? 0) - before;
  const to = machineClock();
  // So that the last of them are written.
  await sleep(1100);
  await end(child);
  const visits = await upstream.visits();
  const addedMs = [...latencies(readFileSync(`${file}.txt`, "utf8"))].flatMap(([path, some]) => {
    const seen = visits.get(path) ?? [];
    return some.flatMap((took, at) => {
      const visit = seen[at];
      return visit === undefined || visit.received < from || visit.received > to ? [] : [took - (visit.sent - visit.received)];
    });
  });
  return { addedMs, cpuMs: used / addedMs.length };
}

/** Of each path every probe's time in milliseconds, in order; of one that failed, none of the path's, for then it is not told whose is whose. */
function latencies(lines: string): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  const sums = new Map<string, number>();
  for (const [, name = "", total, success, latency] of lines.matchAll(/dst=(k\d+)\S* total=(\d+) success=(\d+) latency=(\S+)/g)) {
    const own = found.get(`/${name}`) ?? [];
    found.set(`/${name}`, own);
    const sum = Number(latency);
    if (total !== success || Number(total) !== own.length + 1) own.push(Number.NaN);
    else own.push((sum - (sums.get(name) ?? 0)) / 1000);
    sums.set(name, sum);
  }
  return new Map([...found].filter(([, some]) => !some.some(Number.isNaN)));
}
