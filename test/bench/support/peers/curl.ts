/** curl at its best: one process for all the probes it keeps up with. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findProgram } from "../../../support/programs.ts";
import { certificate } from "../scratch.ts";
import type { Upstream, Visit } from "../upstream.ts";

export const CURL = findProgram("curl");

// More than this one curl does not keep up with, one probe after the other.
const CURL_PER_SECOND = 10;

/** As blackbox.probe; undefined where curl is not installed. */
export async function curl(upstream: Upstream, perSecond: number, seconds: number): Promise<number[] | undefined> {
  if (CURL === undefined) return undefined;
  const program = CURL;
  const each = Math.min(perSecond, CURL_PER_SECOND);
  const lines = await Promise.all(
    [...Array(Math.ceil(perSecond / each)).keys()].map(async (worker) => {
      const urls = `${upstream.url}/c${worker}_[1-${each * seconds}]`;
      const format = "%{url_effective} %{time_total} %{http_code}\n";
      const fresh = ["--header", "connection: close", "--no-sessionid", "--cacert", certificate];
      const args = ["--silent", ...fresh, "--rate", `${each}/s`, "--output", "/dev/null", "--write-out", format, urls];
      return (await promisify(execFile)(program, args)).stdout.split("\n");
    }),
  );
  const visits = await upstream.visits();
  return lines.flat().flatMap((line) => curlAdded(line, visits));
}

function curlAdded(line: string, visits: ReadonlyMap<string, readonly Visit[]>): number[] {
  const [url, took, code] = line.split(" ");
  const visit = url === undefined || url === "" ? undefined : visits.get(new URL(url).pathname)?.[0];
  return visit === undefined || code !== "200" ? [] : [Number(took) * 1000 - (visit.sent - visit.received)];
}
