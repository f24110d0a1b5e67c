/** Certificates as openssl makes them: an authority of the test's own, and leaves that are good, or wrong in one respect. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const DAY_MS = 86_400_000;

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export interface LeafOptions {
  /** Its subject alternative name; default localhost. */
  readonly name?: string;
  /** Days from now, negative in the past. */
  readonly from?: number;
  readonly until?: number;
  /** `self`: signed by itself; `stranger`: by an authority nobody knows; default: by ours. */
  readonly signer?: "ours" | "stranger" | "self";
}

export interface Authority {
  /** What a client must trust. */
  readonly cert: string;
  leaf(options?: LeafOptions): Certificate;
  remove(): void;
}

const asn1 = (days: number): string => `${new Date(Date.now() + days * DAY_MS).toISOString().replaceAll(/[-:T]|\.\d+Z$/g, "")}Z`;
const openssl = (...args: string[]): unknown => execFileSync("openssl", args, { stdio: "ignore" });
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

function makeRoot(at: (file: string) => string, name: string): void {
  const files = ["-keyout", at(`${name}.key`), "-out", at(`${name}.pem`)];
  openssl("req", "-x509", ...NEW_KEY, ...files, "-subj", `/CN=${name}`, "-days", "30", "-addext", "basicConstraints=critical,CA:TRUE");
}

export function makeAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), "healthd-tls-"));
  const at = (file: string): string => join(folder, file);
  for (const name of ["ours", "stranger"]) makeRoot(at, name);
  writeFileSync(at("index.txt"), "");
  writeFileSync(at("index.txt.attr"), "unique_subject = no\n");
  writeFileSync(at("serial"), "1000\n");
  const ca = `database=${at("index.txt")}\nnew_certs_dir=${folder}\nserial=${at("serial")}\ndefault_md=sha256\npolicy=p\ncopy_extensions=copy`;
  writeFileSync(at("ca.cnf"), `[ca]\ndefault_ca=x\n[x]\n${ca}\n[p]\ncommonName=supplied\n`);
  let made = 0;
  return {
    cert: readFileSync(at("ours.pem"), "utf8"),
    leaf({ name = "localhost", from = -90, until = 30, signer = "ours" } = {}) {
      made += 1;
      const [key, request, cert] = [at(`${made}.key`), at(`${made}.csr`), at(`${made}.pem`)];
      openssl("req", "-new", ...NEW_KEY, "-keyout", key, "-out", request, "-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`);
      const signing = signer === "self" ? ["-selfsign", "-keyfile", key] : ["-keyfile", at(`${signer}.key`), "-cert", at(`${signer}.pem`)];
      // `openssl req` and `openssl x509` of OpenSSL 3.0 take no date that has passed, `openssl ca` does.
      const dates = ["-startdate", asn1(from), "-enddate", asn1(until)];
      openssl("ca", "-batch", "-notext", "-config", at("ca.cnf"), ...signing, "-in", request, "-out", cert, ...dates);
      return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
