/** Keeps a web config in step with its files. They are looked at when somebody comes, not by a timer: what is read is never older than the request. */
import { statSync } from "node:fs";
import type { Log } from "../../base/log.ts";
import type { ConfigIssue } from "../../config/config.ts";
import { formatIssue } from "../../config/issue.ts";
import { type LoadedWebConfig, loadWebConfig } from "./load.ts";
import type { WebConfig } from "./web-config.ts";

export interface FollowOptions {
  readonly file: string;
  readonly log: Log;
  /** Told after each reading: whether what stands in the files is in force. */
  onRead(inForce: boolean): void;
}

export type Followed =
  | { readonly ok: true; readonly current: () => WebConfig }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

/** Differs when any of the files was written, replaced, made or removed. Why one cannot be looked at, reading will say. */
function stampOf(files: readonly string[]): string {
  const parts = files.map((file) => {
    try {
      const { ino, mtimeNs, ctimeNs, size } = statSync(file, { bigint: true });
      return `${ino}.${mtimeNs}.${ctimeNs}.${size}`;
    } catch {
      return "none";
    }
  });
  return parts.join(" ");
}

/** What a server that is running cannot change. */
const fixed = ({ tls, http2, rateLimit }: WebConfig): Readonly<Record<string, string>> => ({
  "whether there is TLS": String(tls !== undefined),
  "whether clients are asked for a certificate": String(tls !== undefined && tls.clientAuth !== "NoClientCert"),
  http2: String(http2),
  rate_limit: JSON.stringify(rateLimit ?? null),
});

function waitingForRestart(atStart: WebConfig, now: WebConfig): string[] {
  const before = fixed(atStart);
  return Object.entries(fixed(now)).flatMap(([name, value]) => (value === before[name] ? [] : [name]));
}

/** The first reading must succeed; a later one that does not leaves the config before it in force, and is told once. */
export function followWebConfig({ file, log, onRead }: FollowOptions): Followed {
  let watched: readonly string[] = [file];
  let stamp = "";
  const read = (): LoadedWebConfig => {
    // Looked at before they are read: what changes meanwhile is read next time.
    stamp = stampOf(watched);
    const loaded = loadWebConfig(file);
    if (loaded.files.join() === watched.join()) return loaded;
    watched = loaded.files;
    stamp = stampOf(watched);
    return loadWebConfig(file);
  };
  const first = read();
  if (!first.ok) return first;
  for (const warning of first.warnings) log.warn(formatIssue(warning));
  let inForce = first.config;
  const renew = (): void => {
    const loaded = read();
    onRead(loaded.ok);
    if (!loaded.ok) {
      log.error({ issues: loaded.issues.map(formatIssue) }, "the new web config is wrong; the one before stays in force");
      return;
    }
    inForce = loaded.config;
    const waits = waitingForRestart(first.config, inForce);
    if (waits.length > 0) log.warn({ waits }, `${waits.join(", ")}: changed, and takes effect at the next start`);
    log.info({ files: loaded.files }, "web config read again");
  };
  return {
    ok: true,
    current() {
      if (stampOf(watched) !== stamp) renew();
      return inForce;
    },
  };
}
