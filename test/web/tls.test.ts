/** Real handshakes with the server that a web config file makes. */
import { copyFileSync, renameSync, writeFileSync } from "node:fs";
import { Agent } from "node:https";
import { join } from "node:path";
import type { ConnectionOptions } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { namesIn } from "../../src/web/client-certificate.ts";
import { http2Get, makePki, type Pki, secureGet, serveSecure, shake } from "./secure.ts";
import { ask } from "./setup.ts";

let pki: Pki;
beforeAll(() => {
  pki = makePki();
});
afterAll(() => pki.remove());

const tls = (rest = ""): string => `tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n${rest}`;
const trust = (): ConnectionOptions => ({ ca: pki.authority.pem.cert });

test("over TLS the whole server is there, and plain HTTP is not", async () => {
  await using served = await serveSecure(pki, tls());
  expect(served.url).toMatch(/^https:/);
  for (const path of ["/", "/metrics", "/-/healthy", "/api/v1/targets", "/config"])
    expect((await secureGet(served.url + path, trust())).status).toBe(200);
  await expect(ask(served.url.replace("https", "http"))).rejects.toThrow();
  await expect(secureGet(served.url, {})).rejects.toThrow(/certificate/);
});

describe("client certificates", () => {
  /** What `/-/healthy` answers to: nobody, a friend of the CA, a stranger; 0 for a connection that was ended. */
  const CASES = [
    ["NoClientCert", "", [200, 200, 200]],
    ["RequestClientCert", "ca.crt", [200, 200, 200]],
    ["RequireAnyClientCert", "ca.crt", [0, 200, 200]],
    ["RequireClientCert", "", [0, 200, 200]],
    ["VerifyClientCertIfGiven", "ca.crt", [200, 200, 0]],
    ["RequireAndVerifyClientCert", "ca.crt", [0, 200, 0]],
  ] as const;

  test.each(
    CASES.flatMap(([type, ca, expected]) =>
      ["TLSv1.2" as const, "TLSv1.3" as const].map((version) => [type, version, ca, expected] as const),
    ),
  )("%s over %s", async (type, version, ca, expected) => {
    await using served = await serveSecure(pki, tls(`  client_auth_type: ${type}\n${ca === "" ? "" : `  client_ca_file: ${ca}\n`}`));
    const clients = [{}, pki.friend.pem, pki.stranger.pem];
    const answers = clients.map((client) =>
      secureGet(`${served.url}/-/healthy`, { ...trust(), ...client, minVersion: version, maxVersion: version }).then(
        ({ status }) => status,
        () => 0,
      ),
    );
    expect(await Promise.all(answers)).toEqual(expected);
  });

  test("over HTTP/2 whoever is refused hears nothing either, and the server goes on", async () => {
    await using served = await serveSecure(pki, tls("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"));
    for (let index = 0; index < 5; index += 1) await expect(http2Get(served.url, pki.authority.pem.cert, ["/metrics"])).rejects.toThrow();
    expect((await secureGet(`${served.url}/metrics`, { ...trust(), ...pki.friend.pem })).status).toBe(200);
  });

  test.each([
    ["a DNS name", "prometheus.example.net", true],
    ["an address", "10.0.0.7", true],
    ["a short IPv6 address", "fd00::7", true],
    ["an e-mail address", "ops@example.net", true],
    ["a URI", "spiffe://example/prom", true],
    ["another name", "grafana.example.net", false],
    ["part of a name", "example.net", false],
    ["the name with its kind", "DNS:prometheus.example.net", false],
  ])("allowed by %s", async (_, name, admitted) => {
    await using served = await serveSecure(
      pki,
      tls(`  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n  client_allowed_sans: ["${name}"]\n`),
    );
    const answer = secureGet(`${served.url}/metrics`, { ...trust(), ...pki.friend.pem });
    if (admitted) expect((await answer).status).toBe(200);
    else await expect(answer).rejects.toThrow();
    await expect(secureGet(`${served.url}/metrics`, { ...trust(), ...pki.stranger.pem })).rejects.toThrow();
  });

  test("a comma in a name does not make two of it", () => {
    expect(namesIn('DNS:"a.example, DNS:b.example", IP Address:FD00:0:0:0:0:0:0:7')).toEqual(["a.example, DNS:b.example", "fd00::7"]);
    expect(namesIn(undefined)).toEqual([]);
  });
});

describe("what is spoken", () => {
  test.each([
    ["", "TLSv1.3", "TLSv1.3"],
    ["", "TLSv1.2", "TLSv1.2"],
    ["", "TLSv1.1", undefined],
    ["  min_version: TLS13\n", "TLSv1.2", undefined],
    ["  min_version: TLS13\n", "TLSv1.3", "TLSv1.3"],
    ["  max_version: TLS12\n", "TLSv1.3", undefined],
    ["  max_version: TLS12\n", "TLSv1.2", "TLSv1.2"],
    ["  min_version: TLS10\n", "TLSv1.1", "TLSv1.1"],
    ["  min_version: TLS10\n", "TLSv1", "TLSv1"],
    ["  min_version: TLS10\n  max_version: TLS11\n", "TLSv1.2", undefined],
  ] as const)("%j to a client of %s", async (rest, version, spoken) => {
    await using served = await serveSecure(pki, tls(rest));
    const client = { ...trust(), minVersion: version, maxVersion: version, ciphers: "DEFAULT:@SECLEVEL=0" };
    if (spoken === undefined) await expect(shake(served.url, client)).rejects.toThrow();
    else expect((await shake(served.url, client)).protocol).toBe(spoken);
  });

  const TWO = "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]\n";
  const LONG_FIRST = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256";
  test.each([
    ["a suite of the list", TWO, "ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
    ["none of the list", TWO, "ECDHE-RSA-CHACHA20-POLY1305", undefined],
    ["the server's order", TWO, LONG_FIRST, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
    ["the client's order", `${TWO}  prefer_server_cipher_suites: false\n`, LONG_FIRST, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
    ["by default none without forward secrecy", "", "AES128-GCM-SHA256", undefined],
    [
      "static RSA when it is asked for",
      "  cipher_suites: [TLS_RSA_WITH_AES_128_GCM_SHA256]\n",
      "AES128-GCM-SHA256",
      "TLS_RSA_WITH_AES_128_GCM_SHA256",
    ],
  ] as const)("cipher suites: %s", async (_, rest, ciphers, spoken) => {
    await using served = await serveSecure(pki, tls(rest));
    const client = { ...trust(), maxVersion: "TLSv1.2" as const, ciphers };
    if (spoken === undefined) await expect(shake(served.url, client)).rejects.toThrow();
    else expect((await shake(served.url, client)).cipher).toBe(spoken);
  });

  test("TLS 1.3 stays, whatever suites are listed for older ones", async () => {
    await using served = await serveSecure(pki, tls(TWO));
    expect((await shake(served.url, trust())).protocol).toBe("TLSv1.3");
  });

  test.each([
    ["P-384", true],
    ["X25519", false],
  ])("curves: only CurveP384, to a client of %s", async (curve, spoken) => {
    await using served = await serveSecure(pki, tls("  curve_preferences: [CurveP384]\n"));
    const shaken = shake(served.url, { ...trust(), ecdhCurve: curve });
    if (spoken) expect((await shaken).protocol).toBe("TLSv1.3");
    else await expect(shaken).rejects.toThrow();
  });

  test("HTTP/2 and HTTP/1.1 on one port, each with the same headers and refusals", async () => {
    await using served = await serveSecure(pki, tls());
    expect((await shake(served.url, { ...trust(), ALPNProtocols: ["h2", "http/1.1"] })).alpn).toBe("h2");
    expect((await shake(served.url, { ...trust(), ALPNProtocols: ["http/1.1"] })).alpn).toBe("http/1.1");
    const [metrics, missing, probe] = await http2Get(served.url, pki.authority.pem.cert, ["/metrics", "/nothing", "/probe?target=kimi"]);
    expect([metrics?.status, missing?.status, probe?.status]).toEqual([200, 404, 200]);
    expect(metrics?.text).toBe("healthd_probe_success 1\n");
    expect(missing?.headers["content-security-policy"]).toContain("default-src 'none'");
    expect((await secureGet(`${served.url}/metrics`, trust())).text).toBe("healthd_probe_success 1\n");
    const [rebound] = await http2Get(served.url, pki.authority.pem.cert, ["/metrics"], { ":authority": "evil.example" });
    expect(rebound?.status).toBe(421);
  });

  test("without HTTP/2", async () => {
    await using served = await serveSecure(pki, `${tls()}http_server_config: { http2: false }\n`);
    expect((await shake(served.url, { ...trust(), ALPNProtocols: ["h2", "http/1.1"] })).alpn).toBe("http/1.1");
    expect((await secureGet(`${served.url}/metrics`, trust())).status).toBe(200);
  });
});

test("a new certificate is shown to new connections, and those that are open go on", async () => {
  const at = (file: string): string => join(pki.folder, file);
  pki.authority.issue("DNS:localhost,IP:127.0.0.1", "next");
  copyFileSync(at("server.crt"), at("current.crt"));
  copyFileSync(at("server.key"), at("current.key"));
  await using served = await serveSecure(pki, "tls_server_config: { cert_file: current.crt, key_file: current.key }\n");
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ...trust() });
  const before = await secureGet(`${served.url}/metrics`, { agent });
  const first = (await shake(served.url, trust())).serial;

  // Half of the change: the pair does not fit, and the one before is shown.
  copyFileSync(at("next.crt"), at("new"));
  renameSync(at("new"), at("current.crt"));
  expect((await shake(served.url, trust())).serial).toBe(first);
  expect(served.readings).toEqual([false]);

  copyFileSync(at("next.key"), at("new"));
  renameSync(at("new"), at("current.key"));
  const second = (await shake(served.url, trust())).serial;
  expect(second).not.toBe(first);
  expect(served.readings).toEqual([false, true]);
  const after = await secureGet(`${served.url}/metrics`, { agent });
  expect(after.status).toBe(200);
  expect(after.socket).toBe(before.socket);
  agent.destroy();
});

test("a client CA that is withdrawn lets nobody in any more, not even by a resumed session", async () => {
  const ca = join(pki.folder, "clients.crt");
  writeFileSync(ca, pki.authority.pem.cert);
  await using served = await serveSecure(pki, tls("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.crt\n"));
  const friend = { ...trust(), ...pki.friend.pem, maxVersion: "TLSv1.2" as const };
  const first = await secureGet(`${served.url}/metrics`, friend);
  const session = first.socket.getSession();
  expect((await secureGet(`${served.url}/metrics`, { ...friend, ...(session === undefined ? {} : { session }) })).status).toBe(200);
  writeFileSync(ca, pki.stranger.pem.cert);
  await expect(secureGet(`${served.url}/metrics`, { ...friend, ...(session === undefined ? {} : { session }) })).rejects.toThrow();
  await expect(secureGet(`${served.url}/metrics`, friend)).rejects.toThrow();
});

test("TLS that is taken out of the file stays as it was until the next start: nobody comes in meanwhile", async () => {
  await using served = await serveSecure(pki, tls("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"));
  const stranger = () => secureGet(`${served.url}/metrics`, { ...trust(), ...pki.stranger.pem });
  await expect(stranger()).rejects.toThrow();
  served.write("");
  await expect(stranger()).rejects.toThrow();
  expect(served.readings).toEqual([true]);
  expect((await secureGet(`${served.url}/metrics`, { ...trust(), ...pki.friend.pem })).status).toBe(200);
});

test("a client certificate that is asked for too late to be shown keeps everybody out", async () => {
  await using served = await serveSecure(pki, tls());
  expect((await secureGet(`${served.url}/metrics`, trust())).status).toBe(200);
  served.write(tls("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"));
  await expect(secureGet(`${served.url}/metrics`, { ...trust(), ...pki.stranger.pem })).rejects.toThrow();
  await expect(secureGet(`${served.url}/metrics`, trust())).rejects.toThrow();
});
