/** The way to a host: straight, or through the proxy that is meant for it. */
import type { RequestOptions } from "node:http";
import { BlockList, connect, isIP, type LookupFunction, type OnReadOpts, type Socket, type TcpNetConnectOpts } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { Agent as HttpAgent } from "../../base/http.ts";
import { connectTrusted } from "./trust.ts";
import { createTunnelAgent, type TunnelOptions } from "./tunnel.ts";

/** URLs of proxies, for requests to http and to https. */
export interface Proxies {
  readonly http?: string;
  readonly https?: string;
  /** Hosts that are reached straight: names with all below them, addresses, networks (10.0.0.0/8), `host:port`, `*`. */
  readonly except: readonly string[];
}

export interface Route {
  readonly proxies?: Proxies;
  /** In place of the system's: how tests make DNS fail. */
  readonly lookup?: LookupFunction;
}

/** One request's way. */
export interface Way {
  /** What Node's request needs to take it. */
  readonly native: RequestOptions;
  readonly proxy?: URL;
}

type Connect = NonNullable<RequestOptions["createConnection"]>;

// What comes is read into one place for all connections and handed on at once (Node's parser copies what it passes on): Node would make a
// buffer of 64 KiB for each read and send it through its streams.
const inbox = Buffer.allocUnsafeSlow(64 * 1024);
const readBy = (socket: () => Socket): OnReadOpts => ({
  buffer: inbox,
  callback: (bytes) => socket().emit("data", inbox.subarray(0, bytes)),
});

const plain: Connect = (options) => {
  const socket: Socket = connect({ ...(options as TcpNetConnectOpts), noDelay: true, onread: readBy(() => socket) });
  // Once the answer is whole Node half-closes and waits for that, a call and two events more. (Over TLS that is its last word, and stays.)
  socket.destroySoon = () => void socket.destroy();
  return socket;
};
const secured: Connect = (options) => {
  const { host } = options;
  const name = typeof host === "string" && isIP(host) === 0 ? { servername: host } : {};
  const socket: Socket = connectTrusted({ ...(options as ConnectionOptions), ...name, onread: readBy(() => socket) });
  return socket;
};

/** A probe must see what a new client sees: no kept connection, no resumed TLS session. So there is nothing for an agent to do. */
const straight = (url: URL): RequestOptions => ({ createConnection: url.protocol === "https:" ? secured : plain });

const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");

/** Made for the first proxy: the class alone is ten milliseconds of a start. */
let loopback: BlockList | undefined;

function isLoopback(address: string): boolean {
  if (loopback === undefined) {
    loopback = new BlockList();
    loopback.addSubnet("127.0.0.0", 8, "ipv4");
    loopback.addAddress("::1", "ipv6");
  }
  return isIP(address) !== 0 && loopback.check(address, familyOf(address));
}

function inNetwork(address: string, network: string): boolean {
  const [start = "", bits = ""] = network.split("/");
  const most = isIP(start) === 6 ? 128 : 32;
  if (isIP(address) === 0 || isIP(start) !== isIP(address) || !/^\d+$/.test(bits) || Number(bits) > most) return false;
  const list = new BlockList();
  list.addSubnet(start, Number(bits), familyOf(start));
  return list.check(address, familyOf(address));
}

/** A URL's host without the brackets of an IPv6 address. */
export const bareHost = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "");

/** What curl and Go make of NO_PROXY: a name stands for all below it too, with or without a dot before it. */
function excepts(entry: string, url: URL): boolean {
  const host = bareHost(url);
  const bare = entry.trim().toLowerCase();
  if (bare === "*" || bare === url.host || bare === host || inNetwork(host, bare)) return true;
  const name = bare.replace(/^\*?\./, "");
  return name !== "" && isIP(host) === 0 && (host === name || host.endsWith(`.${name}`));
}

/** The proxy between here and the URL; undefined where the way is straight. This machine itself is never reached through one, as in Go. */
export function proxyFor(url: URL, proxies: Proxies | undefined): URL | undefined {
  const proxy = url.protocol === "https:" ? proxies?.https : proxies?.http;
  if (proxies === undefined || proxy === undefined) return undefined;
  const host = bareHost(url);
  const here = host === "localhost" || isLoopback(host);
  return here || proxies.except.some((entry) => excepts(entry, url)) ? undefined : new URL(proxy);
}

/** The agent holds this one request's connections and no others: they end with it. */
export function wayTo(url: URL, { proxies, lookup }: Route, tunnel: Omit<TunnelOptions, "proxy">): Way {
  const proxy = proxyFor(url, proxies);
  const resolving = lookup === undefined ? {} : { lookup };
  if (proxy === undefined) return { native: { ...straight(url), ...resolving } };
  // To an http URL Node itself speaks proxy: the whole URL in the request line.
  const agent =
    url.protocol === "https:"
      ? createTunnelAgent({ proxy, ...tunnel })
      : new HttpAgent({ keepAlive: false, proxyEnv: { HTTP_PROXY: proxy.href } });
  return { native: { agent, ...resolving }, proxy };
}
