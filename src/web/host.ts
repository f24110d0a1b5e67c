/** Under which names the server may be asked for: a page elsewhere can give its own name our address (DNS rebinding), but not change the Host it sends. */
import { isIP } from "node:net";

const V4_IN_V6 = /^::ffff:/;

export function isLoopback(host: string): boolean {
  const address = host.toLowerCase().replace(V4_IN_V6, "");
  return address === "localhost" || address === "::1" || (isIP(address) === 4 && address.startsWith("127."));
}

/** Of `name:port` or `[IPv6]:port` the host, in lower case and without a final dot. */
function nameOf(header: string): string {
  const [, six, name = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header) ?? [];
  return (six ?? name).toLowerCase().replace(/\.$/, "");
}

/**
 * Whether a Host header is one of ours. An address cannot be rebound, and without the header (HTTP/1.0) it is no browser.
 * Names are `hosts`, and localhost; with none configured, a server beyond loopback cannot know its own.
 */
export function isOurs(header: string | undefined, listening: string, hosts: readonly string[]): boolean {
  if (header === undefined || (hosts.length === 0 && !isLoopback(listening))) return true;
  const name = nameOf(header);
  return isIP(name) !== 0 || name === "localhost" || name.endsWith(".localhost") || hosts.includes(name);
}
