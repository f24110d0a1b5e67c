/** Debian's Prometheus scrapes the daemon as config/web.yaml has it: TLS, a client certificate, a password; and sees a certificate's end arrive. */
import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { copyFileSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { hashSync } from "@node-rs/bcrypt";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { type Authority, certificateFolder, makeAuthority, type Pair } from "../support/pki.ts";
import { answers, findProgram, freePort, missing, type Program, startProgram, until } from "../support/programs.ts";
import { configFor } from "../support/world.ts";
import { type Healthd, killLeftovers, startHealthd } from "./healthd.ts";

const YAML = `credentials:
  openrouter: { api_key: $KEY, base_url: "$API", every: 2s, timeout: 2s, catalog: { every: 2s, timeout: 2s } }
apps:
  secure: { url: "https://localhost:PORT/", every: 2s, timeout: 2s }
`;
const PASSWORD = "correct-horse-battery";

const why = missing("prometheus", "promtool");

describe.skipIf(why !== undefined)(`Prometheus over TLS${why === undefined ? "" : `: ${why}`}`, () => {
  const { path: folder, remove } = certificateFolder();
  const at = (file: string): string => join(folder, file);
  let authority: Authority;
  let app: Pair;
  let site: Server;
  let simulator: Simulator;
  let healthd: Healthd;
  let prometheus: Program;
  let server: string;

  const scrapeConfig = (target: string): string => `global: { scrape_interval: 1s, scrape_timeout: 1s }
scrape_configs:
  - job_name: friend
    scheme: https
    basic_auth: { username: prometheus, password: ${PASSWORD} }
    tls_config: { ca_file: ca.crt, cert_file: friend.crt, key_file: friend.key, server_name: localhost }
    static_configs: [{ targets: ["${target}"] }]
  - job_name: without_password
    scheme: https
    tls_config: { ca_file: ca.crt, cert_file: friend.crt, key_file: friend.key, server_name: localhost }
    static_configs: [{ targets: ["${target}"] }]
  - job_name: without_certificate
    scheme: https
    basic_auth: { username: prometheus, password: ${PASSWORD} }
    tls_config: { ca_file: ca.crt, server_name: localhost }
    static_configs: [{ targets: ["${target}"] }]
  - job_name: of_another_name
    scheme: https
    basic_auth: { username: prometheus, password: ${PASSWORD} }
    tls_config: { ca_file: ca.crt, cert_file: other.crt, key_file: other.key, server_name: localhost }
    static_configs: [{ targets: ["${target}"] }]
`;

  function writeWebConfig(): void {
    const example = readFileSync(join(import.meta.dirname, "../../config/web.yaml"), "utf8");
    const own = example.replace(/prometheus: \$2y\$.*/, `prometheus: ${hashSync(PASSWORD, 6)}`).replaceAll("server.", "current.");
    writeFileSync(at("web.yaml"), own, { mode: 0o600 });
  }

  beforeAll(async () => {
    authority = makeAuthority(folder, "ca");
    for (const name of ["server", "next"]) authority.issue("DNS:localhost,IP:127.0.0.1", name);
    authority.issue("DNS:prometheus.example.net", "friend");
    authority.issue("DNS:elsewhere.example.net", "other");
    app = authority.issue("DNS:localhost", "app");
    copyFileSync(at("ca.crt"), at("client-ca.crt"));
    copyFileSync(at("server.crt"), at("current.crt"));
    copyFileSync(at("server.key"), at("current.key"));
    writeWebConfig();
    site = createServer(app.pem, (_, response) => response.end("secure"));
    await new Promise<void>((done) => site.listen(0, "127.0.0.1", () => done()));
    simulator = await startSimulator({ freeRequestsPerMinute: null });
    const yaml = configFor(simulator, YAML).replace("PORT", String((site.address() as AddressInfo).port));
    writeFileSync(at("healthd.yaml"), `${yaml}history: { path: "${at("history.db")}" }\nweb: { config_file: web.yaml }\n`);
    const args = ["run", "--config", at("healthd.yaml"), "--listen", "127.0.0.1:0", "--log-format", "json"];
    healthd = startHealthd(args, { NODE_EXTRA_CA_CERTS: at("ca.crt") });
    const url = await healthd.says(/"url":"(https:[^"]+)"/);
    const listen = `127.0.0.1:${await freePort()}`;
    server = `http://${listen}`;
    writeFileSync(at("prometheus.yml"), scrapeConfig(new URL(url).host));
    const flags = [`--config.file=${at("prometheus.yml")}`, `--storage.tsdb.path=${at("data")}`, `--web.listen-address=${listen}`];
    prometheus = await startProgram(findProgram("prometheus") ?? "", flags, () => answers(`${server}/-/ready`));
  });
  afterAll(async () => {
    await prometheus.stop();
    killLeftovers();
    await simulator.stop();
    site.close();
    remove();
  });

  async function value(promql: string): Promise<number> {
    const answer = await fetch(`${server}/api/v1/query?query=${encodeURIComponent(promql)}`);
    const { data } = (await answer.json()) as { data: { result: readonly { value: readonly [number, string] }[] } };
    return Number(data.result[0]?.value[1]);
  }

  test("whoever has both is served, and nobody else", async () => {
    await until(async () => (await value('up{job="friend"}')) === 1, "the friend to be served");
    await until(async () => (await value('count(healthd_probe_success{job="friend"} == 1)')) === 3, "three targets up");
    for (const job of ["without_password", "without_certificate", "of_another_name"]) {
      await until(async () => (await value(`count_over_time(up{job="${job}"}[1m])`)) >= 2, `${job} to have tried`);
      expect(await value(`max_over_time(up{job="${job}"}[1m])`)).toBe(0);
    }
    expect(await value('count({__name__=~"healthd_.+", job!="friend"})')).toBeNaN();
  });

  test("when the application's certificate ends", async () => {
    const ends = new X509Certificate(app.pem.cert).validToDate.getTime() / 1000;
    await until(
      async () => (await value('healthd_tls_certificate_expiry_timestamp_seconds{target="secure"}')) === ends,
      "the date to arrive",
    );
  });

  test("no scrape is lost while the certificate is exchanged", async () => {
    const scrapes = await value('count_over_time(up{job="friend"}[5m])');
    for (const end of ["key", "crt"]) {
      copyFileSync(at(`next.${end}`), at("new"));
      renameSync(at("new"), at(`current.${end}`));
    }
    await until(async () => (await value('count_over_time(up{job="friend"}[5m])')) >= scrapes + 3, "three more scrapes");
    expect(await value('min_over_time(up{job="friend"}[3s])')).toBe(1);
    await until(() => healthd.log().some(({ msg }) => msg === "web config read again"), "it to be read");
  });

  test("promtool takes what 2.42 knows of the file", () => {
    const known = readFileSync(at("web.yaml"), "utf8").replaceAll(/^ *(rate_limit|client_allowed_sans).*\n/gm, "");
    writeFileSync(at("known.yaml"), known);
    expect(spawnSync(findProgram("promtool") ?? "", ["check", "web-config", at("known.yaml")], { encoding: "utf8" })).toMatchObject({
      status: 0,
    });
  });
});
