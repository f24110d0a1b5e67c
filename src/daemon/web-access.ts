/** Opens the web config that the daemon serves under, and knows whether what stands in its files is in force. */
import type { Log } from "../base/log.ts";
import { formatIssue } from "../config/issue.ts";
import { followWebConfig } from "../web/web-config/follow.ts";
import type { WebConfig } from "../web/web-config/web-config.ts";

export interface WebAccess {
  /** Undefined without a file. */
  readonly webConfig?: () => WebConfig;
  inForce(): boolean;
}

export type OpenedWebAccess = (WebAccess & { readonly ok: true }) | { readonly ok: false; readonly why: string };

export function openWebAccess(file: string | undefined, log: Log): OpenedWebAccess {
  if (file === undefined) return { ok: true, inForce: () => true };
  let inForce = true;
  const onRead = (ok: boolean): void => {
    inForce = ok;
  };
  const followed = followWebConfig({ file, log, onRead });
  if (followed.ok) return { ok: true, webConfig: followed.current, inForce: () => inForce };
  return { ok: false, why: [...followed.issues.map(formatIssue), "Nothing was started: the web config is wrong."].join("\n") };
}
