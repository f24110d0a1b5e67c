import { expect, test } from "vitest";
import { configOf, issuesOf, KEY, load, warningsOf } from "./loading.ts";

const env = { KEY: "sk-or-v1-0123456789abcdef" };
const proxies = (more: Record<string, string>, text = KEY) => configOf(load({ text, env: { ...env, ...more } })).proxy;

test("without any, there is none", () => expect(proxies({})).toEqual({ except: [] }));

test("the environment's proxies are taken as they stand, the lower-case name first, the bare host too", () => {
  expect(proxies({ HTTPS_PROXY: "http://a.example:3128", HTTP_PROXY: "b.example:8080", NO_PROXY: "x.example, 10.0.0.0/8" })).toEqual({
    https: "http://a.example:3128/",
    http: "http://b.example:8080/",
    except: ["x.example", "10.0.0.0/8"],
  });
  expect(proxies({ HTTPS_PROXY: "http://a.example", https_proxy: "http://c.example" }).https).toBe("http://c.example/");
});

test("what the config says wins", () => {
  const text = `${KEY}\nproxy: { https: "http://mine.example:1", except: [] }\n`;
  expect(proxies({ HTTPS_PROXY: "http://a.example", NO_PROXY: "*" }, text)).toEqual({ https: "http://mine.example:1/", except: [] });
});

test.each(["socks5://a.example:1080", "http://a.example/path", "nonsense here", "http://u:%zz@a.example"])("%s is no proxy", (value) => {
  const told = issuesOf(load({ text: KEY, env: { ...env, HTTPS_PROXY: value } }));
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^environment {2}HTTPS_PROXY {2}found .*expected the URL of an HTTP proxy.*unset it/);
  expect(told[0]).not.toContain(value);
});

test("a proxy's password is a secret, alone and with its user; an address without one is none", () => {
  const secrets = configOf(load({ text: KEY, env: { ...env, HTTPS_PROXY: "http://bob:p%40ssw0rd@a.example:3128" } })).secrets;
  expect(secrets).toEqual(expect.arrayContaining(["p@ssw0rd", "p%40ssw0rd", "bob:p@ssw0rd"]));
  const open = load({ text: `apps: { a: { url: "https://a.example/" } }\nproxy: { https: "http://p.example:3128" }`, env: {} });
  expect(configOf(open).secrets).toEqual([]);
  expect(warningsOf(open)).toEqual([]);
  const literal = load({
    text: `apps: { a: { url: "https://a.example/" } }\nproxy: { https: "http://u:hunter22@p.example:3128" }`,
    env: {},
  });
  expect(warningsOf(literal).map(({ path }) => path)).toEqual(["proxy.https"]);
});
