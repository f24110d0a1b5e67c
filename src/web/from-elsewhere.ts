import type { Ask } from "./route.ts";

/**
 * Whether a browser sends this on behalf of another site: any page could otherwise make its visitors reload the daemon or spend its money.
 * Programs such as curl and Prometheus send neither header and pass.
 */
export function fromElsewhere(ask: Ask): boolean {
  const site = ask.header("sec-fetch-site");
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  const origin = ask.header("origin");
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== ask.header("host");
}
