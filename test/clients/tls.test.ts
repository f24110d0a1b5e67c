/** Over real TLS, as every API out there speaks: certificates made by openssl for this run. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { exchange } from "../../src/clients/http/exchange.ts";

const DAY_MS = 86_400_000;
let folder: string;
let server: Server;
const trusted = getCACertificates("default");
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "healthd-tls-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  server.close();
  setDefaultCACertificates(trusted);
});

const ASN1 = (ms: number): string => `${new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+Z$/g, "")}Z`;

/** Serves with a certificate of its own for `name`, which ends in `days` days. `openssl req` takes no date that has passed, `openssl ca` does. */
async function serve(name: string, days: number, trust: boolean): Promise<string> {
  const at = (file: string): string => join(folder, file);
  const [key, cert] = [at("key.pem"), at("cert.pem")];
  writeFileSync(at("index.txt"), "");
  writeFileSync(at("serial"), "01\n");
  const authority = `database=${at("index.txt")}\nnew_certs_dir=${folder}\nserial=${at("serial")}\ndefault_md=sha256\npolicy=p\ncopy_extensions=copy`;
  writeFileSync(at("ca.cnf"), `[ca]\ndefault_ca=x\n[x]\n${authority}\n[p]\ncommonName=supplied\n`);
  const openssl = (...args: string[]): unknown => execFileSync("openssl", args, { stdio: "ignore" });
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key];
  openssl("req", "-new", ...curve, "-out", at("request.pem"), "-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`);
  const dates = ["-startdate", ASN1(Date.now() - 90 * DAY_MS), "-enddate", ASN1(Date.now() + days * DAY_MS)];
  openssl(
    "ca",
    "-batch",
    "-selfsign",
    "-config",
    at("ca.cnf"),
    "-keyfile",
    key,
    "-in",
    at("request.pem"),
    "-out",
    cert,
    "-notext",
    ...dates,
  );
  const pem = readFileSync(cert, "utf8");
  if (trust) setDefaultCACertificates([...trusted, pem]);
  server = createServer({ key: readFileSync(key), cert: pem }, (_, response) => response.end("secure"));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", () => done()));
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}
const get = (url: string) => exchange({ method: "GET", url }, AbortSignal.timeout(3_000));

test("a good certificate: the body, a tls phase, and when the certificate ends", async () => {
  const { status, body, phases, certificateExpiresAt = 0, fault } = await get(await serve("localhost", 30, true));
  expect({ status, body: body.toString(), fault }).toEqual({ status: 200, body: "secure", fault: undefined });
  expect(phases.tls).toBeGreaterThan(0);
  expect((certificateExpiresAt - Date.now()) / DAY_MS).toBeCloseTo(30, 1);
});

test.each([
  ["nobody vouches for", "localhost", 30, false, "tls"],
  ["of another name", "elsewhere.example", 30, true, "tls"],
  ["that has expired", "localhost", -1, true, "tls_expired"],
] as const)("a certificate %s", async (_, name, days, trust, reason) => {
  const { status, fault } = await get(await serve(name, days, trust));
  expect({ status, reason: fault?.reason }).toEqual({ status: 0, reason });
});
