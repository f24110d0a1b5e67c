/** The built program in a process of its own, as a user starts it. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../support/programs.ts";
import { FLAGS, installed, MALLOC } from "./installed.ts";
import { end, folder, owned, rssMiB } from "./scratch.ts";

export interface Program {
  /** `/metrics`; empty while nobody answers. */
  page(): Promise<string>;
  rssMiB(): number;
  end(): Promise<void>;
}

let started = 0;

/** Does not wait until it answers. */
export async function startProgram(yaml: string): Promise<Program> {
  const config = join(folder, `program-${started++}.yaml`);
  writeFileSync(config, yaml, { mode: 0o600 });
  const port = await freePort();
  const args = [...FLAGS, "--", installed(), "run", "--config", config, "--listen", `127.0.0.1:${port}`, "--log-format", "json"];
  const child = owned(spawn(process.execPath, args, { stdio: "ignore", env: { ...process.env, ...MALLOC } }));
  return {
    page: () =>
      fetch(`http://127.0.0.1:${port}/metrics`).then(
        (answer) => answer.text(),
        () => "",
      ),
    rssMiB: () => rssMiB(child.pid ?? 0),
    end: () => end(child),
  };
}

/** A config's line: history in a file of its own. */
export const historyFile = (name: string): string => `history: { path: "${join(folder, `${name}.db`)}" }\n`;

export const seriesIn = (page: string): number => page.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
/** How many probes ended well. */
export const probesIn = (page: string): number =>
  [...page.matchAll(/^healthd_probes_total\{.*verdict="up"\} (\d+)$/gm)].reduce((all, [, one]) => all + Number(one), 0);
