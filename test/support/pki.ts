/** Certificates made by openssl for one test run: an authority, and what it issues. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Pair {
  /** Paths. */
  readonly cert: string;
  readonly key: string;
  /** Both texts, as a client of Node's takes them. */
  readonly pem: { readonly cert: string; readonly key: string };
}

export interface Authority extends Pair {
  /** `names` as openssl writes them: `DNS:localhost,IP:127.0.0.1`; the first file name is the second argument. */
  issue(names: string, file: string, algorithm?: readonly string[]): Pair;
}

const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
export const RSA = ["-newkey", "rsa:2048"];

const openssl = (...args: string[]): void => void execFileSync("openssl", args, { stdio: "pipe" });
const pair = (cert: string, key: string): Pair => ({
  cert,
  key,
  pem: { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") },
});

/** A folder of the test file's own; remove it at the end. */
export function certificateFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "healthd-certificates-"));
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

export function makeAuthority(folder: string, name: string): Authority {
  const at = (file: string): string => join(folder, file);
  const [cert, key] = [at(`${name}.crt`), at(`${name}.key`)];
  openssl("req", "-x509", ...EC, "-nodes", "-keyout", key, "-out", cert, "-subj", `/CN=${name}`, "-days", "30");
  return {
    ...pair(cert, key),
    issue(names, file, algorithm = EC) {
      const [own, ownKey, request, extensions] = [at(`${file}.crt`), at(`${file}.key`), at(`${file}.csr`), at(`${file}.ext`)];
      writeFileSync(extensions, `subjectAltName=${names}\n`);
      openssl("req", "-new", ...algorithm, "-nodes", "-keyout", ownKey, "-out", request, "-subj", `/CN=${file}`);
      openssl(
        "x509",
        "-req",
        "-in",
        request,
        "-CA",
        cert,
        "-CAkey",
        key,
        "-CAcreateserial",
        "-days",
        "30",
        "-extfile",
        extensions,
        "-out",
        own,
      );
      return pair(own, ownKey);
    },
  };
}
