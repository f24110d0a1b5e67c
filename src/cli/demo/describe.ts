/** What a person needs to know of a running simulator. */
import { faultNames, faultTable, isFaultName, type Simulator } from "../../simulator/index.ts";
import { type Io, paint } from "../io.ts";

/** False after the complaint about a name that is none was printed. */
export function areFaults(names: readonly string[], io: Io): boolean {
  const unknown = names.filter((name) => !isFaultName(name));
  if (unknown.length === 0) return true;
  const known = faultNames.map((name) => `  ${name.padEnd(24)} ${faultTable[name].description}`);
  io.err(`No fault is called ${unknown.join(", ")}. There are:\n${known.join("\n")}\n`);
  return false;
}

export function switchOn(simulator: Simulator, names: readonly string[]): void {
  for (const name of names) if (isFaultName(name)) simulator.faults.on(name);
}

export function describeSimulator({ url, openrouterUrl, s3Url, appUrl, credentials }: Simulator, io: Io): string {
  const line = (name: string, value: string): string => `  ${paint(io, "dim", name.padEnd(12))} ${value}\n`;
  return [
    `${paint(io, "bold", "Simulator")}\n`,
    line("OpenRouter", openrouterUrl),
    line("API key", credentials.apiKey),
    line("S3", `${s3Url}  bucket ${credentials.bucket}  region ${credentials.region}`),
    line("S3 key", `${credentials.accessKeyId} / ${credentials.secretAccessKey}`),
    line("application", appUrl),
    `\n${paint(io, "bold", "Break something")}\n`,
    `  curl -X PUT    ${url}/_simulator/faults/key      ${paint(io, "dim", "the key is revoked: 401")}\n`,
    `  curl -X PUT    ${url}/_simulator/faults/model    ${paint(io, "dim", "a model leaves the catalogue: 400")}\n`,
    `  curl -X PUT    ${url}/_simulator/faults/storage  ${paint(io, "dim", "the bucket fails, and the app with it: 503")}\n`,
    `  curl -X DELETE ${url}/_simulator/faults          ${paint(io, "dim", "all is well again")}\n`,
    `  curl           ${url}/_simulator                 ${paint(io, "dim", "every fault there is")}\n`,
  ].join("");
}
