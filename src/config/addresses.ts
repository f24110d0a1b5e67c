/** The addresses a config holds: URLs, an API's base URL, the address to listen on. */
import type { Problem } from "./issue.ts";
import { reading } from "./pieces.ts";

function parseUrl(text: string): URL | Problem {
  const address = URL.canParse(text) ? new URL(text) : undefined;
  if (address === undefined || !/^https?:$/.test(address.protocol) || /\s/.test(text)) {
    const bare = /^[\w.-]+(:\d+)?(\/\S*)?$/.test(text);
    return { fix: bare ? "put https:// (or http://) before it" : "write a whole URL that begins with https:// or http://" };
  }
  if (address.username === "" && address.password === "") return address;
  return {
    found: "a URL with a user name or password in it",
    expected: "a URL without credentials",
    fix: "remove the part before @, and send credentials with headers",
  };
}

/** An absolute http(s) URL without credentials in it. */
export const url = reading((text) => {
  const address = parseUrl(text);
  return address instanceof URL ? text : address;
}).meta({ title: "an http(s) URL", examples: ["https://app.example.net/health"] });

const PROXY = "the URL of an HTTP proxy, http://HOST:PORT or https://HOST:PORT, with USER:PASSWORD@ before the host where it asks for them";

/** A proxy's address; other programs also take `HOST:PORT` alone for one. */
export function parseProxy(text: string): string | Problem {
  const whole = /^[\w.-]+(:\d+)?\/?$/.test(text) ? `http://${text}` : text;
  const address = URL.canParse(whole) ? new URL(whole) : undefined;
  const fits =
    address !== undefined && /^https?:$/.test(address.protocol) && address.pathname === "/" && !/%(?![0-9a-f]{2})|[?#]/i.test(text);
  return fits ? address.href : { expected: PROXY, fix: "write it so" };
}

export const proxyUrl = reading(parseProxy).meta({
  title: "a proxy's URL",
  examples: ["http://proxy.example.net:3128"],
  writeOnly: true,
});

/** Where the API's paths start at hosts we know: regional openrouter.ai hosts too (openrouter-api, head). */
const ROOTS: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\.)openrouter\.ai$/, "/api/v1"],
  [/^api\.openai\.com$/, "/v1"],
];
const ENDPOINT = /\/(?:chat\/completions|completions|models|key|credits)$/;

/** The base URL of an OpenAI-compatible API; a trailing slash goes. */
export const baseUrl = reading((text) => {
  const address = parseUrl(text);
  if (!(address instanceof URL)) return address;
  const path = address.pathname.replace(/\/+$/, "");
  const right = ROOTS.find(([host]) => host.test(address.hostname))?.[1] ?? path.replace(ENDPOINT, "");
  if (path === right && address.search === "" && address.hash === "") return address.origin + path;
  return { expected: "the URL under which the API's paths begin", fix: `write ${address.origin}${right}` };
}).meta({ title: "an API's base URL", examples: ["https://openrouter.ai/api/v1"] });

export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** `HOST:PORT` or `[IPv6]:PORT`; undefined when it is neither. Port 0 lets the system choose. */
export function parseListen(text: string): Listen | undefined {
  const parts = /^(?:\[(?<six>[0-9a-fA-F:.]+)\]|(?<host>[A-Za-z0-9.-]+)):(?<port>\d{1,5})$/.exec(text)?.groups;
  const port = Number(parts?.port);
  const host = parts?.six ?? parts?.host;
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

const PROPOSAL = "write a host and a port: 127.0.0.1:10556, or 0.0.0.0:10556 for all interfaces";

export const listen = reading((text) => parseListen(text) ?? { fix: PROPOSAL }).meta({
  title: "HOST:PORT",
  examples: ["127.0.0.1:10556"],
});

/** Of a URL only the host, without a port. */
export const hostName = reading((text) => {
  if (/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i.test(text)) return text.toLowerCase().replace(/\.$/, "");
  return { fix: "write the name alone, without https:// and without a port" };
}).meta({ title: "a host name", examples: ["health.example.net"] });
