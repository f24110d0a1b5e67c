import { expect, test } from "vitest";
import { proxyFor } from "../../src/clients/http/route.ts";

const both = { http: "http://plain.example:3128", https: "http://tunnel.example:3128" };
const through = (url: string, except: readonly string[] = []): string | undefined => proxyFor(new URL(url), { ...both, except })?.hostname;

test("each scheme has its proxy, and without one the way is straight", () => {
  expect([through("http://a.example/"), through("https://a.example/")]).toEqual(["plain.example", "tunnel.example"]);
  expect(proxyFor(new URL("https://a.example/"), { http: both.http, except: [] })).toBeUndefined();
  expect(proxyFor(new URL("https://a.example/"), undefined)).toBeUndefined();
});

test.each(["https://localhost/", "http://127.0.0.1:8080/", "http://127.9.9.9/", "http://[::1]/"])("%s is this machine: no proxy", (url) => {
  expect(through(url)).toBeUndefined();
});

test.each([
  ["*", "https://a.example/"],
  ["a.example", "https://a.example/"],
  ["A.Example", "https://a.example/"],
  ["example", "https://a.example/"],
  [".example", "https://a.example/"],
  ["*.example", "https://deep.a.example/"],
  ["a.example:8443", "https://a.example:8443/"],
  ["10.1.2.3", "http://10.1.2.3/"],
  ["10.0.0.0/8", "http://10.200.0.1/"],
  ["fd00::/8", "http://[fd12::1]/"],
  ["fd12::1", "http://[fd12::1]/"],
])("no_proxy %s excepts %s", (entry, url) => expect(through(url, ["other.example", entry])).toBeUndefined());

test.each([
  ["ample", "https://a.example/"],
  ["b.example", "https://a.example/"],
  ["a.example:8443", "https://a.example/"],
  ["10.0.0.0/8", "http://11.0.0.1/"],
  ["10.0.0.0/99", "http://10.0.0.1/"],
  ["10.0.0.0/8", "http://[fd12::1]/"],
  ["0.0.1", "http://10.0.0.1/"],
  [".", "https://a.example/"],
])("no_proxy %s does not except %s", (entry, url) => expect(through(url, [entry])).toBeDefined());
